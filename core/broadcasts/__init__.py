"""Broadcasts: one run of a segment text message, from plan to finish."""

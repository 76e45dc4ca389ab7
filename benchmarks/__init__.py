"""Measured promises: ratios within one run, never absolute times."""

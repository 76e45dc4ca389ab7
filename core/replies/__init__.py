"""Inbound texts: stored, matched, and obeyed when they opt out."""

"""Races between a STOP and the text that it is about: `python -m tests.races`."""

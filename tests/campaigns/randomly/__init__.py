"""Random campaigns: the product against an independent reading of docs/reference/events.md.

`python -m tests.campaigns.randomly --count 2000 --seed 1` draws campaigns, people and what
happens to them, works out by `expected` what the manual promises, has the product play the
same, and prints every disagreement with a smaller canvas that shows it.
"""

"""The ledger of texts, and the loop that empties it."""

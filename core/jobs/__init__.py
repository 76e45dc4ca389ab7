"""Work by the clock: what runs, how often, and what came of it."""

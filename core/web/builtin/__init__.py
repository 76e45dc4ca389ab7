"""What the built-in parts add to the edges, by the hooks that plugins use."""

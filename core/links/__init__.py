"""Short links: made when a text is rendered, followed and counted when one is clicked."""

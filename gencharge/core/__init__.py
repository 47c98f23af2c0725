"""Floor 0: what every room builds on. Knows no room."""

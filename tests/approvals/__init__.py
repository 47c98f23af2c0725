"""Acts that take a second admin."""

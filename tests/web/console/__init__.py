"""The staff console, in a real browser."""

"""Builders of what tests need, one file a room."""

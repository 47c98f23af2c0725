"""The staff's search."""

"""Finding what a reference belongs to."""

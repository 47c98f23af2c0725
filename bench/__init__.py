"""A benchmark of the hot paths, side by side with what they are measured against. `make bench`."""

"""Figures: counted as things happen, kept by day, and checked against the books."""

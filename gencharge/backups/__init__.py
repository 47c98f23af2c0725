"""Backups: one file with all that the stores hold, and the proof that it can be restored."""

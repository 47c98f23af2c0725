"""Reports: what the rooms hold, as files."""

"""Users: the customers."""

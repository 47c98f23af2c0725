"""All numbers that a customer takes care of, on one board."""

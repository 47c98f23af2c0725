"""The HTTP application: every room's routes, health, the documentation's pages."""

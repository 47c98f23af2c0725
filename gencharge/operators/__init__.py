"""Operators, circles, and what is known of a number: its operator, circle and service type."""

"""Delivery: sending a paid recharge to its operator, once."""

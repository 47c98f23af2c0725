"""Delivery: bringing a paid recharge to its operator, once."""

"""Channels: the operators' APIs, over which channel a recharge goes, and how well each does."""

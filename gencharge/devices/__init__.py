"""Devices and browsers that take push messages."""

"""Velocity rules."""

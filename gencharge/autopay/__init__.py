"""Recharges that happen by themselves: when they are due, their runs, and what their owners may change."""

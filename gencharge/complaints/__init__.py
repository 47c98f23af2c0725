"""Complaints about recharges, and the regulators' deadlines."""

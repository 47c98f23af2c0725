"""Receipts: the tax invoice of a recharge."""

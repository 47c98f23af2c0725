"""Payments: money that comes in through a payment gateway, and goes back the same way."""

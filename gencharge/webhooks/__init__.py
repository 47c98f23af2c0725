"""Webhooks that we send: what happens to recharges and payments, told to integrators."""

"""Webhooks that we send: messages to integrators about recharges and payments."""

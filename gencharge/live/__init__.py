"""Telling connected clients at once: new notices, the balance, recharges."""

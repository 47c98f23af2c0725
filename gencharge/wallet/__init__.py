"""Wallets and the ledger: the one door through which money moves."""

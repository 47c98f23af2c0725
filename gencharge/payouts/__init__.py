"""What was left in the wallets of accounts that were closed, on its way to their owners."""

"""What happened to a recharge."""

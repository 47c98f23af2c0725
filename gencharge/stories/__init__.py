"""What happened to a recharge, from its sale to its end."""

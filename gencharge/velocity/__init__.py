"""How fast money may move: the rules, what they held back, and whom the staff allow more."""

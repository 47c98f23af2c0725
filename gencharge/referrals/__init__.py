"""Who referred whom, and the rewards: from registration to the wallet, and back."""

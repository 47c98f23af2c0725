"""What is sold: plan groups, plans, the terms of each version, and the catalogue that each process holds."""

"""Acts that take a second admin: requests, and decisions on them."""

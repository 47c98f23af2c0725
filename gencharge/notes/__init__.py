"""What the staff note about a customer."""

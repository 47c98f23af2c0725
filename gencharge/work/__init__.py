"""What waits for a person of the staff."""

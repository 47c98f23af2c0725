"""Talking to people: one inbox for each user and each admin, kept in MongoDB."""

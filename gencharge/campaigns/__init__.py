"""Campaigns: an offer for a target group, and what it brought against those who were left out."""

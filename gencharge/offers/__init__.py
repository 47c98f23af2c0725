"""Discounts and cashbacks: offer types, offers, whom an offer is for, and what it saves."""

"""Referral rewards."""

"""Enquiries of customers and visitors."""

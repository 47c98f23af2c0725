"""Postpaid bills."""

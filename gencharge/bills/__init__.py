"""Postpaid bills: fetched from the operator, paid from the wallet."""

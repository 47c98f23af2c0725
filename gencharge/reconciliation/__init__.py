"""Reconciliation: the daily statements of the gateway and the operators against our own books."""

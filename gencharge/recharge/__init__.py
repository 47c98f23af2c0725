"""Recharges: what it costs, paying for it, the plan that starts, and what happened."""

"""Admins: the staff, their roles and what these allow."""

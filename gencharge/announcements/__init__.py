"""Announcements: one text for many readers."""

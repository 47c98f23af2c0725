"""Tests of the family board."""

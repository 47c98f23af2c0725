"""Tests of the mandates."""

"""Tests of the pages and documents that describe the API."""

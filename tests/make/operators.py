"""Builders for the tests of operators."""

from __future__ import annotations

NEW = {"code": "new1", "name": "New Telecom Limited", "display_name": "New"}

"""The languages that we speak."""

from __future__ import annotations

from enum import StrEnum


class Language(StrEnum):
    """A language, by its ISO 639-1 code. English is there whatever else is missing."""

    ENGLISH = "en"
    HINDI = "hi"

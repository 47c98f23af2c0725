"""What the staff of the sample data have published."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

from life.steps import Announce, Publish

_PAGES: Final = Path(__file__).with_name("pages.toml")
_LANGUAGES: Final = ("en", "hi")


def pages(at: datetime) -> Iterator[Publish]:
    """The sample pages, all published at an instant."""
    for page in tomllib.loads(_PAGES.read_text(encoding="utf-8"))["page"]:
        texts = {language: _stripped(page.pop(language)) for language in _LANGUAGES}
        yield Publish(at=at, page={**page, "texts": texts})


def _stripped(text: dict[str, str]) -> dict[str, str]:
    return {name: value.strip() for name, value in text.items()}


def announcement(at: datetime) -> Announce:
    """News for all customers, in the app only."""
    texts = {
        "en": {
            "title": "Maintenance on Sunday night",
            "body": "From 02:00 to 02:30 IST recharges at Vi wait until the operator is back. Nothing gets lost, and no money is taken twice.",
        },
        "hi": {
            "title": "रविवार रात को रखरखाव",
            "body": "रात 02:00 से 02:30 बजे तक Vi के रिचार्ज ऑपरेटर के लौटने तक रुकेंगे। कुछ खोएगा नहीं, और पैसे दो बार नहीं कटेंगे।",
        },
    }
    return Announce(
        at=at, announcement={"audience": {"kind": "customers"}, "purpose": "service", "texts": texts}
    )

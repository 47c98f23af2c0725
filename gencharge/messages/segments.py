"""How many segments an SMS has: each is billed (3GPP TS 23.038)."""

from __future__ import annotations

from typing import Final

_GSM7: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
# Each takes two places.
_GSM7_EXTENDED: Final = frozenset("^{}\\[~]|€\f")


def count_segments(text: str) -> int:
    """At least one. A text with a character that GSM-7 lacks, such as any of Devanagari or ₹, is sent in UCS-2, and holds less than half."""
    if all(character in _GSM7 or character in _GSM7_EXTENDED for character in text):
        length = len(text) + sum(character in _GSM7_EXTENDED for character in text)
        alone, joined = 160, 153
    else:
        length = len(text.encode("utf-16-be")) // 2
        alone, joined = 70, 67
    return 1 if length <= alone else -(-length // joined)

"""In which language a caller reads what we say (RFC 9110, sections 12.4.2 and 12.5.4).

`Accept-Language` decides. Where it names neither English nor Hindi, or takes any language (`*`), it is the one
that the person who is signed in has chosen; else English. An answer that differs by language carries HEADERS.
"""

from __future__ import annotations

import re
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from gencharge.core.values.language import Language

HEADERS: Final = {
    language: {"Content-Language": language.value, "Vary": "Accept-Language"} for language in Language
}
_BY_CODE: Final = {language.value: language for language in Language}
_WEIGHT: Final = re.compile(r"q=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)", re.IGNORECASE | re.ASCII)
# Browsers send a dozen languages at most; nobody has to say more than this many characters about them.
_MOST_CHARACTERS: Final = 512


@dataclass(slots=True)
class _Caller:
    """What the running request says about languages, and the one that who is signed in has chosen."""

    accept_language: bytes
    own: str = ""


# Not in the context of `core.telemetry`: that is kept with each event.
_caller: ContextVar[_Caller | None] = ContextVar("caller", default=None)


def begin(accept_language: bytes) -> None:
    """A request begins, with this header."""
    _caller.set(_Caller(accept_language))


def know(own: str) -> None:
    """Who sent the running request has chosen this language."""
    caller = _caller.get()
    if caller is not None:
        caller.own = own


def spoken() -> Language:
    """The language of who sent the running request; English outside of requests."""
    caller = _caller.get()
    if caller is None:
        return Language.ENGLISH
    named = accepted(caller.accept_language) if caller.accept_language else None
    return named or _BY_CODE.get(caller.own, Language.ENGLISH)


def accepted(header: bytes) -> Language | None:
    """The language with the greatest weight out of those that we speak, the first of two alike. None if there is none, or if
    any will do.

    What can't be read is passed over, and so is the region of a language (`hi-IN`).
    """
    return _accepted(header[:_MOST_CHARACTERS])


# Nearly all requests have one of a few headers.
@lru_cache(maxsize=512)
def _accepted(header: bytes) -> Language | None:
    best: Language | None = None
    greatest = 0.0
    any_weight = 0.0
    for part in header.decode("latin-1").split(","):
        name, _, parameter = part.partition(";")
        weight = _weight(parameter.strip())
        code = name.strip().lower().partition("-")[0]
        if code == "*":
            any_weight = max(any_weight, weight)
        elif code in _BY_CODE and weight > greatest:
            best, greatest = _BY_CODE[code], weight
    return best if greatest >= any_weight else None


def _weight(parameter: str) -> float:
    """0 to 1; 0 for one that can't be read."""
    if not parameter:
        return 1.0
    match = _WEIGHT.fullmatch(parameter)
    return float(match[1]) if match else 0.0

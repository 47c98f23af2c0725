"""A person's name and e-mail address, as clients send them."""

from __future__ import annotations

import unicodedata
from typing import Annotated, Final

from pydantic import AfterValidator, EmailStr, Field
from pydantic_core import PydanticCustomError

_MARKS: Final = frozenset(" .'’-\u200c\u200d")  # both joiners: Indic scripts need them


def _name(raw: str) -> str:
    """A person's name in any script: letters, their marks, spaces, and . ' -"""
    name = unicodedata.normalize("NFC", " ".join(raw.split()))
    if (
        not 2 <= len(name) <= 50
        or not any(character.isalpha() for character in name)
        or not all(character in _MARKS or unicodedata.category(character)[0] in "LM" for character in name)
    ):
        raise PydanticCustomError("name", "Must be 2 to 50 letters, spaces and . ' -")
    return name


PersonName = Annotated[str, Field(max_length=200, examples=["Asha Rao"]), AfterValidator(_name)]
Email = Annotated[
    EmailStr, Field(max_length=254, examples=["asha@example.com"]), AfterValidator(lambda raw: raw.lower())
]

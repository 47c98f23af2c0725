"""What a verification or a restore found to be wrong, as it is stored: in English, and as sentences that another language can say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import Any, Final

from gencharge.core.values.language import Language
from gencharge.core.wording import ENGLISH, as_stored, in_language, read_back

# More of the same help nobody.
_STORED: Final = 100


def stored(problems: Sequence[str]) -> dict[str, list[Any]]:
    """The first hundred, as JSON keeps them."""
    first = problems[:_STORED]
    return {
        "problems": [in_language(problem, ENGLISH) for problem in first],
        "wordings": [as_stored(problem) for problem in first],
    }


def in_words(document: Mapping[str, Any], language: Language) -> list[str]:
    """What was stored, in a language; in English what has no sentence, as all that an earlier version stored."""
    both = zip_longest(document.get("problems", ()), document.get("wordings", ()))
    return [in_language(read_back(english, wording), language.value) for english, wording in both]

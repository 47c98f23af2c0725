"""Words above columns read like words: they begin with a capital letter, and nothing of a name's spelling is left."""

from __future__ import annotations

from gencharge.reports.headings import WORDS


def test_words_are_no_names() -> None:
    for name, words in WORDS.items():
        assert words[0].isupper(), name
        assert "_" not in words, name
        assert len(words) <= 32, name

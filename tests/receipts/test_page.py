"""A page: text is cut to its width, shaped, and said in the page's language."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gencharge.core.printing import fonts
from gencharge.core.values.language import Language
from gencharge.core.wording import worded
from gencharge.receipts.page import LEFT, Page
from tests.make.receipts import words_of

AT = datetime(2026, 11, 20, 7, 35, tzinfo=UTC)


def printed(text: str, language: Language = Language.ENGLISH, *, width: float = 80) -> str:
    """What a line with this text reads like."""
    page = Page("Receipt", "GenCharge", AT, language, compress=False, shapes=True)
    page.write(LEFT, 20, text, width=width)
    page.write(LEFT, 30, "the next line")
    words = words_of(fonts.finished(page.pdf))
    assert "the next line" in words, "it has its own letters"
    return words.replace("the next line", "").strip()


def test_a_sentence_is_said_in_the_language_of_the_page() -> None:
    amount = worded("Amount")
    assert printed(amount) == "Amount"
    assert printed(amount, Language.HINDI) == "रकम"
    assert printed("Amount", Language.HINDI) == "रकम"
    assert printed("Unlimited 299", Language.HINDI) == "Unlimited 299"


@pytest.mark.parametrize("text", ["A" * 300, "word " * 60])
def test_a_text_that_is_too_long_ends_in_dots(text: str) -> None:
    words = printed(text, width=40)
    assert words.endswith("…")
    assert len(words) < 40


def test_a_letter_is_cut_off_together_with_its_vowel_signs() -> None:
    page = Page("Receipt", "GenCharge", AT, Language.HINDI, compress=False, shapes=True)
    page.write(LEFT, 20, "रि" * 8)
    cut = {page._fitted("रि" * 8, width) for width in range(2, 20)}
    assert {"रि" * count + "…" for count in (1, 2, 3)} <= cut
    fonts.finished(page.pdf)
    assert all(text.removesuffix("…") == "रि" * text.count("र") for text in cut)


def test_what_no_font_has_is_one_question_mark() -> None:
    assert printed("Asha 日本 Rao") == "Asha ? Rao"


def test_lines_are_broken_at_spaces_and_the_last_one_says_that_more_is_missing() -> None:
    page = Page("Receipt", "GenCharge", AT, Language.ENGLISH, compress=False, shapes=True)
    below = page.write_lines(
        LEFT, 20, "one two three four five six seven eight nine ten " * 3, width=40, limit=2
    )
    assert 20 < below < 40
    words = words_of(fonts.finished(page.pdf))
    assert words.count("\n") <= 2
    assert words.strip().endswith("…")

"""The pages of an e-mail's links: in the reader's language, and nothing but a text and a button."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256

import pytest

from gencharge.core.values.language import Language
from gencharge.core.values.recipient import NotificationType
from gencharge.core.wording import in_language
from gencharge.messages.pages import HEADERS, page, question


@pytest.mark.parametrize("type", list(NotificationType))
def test_every_type_has_a_question_in_every_language(type: NotificationType) -> None:
    english = question(type)
    hindi = in_language(english, "hi")
    assert english.startswith("Stop ")
    assert english.endswith("GenCharge?")
    assert "{" not in hindi
    assert re.sub("GenCharge", "", hindi).isascii() is False
    assert not re.search("[a-z]", hindi.replace("GenCharge", ""))


def test_a_page_is_in_the_language_and_what_is_put_into_it_is_no_html() -> None:
    shown = page('<script>alert("1")</script>', "Undo", 'x?token="><b>', Language.HINDI)
    assert '<html lang="hi">' in shown
    assert "<script>" not in shown
    assert "<b>" not in shown
    assert "<button>वापस लें</button>" in shown


def test_the_policy_allows_the_style_of_the_page_and_nothing_else() -> None:
    style = re.search(r"<style>(.*?)</style>", page("x", "y", "z", Language.ENGLISH), re.DOTALL)
    assert style is not None
    digest = b64encode(sha256(style[1].encode()).digest()).decode()
    policy = HEADERS["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; ")
    assert f"style-src 'sha256-{digest}'" in policy

"""From texts and values to what is sent."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gencharge.notifications.kinds import EVERYWHERE, Kind, Values, choice, label, money
from gencharge.notifications.library import shipped
from gencharge.notifications.rendering import Rendered, render, unfilled
from gencharge.notifications.texts import Texts

KIND = Kind(
    "example",
    EVERYWHERE,
    {"paid": money(), "plan": label("x"), "note": label("y", optional=True), "end": choice("yes", "no")},
)
TEXTS = Texts(
    title="{plan}",
    body="{paid} paid. {end} Bye.",
    sms="{plan}",
    phrases={"end": {"yes": "{plan} has ended.", "no": ""}},
)
VALUES: Values = {"paid": 100_000, "plan": "Jio 199", "note": None, "end": "yes"}


def rendered(texts: Texts = TEXTS, **values: str | int) -> Rendered:
    return render(KIND, texts, shipped().languages["en"], {**VALUES, **values})


def test_values_and_phrases_are_put_in() -> None:
    assert rendered().body == "Rs 1,000.00 paid. Jio 199 has ended. Bye."
    assert rendered(end="no").body == "Rs 1,000.00 paid. Bye."


def test_a_value_is_never_read_as_a_text() -> None:
    assert rendered(plan="{paid} {end}").title == "{paid} {end}"


def test_html_shows_a_value_as_text() -> None:
    html = rendered(plan="<img src=x onerror=alert(1)> & more").email_html
    assert "<img" not in html
    assert "&lt;img src=x onerror=alert(1)&gt; &amp; more has ended." in html
    assert "<title>&lt;img" in html


@pytest.mark.parametrize("language", sorted(shipped().languages))
def test_html_shows_what_is_announced_as_text(language: str) -> None:
    speech = shipped().languages[language]
    title, body = (
        "</title><script>alert(1)</script>",
        'Tonight.\n\n<img src=x onerror="alert(1)"> {subject} & more',
    )
    message = unfilled(title, body, "", "", speech)
    assert "<script" not in message.email_html
    assert "<img" not in message.email_html
    assert "<title>&lt;/title&gt;&lt;script&gt;" in message.email_html
    # Braces of the staff are no variables of the frame around their text.
    assert "<p>&lt;img src=x onerror=&quot;alert(1)&quot;&gt; {subject} &amp; more</p>" in message.email_html
    assert body in message.email_text


def test_paragraphs_and_lines_of_an_e_mail_stay_in_html() -> None:
    message = rendered(replace(TEXTS, email_text="One\ntwo\n\n{end}"))
    assert "<p>One<br>two</p>\n<p>Jio 199 has ended.</p>" in message.email_html
    assert "One\ntwo\n\nJio 199 has ended." in message.email_text
    assert "Regards" in message.email_text


def test_no_line_break_gets_into_a_subject() -> None:
    message = rendered(plan="Jio\r\nBcc: eve@example.com")
    assert message.email_subject == message.title == "Jio Bcc: eve@example.com"


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"paid": None}, "example needs paid"),
        ({"extra": "x"}, "example has no variable extra"),
        ({"end": "maybe"}, "example: maybe is no end"),
    ],
)
def test_a_wrong_value_is_a_mistake_of_the_caller(values: Values, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        render(KIND, TEXTS, shipped().languages["en"], {**VALUES, **values})

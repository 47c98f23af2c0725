"""From texts and values to what is sent. A value is put in once and never read as a text itself; HTML escapes each."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Final

from gencharge.notifications.kinds import Kind, Values, VariableType
from gencharge.notifications.speech import Speech
from gencharge.notifications.texts import VARIABLE, Texts

_GAPS: Final = re.compile(" {2,}")


@dataclass(frozen=True, slots=True)
class Rendered:
    """What a notice says over each channel. Titles and subjects are one line each."""

    title: str
    body: str
    sms: str
    dlt_template: str
    push_title: str
    push_body: str
    email_subject: str
    email_text: str
    email_html: str


def render(kind: Kind, texts: Texts, speech: Speech, values: Values) -> Rendered:
    """The texts with these values. Raises ValueError for a value that is missing, unknown, or no code of a choice."""
    shown = _shown(kind, texts, speech, values)

    def filled(name: str) -> str:
        return _without_gaps(_filled(texts.field(name), shown))

    email_text = filled("email_text")
    subject = filled("email_subject")
    return Rendered(
        title=filled("title"),
        body=filled("body"),
        sms=filled("sms"),
        dlt_template=texts.dlt_template,
        push_title=filled("push_title"),
        push_body=filled("push_body"),
        email_subject=subject,
        email_text=_filled(speech.email_text, {"text": email_text}),
        email_html=_filled(
            speech.email_html, {"subject": escape(subject), "paragraphs": _paragraphs(email_text)}
        ),
    )


def unfilled(title: str, body: str, sms: str, dlt_template: str, speech: Speech) -> Rendered:
    """Texts that are said as they are, over each channel: nothing in them is a variable."""
    return Rendered(
        title=title,
        body=body,
        sms=sms,
        dlt_template=dlt_template,
        push_title=title,
        push_body=body,
        email_subject=title,
        email_text=_filled(speech.email_text, {"text": body}),
        email_html=_filled(speech.email_html, {"subject": escape(title), "paragraphs": _paragraphs(body)}),
    )


def _shown(kind: Kind, texts: Texts, speech: Speech, values: Values) -> dict[str, str]:
    unknown = values.keys() - kind.variables.keys()
    if unknown:
        raise ValueError(f"{kind.name} has no variable {', '.join(sorted(unknown))}")
    shown = dict[str, str]()
    for name, variable in kind.variables.items():
        value = values.get(name)
        if value is None and not variable.is_optional:
            raise ValueError(f"{kind.name} needs {name}")
        if variable.type is not VariableType.CHOICE:
            shown[name] = speech.shown(variable, value)
    for name, variable in kind.variables.items():
        if variable.type is VariableType.CHOICE:
            if values[name] not in variable.choices:
                raise ValueError(f"{kind.name}: {values[name]} is no {name}")
            shown[name] = _filled(texts.choices[name][str(values[name])], shown)
    return shown


def _filled(text: str, shown: Mapping[str, str]) -> str:
    return VARIABLE.sub(lambda match: shown[match[1]], text)


def _without_gaps(text: str) -> str:
    """Without the second space that an empty phrase leaves."""
    return _GAPS.sub(" ", text).strip()


def _paragraphs(text: str) -> str:
    """Plain text as paragraphs of HTML."""
    blocks = [block.strip() for block in text.split("\n\n")]
    return "\n".join(f"<p>{escape(block).replace(chr(10), '<br>')}</p>" for block in blocks if block)

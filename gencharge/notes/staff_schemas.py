"""Notes about customers on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from pydantic import Field

from gencharge.core.http.paging import Page
from gencharge.core.http.web import Body, Out
from gencharge.core.values.text import some_lines

NOTE_CHARACTERS: Final = 2_000


class NoteCreate(Body):
    """A note for the staff. The customer gets its text, without its author, when they ask for their data."""

    text: Annotated[
        str,
        *some_lines(NOTE_CHARACTERS, min_length=1),
        Field(
            description="Plain text of up to 2,000 characters.",
            examples=["Prefers calls in Kannada after six."],
        ),
    ]


class NoteOut(Out):
    """A note about a customer."""

    note_id: UUID
    text: str = Field(
        description="Plain text: show it as it is, never as HTML.",
        examples=["Prefers calls in Kannada after six."],
    )
    author_id: UUID = Field(description="The admin who wrote it.")
    author_name: str = Field(description="Their name today.", examples=["Ravi Iyer"])
    created_at: datetime


NotePage = Page[NoteOut]

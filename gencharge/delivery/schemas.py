"""Operators' callbacks and their answer."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

from gencharge.core.http.web import Out


class OperatorCallback(BaseModel):
    """An operator's report of how a recharge ended: success, failed or pending. Other fields are ignored."""

    model_config = ConfigDict(strict=True, frozen=True)

    # PostgreSQL has no text with a zero character.
    reference: Annotated[str, StringConstraints(pattern=r"^[^\x00]*$")]
    status: str


class CallbackReceived(Out):
    """The callback was accepted."""

    status: str

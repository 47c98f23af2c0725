"""Operators' callbacks and their answer."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from gencharge.core.http.web import Out


class OperatorCallback(BaseModel):
    """An operator's report of how a recharge ended: success, failed or pending. Other fields are ignored."""

    model_config = ConfigDict(strict=True, frozen=True)

    reference: str
    status: str


class CallbackTaken(Out):
    """The callback was accepted."""

    status: str

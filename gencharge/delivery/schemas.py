"""Operators' callbacks and their answer."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict

from gencharge.core.http.web import Out
from gencharge.core.values.text import without_nul


class OperatorCallback(BaseModel, defer_build=True):
    """An operator's report of how a recharge ended: success, failed or pending. Other fields are ignored."""

    model_config = ConfigDict(strict=True, frozen=True)

    reference: Annotated[str, AfterValidator(without_nul)]
    status: str


class CallbackReceived(Out):
    """The callback was accepted."""

    status: str

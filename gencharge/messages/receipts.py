"""Receipts of the SMS provider: whether a message that it took has arrived."""

from __future__ import annotations

from typing import Annotated, Final, Literal
from uuid import UUID

from pydantic import Field

from gencharge.core.http.web import Body
from gencharge.core.values.text import one_line

SIGNATURE: Final = "X-Receipt-Signature"
MAX_RECEIPTS: Final = 1_000


class SmsReceipt(Body):
    """What became of one SMS."""

    reference: UUID = Field(description="The `reference` that the SMS was handed over with.")
    outcome: Literal["delivered", "failed"] = Field(
        description="`delivered`: the phone has it. `failed`: the network gave it up. Anything in between is not reported."
    )
    reason: Annotated[str, *one_line(200, 0)] = Field(
        default="", description="Of a failure, in the provider's words.", examples=["absent subscriber"]
    )


class ReportReceipts(Body):
    """Receipts of the SMS provider."""

    events: list[SmsReceipt] = Field(max_length=MAX_RECEIPTS)

"""Payees on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from gencharge.core.http.web import Body, Out
from gencharge.core.values.text import one_line
from gencharge.payouts.models import PayeeKind

# NPCI: name@handle; the longest handle that a bank has is far below.
UpiId = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, max_length=100, pattern=r"^[A-Za-z0-9._-]{2,80}@[A-Za-z][A-Za-z0-9]{1,18}$"
    ),
]
# RBI: 9 to 18 digits; an IFSC has the bank's four letters, a zero, and the branch.
AccountNumber = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[0-9]{9,18}$")]
Ifsc = Annotated[
    str, StringConstraints(strip_whitespace=True, to_upper=True, pattern=r"^[A-Za-z]{4}0[A-Za-z0-9]{6}$")
]


class PayeeUpdate(Body):
    """A UPI id, or a bank account with its IFSC and the name of its holder."""

    upi_address: UpiId | None = Field(default=None, examples=["asha.verma@okaxis"])
    account_number: AccountNumber | None = None
    ifsc: Ifsc | None = Field(default=None, description="Of the account's branch.")
    account_name: Annotated[str, *one_line(50)] | None = Field(
        default=None, description="The holder, as the bank has the name."
    )

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        bank = (self.account_number, self.ifsc, self.account_name)
        missing = [each is None for each in bank]
        if (self.upi_address is None and any(missing)) or (self.upi_address is not None and not all(missing)):
            raise ValueError("Give upi_address, or account_number, ifsc and account_name")
        return self


class PayeeOut(Out):
    """Where money goes that is left when the account is closed. The number itself is kept by the gateway only."""

    kind: PayeeKind
    destination: str = Field(description="Enough to recognise it.", examples=["as***@okaxis"])
    holder: str = Field(description="First letters of the name at the bank.", examples=["A*** V***"])
    verified_at: datetime

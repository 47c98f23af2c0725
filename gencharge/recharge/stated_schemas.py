"""What the caller of a recharge states: of the number, and what a plan of any amount is to cost."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from gencharge.core.http.web import Body
from gencharge.core.values.codes import CircleCode, OperatorCode
from gencharge.core.values.money import Money, PositiveMoney

Talktime = Annotated[
    Money | None,
    Field(
        description="What the operator credits of the `amount`, after tax and processing fee. Null if the tariff does not say, and of a plan"
        " with one price, whose benefits say it."
    ),
]


class Stated(Body):
    """What the caller states of the number and of the plan. Of the number it counts for this recharge, before what we know."""

    operator: OperatorCode | None = Field(
        default=None,
        description="The number's operator. Null: the one that we know of, which for a ported number may be wrong. If the number is another"
        " operator's, that one refuses the recharge and the money comes back.",
        examples=["JIO"],
    )
    circle: CircleCode | None = Field(
        default=None, description="The number's circle; null: the one that we know of.", examples=["KA"]
    )
    amount: PositiveMoney | None = Field(
        default=None,
        description="Of a plan of any amount: what it is to cost, as `amounts` of the plan allow. Null for a plan with one price.",
    )

    def connection(self) -> dict[str, str]:
        """What is stated of the number."""
        stated = {"operator": self.operator, "circle": self.circle}
        return {name: code for name, code in stated.items() if code is not None}

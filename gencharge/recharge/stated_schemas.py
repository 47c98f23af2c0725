"""What the caller of a recharge states of the number."""

from __future__ import annotations

from pydantic import Field

from gencharge.core.http.web import Body
from gencharge.core.values.codes import CircleCode, OperatorCode


class Stated(Body):
    """What the caller states of the number. It counts for this recharge, before what we know."""

    operator: OperatorCode | None = Field(
        default=None,
        description="The number's operator. Null: the one that we know of, which for a ported number may be wrong. If the number is another"
        " operator's, that one refuses the recharge and the money comes back.",
        examples=["JIO"],
    )
    circle: CircleCode | None = Field(
        default=None, description="The number's circle; null: the one that we know of.", examples=["KA"]
    )

    def connection(self) -> dict[str, str]:
        """What is stated."""
        stated = {"operator": self.operator, "circle": self.circle}
        return {name: code for name, code in stated.items() if code is not None}

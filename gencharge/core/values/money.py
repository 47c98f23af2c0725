"""Money: paise inside, rupees with two decimals outside.

A plain `int` never means money. `Money` refuses what is not an exact amount: more than two decimals, NaN,
Infinity, negatives, digits of other scripts, amounts over the limit of 10,00,00,000 rupees.
"""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import Any, Final, Self

import orjson
from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from gencharge.core.wording import worded

MAX_PAISE: Final = 10_00_00_000_00  # ten crore rupees: no amount in this product comes near it
_RIGHT: Final = "Must be an amount in rupees, such as 199 or 199.50"
_PLAIN: Final = re.compile(r"[0-9]{1,12}(\.[0-9]{1,2})?", re.ASCII)


class Money:
    """An amount of Indian rupees, never negative, exact to the paisa."""

    __slots__ = ("paise",)
    paise: int

    def __init__(self, paise: int) -> None:
        if not isinstance(paise, int) or isinstance(paise, bool):
            raise TypeError("paise is a whole number")
        if not 0 <= paise <= MAX_PAISE:
            raise ValueError(worded("an amount is 0 to {most} paise", most=MAX_PAISE))
        object.__setattr__(self, "paise", paise)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("Money can't be changed")

    @classmethod
    def rupees(cls, amount: int | str | Decimal) -> Self:
        """From whole rupees, or a decimal string such as `"199.50"`."""
        return cls(_paise(amount))

    @classmethod
    def parse(cls, raw: object) -> Self:
        """Parse what a client sent: a JSON number or a decimal string, in rupees.

        Raises ValueError with a sentence that says what would be right.
        """
        if isinstance(raw, cls):
            return raw
        if isinstance(raw, bool) or not isinstance(raw, int | float | str | Decimal):
            raise ValueError(_RIGHT)
        # repr() of a float is the shortest decimal that gives the same float: what the client wrote.
        return cls(_exact(repr(raw)) if isinstance(raw, float) else _paise(raw))

    def __add__(self, other: Money) -> Money:
        return Money(self.paise + other.paise) if isinstance(other, Money) else NotImplemented

    def __sub__(self, other: Money) -> Money:
        """Raises ValueError when the result would be negative."""
        return Money(self.paise - other.paise) if isinstance(other, Money) else NotImplemented

    def __mul__(self, count: int) -> Money:
        return Money(self.paise * count)

    def __eq__(self, other: object) -> bool:
        return self.paise == other.paise if isinstance(other, Money) else NotImplemented

    # All four: those that functools would derive call two of them, and a quote compares hundreds of amounts.
    def __lt__(self, other: Money) -> bool:
        return self.paise < other.paise if isinstance(other, Money) else NotImplemented

    def __le__(self, other: Money) -> bool:
        return self.paise <= other.paise if isinstance(other, Money) else NotImplemented

    def __gt__(self, other: Money) -> bool:
        return self.paise > other.paise if isinstance(other, Money) else NotImplemented

    def __ge__(self, other: Money) -> bool:
        return self.paise >= other.paise if isinstance(other, Money) else NotImplemented

    def __hash__(self) -> int:
        return hash((Money, self.paise))

    def __bool__(self) -> bool:
        return self.paise != 0

    def __str__(self) -> str:
        """`199.00`: rupees, two decimals, no symbol."""
        return f"{self.paise // 100}.{self.paise % 100:02d}"

    def __repr__(self) -> str:
        return f"Money.rupees('{self}')"

    def json(self) -> orjson.Fragment:
        """The JSON number, always with two decimals."""
        return orjson.Fragment(f"{self.paise // 100}.{self.paise % 100:02d}")

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            cls._validate,
            # In Python mode the value stays Money and core.web writes `199.00`; pydantic's own JSON gets a float.
            serialization=core_schema.plain_serializer_function_ser_schema(
                lambda value: float(str(value)), when_used="json", return_schema=core_schema.float_schema()
            ),
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {
            "type": "number",
            "minimum": 0,
            "maximum": MAX_PAISE // 100,
            "description": "Rupees, at most two decimals.",
            "examples": [199.0],
        }

    @classmethod
    def _validate(cls, raw: object) -> Self:
        try:
            return cls.parse(raw)
        except ValueError as problem:
            raise PydanticCustomError("money", "{reason}", {"reason": str(problem)}) from None


class SignedMoney:
    """A difference or a sum of amounts in Indian rupees, which may be negative. For answers only."""

    __slots__ = ("paise",)

    def __init__(self, paise: int) -> None:
        self.paise = paise

    def __eq__(self, other: object) -> bool:
        return self.paise == other.paise if isinstance(other, Money | SignedMoney) else NotImplemented

    def __hash__(self) -> int:
        return hash((SignedMoney, self.paise))

    def __str__(self) -> str:
        """`-12.50`: rupees, two decimals, no symbol."""
        sign = "-" if self.paise < 0 else ""
        return f"{sign}{abs(self.paise) // 100}.{abs(self.paise) % 100:02d}"

    def __repr__(self) -> str:
        return f"SignedMoney({self.paise})"

    def json(self) -> orjson.Fragment:
        """The JSON number, always with two decimals."""
        return orjson.Fragment(str(self))

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.is_instance_schema(
            cls,
            serialization=core_schema.plain_serializer_function_ser_schema(
                lambda value: float(str(value)), when_used="json", return_schema=core_schema.float_schema()
            ),
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {
            "type": "number",
            "description": "Rupees with two decimals; may be negative.",
            "examples": [-199.0],
        }


def _paise(amount: int | str | Decimal) -> int:
    text = str(amount)
    if isinstance(amount, str) and not _PLAIN.fullmatch(text):
        raise ValueError(worded("{right}, with plain digits and at most two decimals", right=worded(_RIGHT)))
    return _exact(text)


def _exact(text: str) -> int:
    try:
        rupees = Decimal(text)
    except InvalidOperation:
        raise ValueError(_RIGHT) from None
    if not rupees.is_finite():
        raise ValueError(worded("{right}; not NaN or Infinity", right=worded(_RIGHT)))
    if rupees < 0:
        raise ValueError("The amount must not be negative")
    if rupees > MAX_PAISE // 100:
        raise ValueError(worded("The amount must be at most {rupees} rupees", rupees=MAX_PAISE // 100))
    paise = rupees * 100
    if paise != paise.to_integral_value():
        raise ValueError("The amount must have at most two decimals")
    return int(paise)


class PositiveMoney(Money):
    """An amount above zero."""

    __slots__ = ()

    def __init__(self, paise: int) -> None:
        super().__init__(paise)
        if paise == 0:
            raise ValueError("The amount must be above zero")

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        document = super().__get_pydantic_json_schema__(schema, handler)
        document.pop("minimum")
        return document | {"exclusiveMinimum": 0}

"""The types of encrypted columns. A row holds `Sealed` values, so a clear text is not stored or shown by mistake."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Column, Dialect, LargeBinary, Text
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.types import TypeDecorator


@dataclass(frozen=True, slots=True)
class Sealed:
    """A value as it is stored. Empty stays empty; a value of an earlier version may be in clear."""

    stored: str

    def __bool__(self) -> bool:
        return bool(self.stored)

    def __repr__(self) -> str:
        return "Sealed(...)"


NOTHING: Final = Sealed("")


class SealedText(TypeDecorator[Sealed]):
    """An encrypted text."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Sealed | None, dialect: Dialect) -> str | None:
        """What is stored."""
        del dialect
        return None if value is None else _checked(value).stored

    def process_result_value(self, value: str | None, dialect: Dialect) -> Sealed | None:
        """What was stored."""
        del dialect
        return None if value is None else Sealed(value)


class SealedBytes(TypeDecorator[Sealed]):
    """An encrypted secret. `purpose` is what earlier versions derived its key for, from SECRET_KEY."""

    impl = LargeBinary
    cache_ok = True

    def __init__(self, purpose: str) -> None:
        super().__init__()
        self.purpose = purpose

    def process_bind_param(self, value: Sealed | None, dialect: Dialect) -> bytes | None:
        """What is stored."""
        del dialect
        return None if value is None else _checked(value).stored.encode("latin-1")

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> Sealed | None:
        """What was stored, each byte as a character."""
        del dialect
        return None if value is None else Sealed(value.decode("latin-1"))


Attribute = InstrumentedAttribute[Sealed] | InstrumentedAttribute[Sealed | None]


def column_of(attribute: Attribute) -> Column[Any]:
    """The column of a model's attribute."""
    column = attribute.property.columns[0]
    assert isinstance(column, Column), "an attribute of a table"
    return column


def place_of(column: Column[Any], identity: Sequence[object]) -> str:
    """Where a value belongs: its table and column, and the primary key of its row."""
    table = column.table
    assert len(identity) == len(table.primary_key), f"{table.name} has another primary key"
    return place(f"{table.name}.{column.name}", identity)


def place(name: str, identity: Sequence[object]) -> str:
    """The same for any store: `name` of the table and column, `identity` of the row."""
    return "\x1f".join([name, *map(str, identity)])


def _checked(value: object) -> Sealed:
    if not isinstance(value, Sealed):
        raise TypeError("a clear text for an encrypted column: encrypt it with Vault.seal first")
    return value

"""What callers call their own recharges, top-ups and payments: a reference to find them by, and metadata to carry along.

A reference names one thing of its caller for ever, also one that failed: a new try takes a new reference. Metadata are
theirs alone; nobody searches them, and they may name people, so they are encrypted (decision 0040).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Final

import orjson
from pydantic import Field, StringConstraints

from gencharge.core import telemetry
from gencharge.core.http.web import Body
from gencharge.core.vault.columns import Attribute, Sealed
from gencharge.core.vault.vault import Vault

# Pairs of metadata.
MAX_PAIRS: Final = 10
Reference = Annotated[
    str, StringConstraints(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/#-]*$")
]
_Name = Annotated[str, StringConstraints(min_length=1, max_length=40, pattern=r"^[A-Za-z0-9._-]+$")]
_Text = Annotated[str, StringConstraints(max_length=200)]
Metadata = dict[_Name, _Text]


class Referable(Body):
    """A command whose caller may name what it makes."""

    reference: Reference | None = Field(
        default=None,
        description="Your own name for it, such as an order number: unique among what you make of this kind, for ever. In answers, lists,"
        " webhooks and reports. Readable by the staff, so put no personal data into it.",
        examples=["order-2026-1042"],
    )
    metadata: Metadata | None = Field(
        default=None,
        max_length=MAX_PAIRS,
        description="Up to 10 short texts of your own, given back with it and in webhooks. Encrypted where they are kept.",
        examples=[{"shop": "Pune 7", "till": "3"}],
    )


# Of an answer.
GivenReference = Annotated[str | None, Field(description="The caller's own name for it.")]
GivenMetadata = Annotated[
    dict[str, str] | None,
    Field(description="What the caller noted; null for staff without `PersonalData:read`."),
]


# The fields of `Referable`, with their defaults: a command of earlier releases has none.
LATER_FIELDS: Final[dict[str, None]] = {"reference": None, "metadata": None}


async def seal(
    vault: Vault, attribute: Attribute, identity: Sequence[object], metadata: dict[str, str] | None
) -> Sealed | None:
    """Metadata as they are stored in the row with this primary key. Raises what `Vault.seal` does."""
    if not metadata:
        return None
    return await vault.seal(attribute, identity, orjson.dumps(metadata).decode())


async def opened(vault: Vault, row: Any, attribute: Attribute) -> dict[str, str] | None:
    """The metadata of a row; None if it has none, or if the reader may not see customers' own words.

    Raises what `Vault.open` does.
    """
    if not getattr(row, attribute.key) or telemetry.context().masks_contacts:
        return None
    metadata: dict[str, str] = orjson.loads(await vault.show(row, attribute))
    return metadata


async def opened_all(vault: Vault, rows: Iterable[Any], attribute: Attribute) -> list[dict[str, str] | None]:
    """The metadata of rows, in their order."""
    return [await opened(vault, row, attribute) for row in rows]

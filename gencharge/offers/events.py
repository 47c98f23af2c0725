"""What this room announces. Changes are old -> new, amounts in paise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gencharge.core.events.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferCreated(Event):
    """An offer was added."""

    offer_id: str
    changes: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferUpdated(Event):
    """An offer has other terms or another status, from this version on."""

    offer_id: str
    version: int
    changes: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferDeleted(Event):
    """A draft of an offer was removed."""

    offer_id: str
    changes: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferCodesCreated(Event):
    """One-time codes were made for an offer: `codes` of them, `bound` of these for one customer each."""

    offer_id: str
    batch_id: str
    codes: int
    bound: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferTypeCreated(Event):
    """An offer type was added."""

    offer_type_id: str
    changes: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferTypeUpdated(Event):
    """An offer type has another name or description."""

    offer_type_id: str
    changes: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferTypeDeleted(Event):
    """An offer type that no offer used was removed."""

    offer_type_id: str
    changes: dict[str, Any]

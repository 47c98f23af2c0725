"""What stored events tell of a customer who is erased: no more than the audit trail says, which stays."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from gencharge.audit.entries import masked_payload
from gencharge.core.events import delivered
from gencharge.core.rooms.personal_data import PersonalData
from gencharge.core.stores.stores import Stores


def _mask(_topic: str, payload: dict[str, Any]) -> dict[str, Any]:
    return masked_payload(payload)


async def _erase(stores: Stores, user_id: UUID) -> None:
    await delivered.change_user(stores.database, user_id, _mask)


PART: Final = PersonalData(name="audit", erase=_erase)

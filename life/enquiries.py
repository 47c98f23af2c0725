"""What customers ask, and what the support answers, by the services that the API calls. Each part has a key: it is written once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.contact import form_service, form_token, service, staff_service
from gencharge.contact.schemas import SendContactForm, SendEnquiry
from gencharge.core.http.limit_classes import SentForms
from gencharge.core.http.limits import Buckets
from gencharge.core.values import clock
from gencharge.core.vault.vault import Vault
from gencharge.recharge import crud as recharge_crud
from gencharge.seed import user_id_of
from life.steps import Ask, Step, VisitorAsks
from life.world import SUPPORT, World, acting

_FILLED_IN_SECONDS: Final = 70


@dataclass(frozen=True, slots=True)
class _Answering:
    world: World
    enquiry_id: UUID

    async def write(self, part: str, text: str, at: datetime, key: str) -> None:
        """A note, an answer or the end, by the support."""
        stores, admin = self.world.stores, self.world.staff[SUPPORT]
        vault = Vault.of_database(stores.database)

        async def unit(db: AsyncSession) -> None:
            about = (db, stores.documents, vault)
            if part == "note":
                await staff_service.note(*about, admin, self.enquiry_id, text, key=key)
            elif part == "reply":
                await staff_service.reply(*about, stores.settings, admin, self.enquiry_id, text, key=key)
            else:
                await staff_service.resolve(*about, admin, self.enquiry_id, text, key=key)

        with clock.at(at), acting("admin", admin.user_id, SUPPORT):
            await stores.database.run(unit)


async def ask(world: World, step: Ask) -> None:
    """A customer's enquiry, and what was written about it in the hours after."""
    user_id, stores = user_id_of(step.customer), world.stores

    async def unit(db: AsyncSession) -> UUID:
        about = await recharge_crud.find_by_key(db, user_id, step.recharge) if step.recharge else None
        command = SendEnquiry.model_validate(
            {
                "category": step.category,
                "message": step.message,
                "recharge_id": about.id if about is not None else None,
            }
        )
        vault = Vault.of_database(stores.database)
        sent = await service.send(db, stores.documents, vault, user_id, command, key=step.key)
        return sent.answer.enquiry_id

    with acting("user", user_id, step.customer):
        enquiry_id = await stores.database.run(unit)
    await _answer(world, enquiry_id, step, step.answers, step.key)


async def ask_as_visitor(world: World, step: VisitorAsks) -> None:
    """An enquiry of somebody without an account."""
    stores = world.stores
    with clock.later(seconds=-_FILLED_IN_SECONDS):
        token = form_token.issue(stores.settings, clock.now())
    command = SendContactForm.model_validate(
        {
            "form_token": token,
            "name": step.name,
            "email": step.email,
            "category": step.category,
            "message": step.message,
        }
    )
    unlimited = SentForms(Buckets(), "life", per_sender=100, per_address=100)

    async def unit(db: AsyncSession) -> UUID:
        sent = await form_service.send(
            db,
            stores.documents,
            Vault.of_database(stores.database),
            stores.settings,
            unlimited,
            "198.51.100.7",
            command,
            key=step.key,
        )
        return sent.answer.enquiry_id

    enquiry_id = await stores.database.run(unit)
    await _answer(world, enquiry_id, step, step.answers, step.key)


async def _answer(
    world: World, enquiry_id: UUID, step: Step, answers: tuple[tuple[float, str, str], ...], key: str
) -> None:
    answering = _Answering(world, enquiry_id)
    for hours, part, text in answers:
        at = step.at + timedelta(hours=hours)
        if at <= world.ends_at:
            await answering.write(part, text, at, f"{key}-{hours}")

"""Writing notices: in the recipient's language, once for each event."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.admins import service as admins
from gencharge.core.stores.stores import Stores
from gencharge.core.values.language import Language
from gencharge.core.vault.vault import Vault
from gencharge.notifications import crud
from gencharge.notifications.kinds import Draft
from gencharge.notifications.library import Library, shipped
from gencharge.notifications.models import Notice, Recipient, notice_id, to_document
from gencharge.notifications.rendering import render
from gencharge.users import service as users


@dataclass(frozen=True, slots=True)
class Entry:
    """A draft, and the event that it comes from; `occurred_at` in UTC."""

    event_id: UUID
    occurred_at: datetime
    draft: Draft


async def write(stores: Stores, entries: Sequence[Entry]) -> None:
    """Write these notices into the inboxes. One that exists already stays as it is.

    Raises DocumentsUnavailable, DatabaseUnavailable, DataKeyNotUsable.
    """
    if not entries:
        return
    vault = Vault.of_database(stores.database)
    languages = await _languages(stores, {entry.draft.recipient for entry in entries})
    library = shipped()
    documents = [
        await to_document(
            vault,
            entry.draft.recipient,
            entry.event_id,
            _notice(library, entry, languages.get(entry.draft.recipient, Language.ENGLISH)),
        )
        for entry in entries
    ]
    await crud.add_notices(stores.documents, documents)


async def _languages(stores: Stores, recipients: set[Recipient]) -> dict[Recipient, Language]:
    async def unit(db: AsyncSession) -> dict[Recipient, Language]:
        choices = await users.message_choices(db, [r.id for r in recipients if r.kind == "user"])
        staff = await admins.languages_of(db, [r.id for r in recipients if r.kind == "admin"])
        return {Recipient("user", user_id): choice.language for user_id, choice in choices.items()} | {
            Recipient("admin", admin_id): language for admin_id, language in staff.items()
        }

    return await stores.database.run(unit)


def _notice(library: Library, entry: Entry, language: Language) -> Notice:
    draft = entry.draft
    texts = library.texts[draft.kind.name, language]
    rendered = render(draft.kind, texts, library.speech(language), draft.values)
    return Notice(
        id=notice_id(entry.event_id, draft.recipient, draft.kind.name),
        type=draft.kind.type,
        kind=draft.kind.name,
        title=rendered.title,
        body=rendered.body,
        data=draft.data,
        created_at=entry.occurred_at,
    )

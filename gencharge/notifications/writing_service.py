"""Writing notices: in the recipient's language, where the recipient's preferences allow, once for each event."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.admins import service as admins
from gencharge.core.events.events import emit
from gencharge.core.stores.mongo import Document
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import SYSTEM_USER_ID
from gencharge.core.values.language import Language
from gencharge.core.values.quiet_hours import earliest
from gencharge.core.vault.vault import Vault
from gencharge.messages import service as messages
from gencharge.messages.models import MessageChannel, Outgoing
from gencharge.notifications import crud, template_service
from gencharge.notifications.consent import channels_of
from gencharge.notifications.editions import TemplateSnapshot
from gencharge.notifications.events import NoticesWritten
from gencharge.notifications.kinds import Draft, NoticeChannel, Values
from gencharge.notifications.library import shipped
from gencharge.notifications.models import Notice, Recipient, notice_id, to_document
from gencharge.notifications.rendering import Rendered, render
from gencharge.users import service as users
from gencharge.users.models import DEFAULT_PREFERENCES

_PUSHES: Final = (MessageChannel.WEB_PUSH, MessageChannel.MOBILE_PUSH)
# Notices that waited and are announced together.
_APPEARING: Final = 500
# After so long a message says nothing new: what an outage held up for days, and the months of the sample life, are in the inbox only.
_STALE: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Entry:
    """A draft, and the event that it comes from. `occurred_at` in UTC; it is neither shown nor sent before `not_before`
    (UTC; None: at once)."""

    event_id: UUID
    occurred_at: datetime
    draft: Draft
    not_before: datetime | None = None


# `write`, or what takes its place.
Write = Callable[[Stores, Sequence[Entry]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class _Choices:
    """What a recipient chose. The staff have no preferences."""

    language: Language
    preferences: Mapping[str, bool] | None


@dataclass(slots=True)
class _Prepared:
    """The documents of notices, what goes out over other channels, and whose notices can be seen at once."""

    documents: list[Document] = field(default_factory=list)
    outgoing: list[Outgoing] = field(default_factory=list)
    shown: dict[str, str] = field(default_factory=dict)


async def write(stores: Stores, entries: Sequence[Entry]) -> None:
    """Write these notices into the inboxes, and queue what goes out over other channels. What exists already stays as it is.

    Raises DocumentsUnavailable, DatabaseUnavailable, DataKeyNotUsable; then the call can be repeated.
    """
    if not entries:
        return
    prepared = await _prepare(stores, entries)
    if prepared.documents:
        await crud.add_notices(stores.documents, prepared.documents)
    await messages.enqueue(stores.documents, Vault.of_database(stores.database), prepared.outgoing)
    await _announce(stores, prepared.shown)


async def rewrite(stores: Stores, entries: Sequence[Entry]) -> None:
    """Write these notices into the inboxes again, after MongoDB was restored from an older backup. Nothing goes out, and nobody is told.

    What exists stays as it is, and who was erased gets nothing. Raises what `write` raises."""
    recipients = {entry.draft.recipient for entry in entries}
    customers = {recipient.id for recipient in recipients if recipient.kind == "user"}
    erased = await stores.database.run(lambda db: users.erased_of(db, customers))
    entries = [entry for entry in entries if entry.draft.recipient.id not in erased]
    if entries and (documents := (await _prepare(stores, entries)).documents):
        await crud.add_notices(stores.documents, documents)


async def _prepare(stores: Stores, entries: Sequence[Entry]) -> _Prepared:
    choices = await _choices(stores, {entry.draft.recipient for entry in entries})
    snapshot = await template_service.current(stores)
    vault = Vault.of_database(stores.database)
    quiet_times = stores.settings.quiet_times
    prepared = _Prepared()
    for entry in entries:
        draft, choice = entry.draft, choices[entry.draft.recipient]
        # Instants go by the event's own time: a repeated delivery says the same.
        shown_at = earliest(
            draft.kind.type, max(entry.occurred_at, entry.not_before or entry.occurred_at), quiet_times
        )
        rendered = _rendered(snapshot, draft, choice.language)
        channels = channels_of(draft.kind, choice.preferences)
        if NoticeChannel.IN_APP in channels:
            notice = _notice(entry, rendered, shown_at)
            document = await to_document(vault, draft.recipient, entry.event_id, notice)
            prepared.documents.append(document)
            if shown_at > max(entry.occurred_at, clock.now()):
                # The job that looks for it says then that it is there.
                document["appears_at"] = shown_at
            else:
                prepared.shown[str(notice.id)] = f"{draft.recipient.kind}:{draft.recipient.id}"
        not_before = shown_at if shown_at > entry.occurred_at else None
        if shown_at > clock.now() - _STALE:
            prepared.outgoing += messages_of(entry, rendered, channels, not_before)
    return prepared


async def _announce(stores: Stores, recipients: dict[str, str]) -> None:
    """Say which notices stand in their inboxes now, and whose they are. One that is shown later is not among them."""
    if recipients:
        written = NoticesWritten(user_id=str(SYSTEM_USER_ID), recipients=recipients)
        await stores.database.run(lambda db: emit(db, written))


async def announce_appeared(stores: Stores) -> int:
    """Say of notices that waited that they are there now, at least once; how many. Raises DatabaseUnavailable, PyMongoError."""
    rows = await crud.list_appeared(stores.documents, clock.now(), _APPEARING)
    owners = {str(row["_id"]): f"{row['recipient_kind']}:{row['recipient_id']}" for row in rows}
    await _announce(stores, owners)
    await crud.set_appeared(stores.documents, [row["_id"] for row in rows])
    return len(rows)


async def write_rendered(
    stores: Stores, entry: Entry, rendered: Rendered, channels: frozenset[NoticeChannel]
) -> None:
    """Write one notice as it is, and send it over these channels at once. Raises what `write` raises."""
    vault = Vault.of_database(stores.database)
    notice = _notice(entry, rendered, entry.occurred_at)
    document = await to_document(vault, entry.draft.recipient, entry.event_id, notice)
    await crud.add_notices(stores.documents, [document])
    await messages.enqueue(stores.documents, vault, [*messages_of(entry, rendered, channels, None)])
    recipient = entry.draft.recipient
    await _announce(stores, {str(notice.id): f"{recipient.kind}:{recipient.id}"})


async def _choices(stores: Stores, recipients: set[Recipient]) -> dict[Recipient, _Choices]:
    async def unit(db: AsyncSession) -> dict[Recipient, _Choices]:
        customers = await users.message_choices(db, [r.id for r in recipients if r.kind == "user"])
        staff = await admins.languages_of(db, [r.id for r in recipients if r.kind == "admin"])
        return {
            Recipient("user", user_id): _Choices(choice.language, choice.preferences)
            for user_id, choice in customers.items()
        } | {Recipient("admin", admin_id): _Choices(language, None) for admin_id, language in staff.items()}

    known = await stores.database.run(unit)
    # A customer who was erased since: nothing reaches them, and a restored inbox has its notice.
    strangers = {
        recipient: _Choices(Language.ENGLISH, DEFAULT_PREFERENCES if recipient.kind == "user" else None)
        for recipient in recipients - known.keys()
    }
    return known | strangers


def _rendered(snapshot: TemplateSnapshot, draft: Draft, language: Language) -> Rendered:
    texts = template_service.texts_of(snapshot, draft.kind, language)
    return render(draft.kind, texts, shipped().speech(language), draft.values)


def _notice(entry: Entry, rendered: Rendered, shown_at: datetime) -> Notice:
    draft = entry.draft
    return Notice(
        id=notice_id(entry.event_id, draft.recipient, draft.kind.name),
        type=draft.kind.type,
        kind=draft.kind.name,
        title=rendered.title,
        body=rendered.body,
        data=draft.data,
        created_at=shown_at,
    )


def _ids(data: Values) -> dict[str, str | int | None]:
    """What an app needs to open the right page. Numbers and amounts are none of a push provider's business."""
    return {name: value for name, value in data.items() if name.endswith("_id")}


def messages_of(
    entry: Entry,
    rendered: Rendered,
    channels: frozenset[NoticeChannel],
    not_before: datetime | None,
    batch: UUID | None = None,
) -> Iterator[Outgoing]:
    """The messages of a notice, one for each way of the channels. Their ids follow from the notice's."""
    draft = entry.draft

    def message(channel: MessageChannel, text: str, **fields: str) -> Outgoing:
        return Outgoing(
            id=notice_id(entry.event_id, draft.recipient, f"{draft.kind.name}:{channel.value}"),
            recipient=draft.recipient,
            channel=channel,
            kind=draft.kind.name,
            type=draft.kind.type,
            text=text,
            data=_ids(draft.data),
            not_before=not_before,
            batch=batch,
            to_closed=draft.kind.to_closed,
            title=fields.get("title", ""),
            html=fields.get("html", ""),
            dlt_template_id=fields.get("dlt_template_id", ""),
        )

    if NoticeChannel.SMS in channels:
        yield message(MessageChannel.SMS, rendered.sms, dlt_template_id=rendered.dlt_template)
    if NoticeChannel.EMAIL in channels:
        yield message(
            MessageChannel.EMAIL, rendered.email_text, title=rendered.email_subject, html=rendered.email_html
        )
    if NoticeChannel.PUSH in channels:
        for channel in _PUSHES:
            yield message(channel, rendered.push_body, title=rendered.push_title)

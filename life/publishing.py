"""What the staff publish: pages, questions and answers, an announcement. Each is published once."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.announcements import staff_service as announcements
from gencharge.announcements.crud import ANNOUNCEMENTS
from gencharge.announcements.staff_schemas import AnnouncementCreate, SendAnnouncement
from gencharge.content import crud, staff_service
from gencharge.content.models import Content, ContentStatus
from gencharge.content.staff_schemas import ContentCreate, ContentPublish
from gencharge.core.values import clock
from gencharge.core.vault.vault import Vault
from life.steps import Announce, Publish
from life.world import CONTENT_EDITOR, MANAGER, World, acting


async def publish(world: World, step: Publish) -> None:
    """The content editor writes a page and makes it public."""
    stores, admin = world.stores, world.staff[CONTENT_EDITOR]
    command = ContentCreate.model_validate(step.page)
    written = await crud.list_contents(stores.documents, {"slug": command.slug}, after=None, limit=1)

    async def write(db: AsyncSession) -> Content:
        return await staff_service.create(db, stores.documents, admin.user_id, command)

    with acting("admin", admin.user_id, CONTENT_EDITOR):
        content = Content.of(written[0]) if written else await stores.database.run(write)
        if content.status(clock.now()) is not ContentStatus.DRAFT:
            return
        await stores.database.run(
            lambda db: staff_service.publish(db, stores.documents, content.content_id, None, ContentPublish())
        )


async def announce(world: World, step: Announce) -> None:
    """A manager announces something in the inboxes. Its instant is what it is known by: its text is encrypted."""
    stores, admin = world.stores, world.staff[MANAGER]
    command = AnnouncementCreate.model_validate(step.announcement)
    vault, now = Vault.of_database(stores.database), clock.now()
    drafted = await stores.documents[ANNOUNCEMENTS].find_one({"created_at": now})

    async def draft(db: AsyncSession) -> UUID:
        return await announcements.create(db, stores.documents, vault, admin, command)

    with acting("admin", admin.user_id, MANAGER):
        announcement_id = drafted["_id"] if drafted else await stores.database.run(draft)
        announcement, _ = await announcements.get(stores.documents, vault, admin, announcement_id)
        if announcement.starts_at is None:
            await stores.database.run(
                lambda db: announcements.send(
                    db,
                    stores.documents,
                    vault,
                    stores.settings,
                    admin,
                    announcement_id,
                    None,
                    SendAnnouncement(),
                )
            )

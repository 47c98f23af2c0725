"""What the staff do with the texts of notices. Each change moves a template one generation on, is announced, and counts at once."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.errors import ValidationFailed, field_problem
from gencharge.core.events import document_events
from gencharge.core.events.events import Event, changes, emit
from gencharge.core.http import etags
from gencharge.core.http.paging import slice_page
from gencharge.core.postgres.database import WriteConflict
from gencharge.core.rooms import snapshots
from gencharge.core.stores.mongo import answering
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import SYSTEM_USER_ID, new_id
from gencharge.core.values.language import Language
from gencharge.core.values.recipient import Recipient
from gencharge.notifications import events, writing_service
from gencharge.notifications import template_crud as crud
from gencharge.notifications.editions import Edition, NoticeTemplate, as_documents
from gencharge.notifications.errors import NoticeEditionNotFound, NoticeTemplateNotFound
from gencharge.notifications.kinds import Draft, Kind, NoticeChannel, VariableType
from gencharge.notifications.library import shipped
from gencharge.notifications.registry import KINDS
from gencharge.notifications.rendering import Rendered, render
from gencharge.notifications.staff_schemas import (
    NoticeTemplateQuery,
    PublishTemplate,
    StaffNoticeTemplateDetail,
    StaffNoticeTemplateOut,
    TemplateEditionOut,
    TemplatePreview,
    TemplateTexts,
    TemplateVariableOut,
)
from gencharge.notifications.template_service import NAME
from gencharge.notifications.texts import Texts, problems_of
from gencharge.notifications.writing_service import Entry

_NOBODY: Final = str(SYSTEM_USER_ID)


async def list_templates(
    documents: crud.Db, query: NoticeTemplateQuery
) -> tuple[list[StaffNoticeTemplateOut], str | None, int | None]:
    """A page of the templates, by kind and language. Raises CursorInvalid, DocumentsUnavailable."""
    with answering(documents):
        changed = {
            (document["kind"], document["language"]): document
            for document in await crud.list_templates(documents)
        }
    templates = [
        NoticeTemplate.of(changed[name, language], texts)
        if (name, language) in changed
        else NoticeTemplate(name, language, texts)
        for (name, language), texts in shipped().texts.items()
        if query.type in {None, KINDS[name].type} and query.language in {None, language}
    ]
    items, cursor, total = slice_page(templates, query, lambda template: (template.kind, template.language))
    return [StaffNoticeTemplateOut(**_summary(template)) for template in items], cursor, total


async def get(documents: crud.Db, kind: str, language: Language) -> NoticeTemplate:
    """A template with its editions. Raises NoticeTemplateNotFound, DocumentsUnavailable."""
    texts = shipped().texts.get((kind, language.value))
    if texts is None:
        raise NoticeTemplateNotFound
    with answering(documents):
        document = await crud.get_template(documents, kind, language.value)
    return (
        NoticeTemplate(kind, language.value, texts)
        if document is None
        else NoticeTemplate.of(document, texts)
    )


def detail(template: NoticeTemplate) -> StaffNoticeTemplateDetail:
    """A template as the staff see it."""
    kind, speech = KINDS[template.kind], shipped().speech(template.language)
    latest = _texts(template, template.latest)
    return StaffNoticeTemplateDetail(
        **_summary(template),
        variables=[
            TemplateVariableOut(
                name=name,
                type=variable.type,
                sample=str(variable.sample)
                if variable.type is VariableType.CHOICE
                else speech.shown(variable, variable.sample),
                is_required=variable.is_required,
                is_optional=variable.is_optional,
                choices=list(variable.choices),
            )
            for name, variable in kind.variables.items()
        ],
        editions=[
            TemplateEditionOut(
                edition=edition.number,
                created_at=edition.created_at,
                created_by=edition.created_by,
                restored_from=edition.restored_from,
            )
            for edition in reversed(template.editions)
        ],
        latest=_shown(latest),
    )


def preview(template: NoticeTemplate, number: int) -> TemplatePreview:
    """What an edition says with sample values. Raises NoticeEditionNotFound."""
    texts, kind = _texts(template, number), KINDS[template.kind]
    rendered = _rendered(template, texts)
    fields = {
        NoticeChannel.SMS: ("sms",),
        NoticeChannel.PUSH: ("push_title", "push_body"),
        NoticeChannel.EMAIL: ("email_subject", "email_text", "email_html"),
        NoticeChannel.IN_APP: ("title", "body"),
    }
    return TemplatePreview(
        edition=number,
        texts=_shown(texts),
        **{
            name: getattr(rendered, name) if channel in kind.channels else ""
            for channel, names in fields.items()
            for name in names
        },
    )


async def write(
    db: AsyncSession,
    documents: crud.Db,
    admin_id: UUID,
    template: NoticeTemplate,
    command: TemplateTexts,
) -> NoticeTemplate:
    """A new edition, which is not sent before it is published.

    Raises ValidationFailed, which names each wrong text and variable; WriteConflict, DocumentsUnavailable.
    """
    texts = Texts(**command.model_dump())
    problems = problems_of(texts, KINDS[template.kind])
    if problems:
        raise ValidationFailed(
            errors=[field_problem(f"body.{p.field}", p.message, "template_invalid") for p in problems]
        )
    return await _add(db, documents, admin_id, template, texts, None)


async def restore(
    db: AsyncSession, documents: crud.Db, admin_id: UUID, template: NoticeTemplate, number: int
) -> NoticeTemplate:
    """A new edition that says what an earlier one said; 0 is what ships. It is not published by that.

    Raises NoticeEditionNotFound, WriteConflict, DocumentsUnavailable.
    """
    return await _add(db, documents, admin_id, template, _texts(template, number), number)


async def publish(
    db: AsyncSession, documents: crud.Db, template: NoticeTemplate, command: PublishTemplate
) -> NoticeTemplate:
    """Notices say what an edition says, from now on. Raises NoticeEditionNotFound, WriteConflict, DocumentsUnavailable."""
    number = template.latest if command.edition is None else command.edition
    _texts(template, number)
    event = events.NoticeTemplatePublished(
        user_id=_NOBODY,
        kind=template.kind,
        language=template.language,
        changes=changes({"edition": template.published}, {"edition": number}),
    )
    return await _change(db, documents, template, {"published": number}, event)


async def send_test(
    db: AsyncSession, stores: Stores, admin_id: UUID, template: NoticeTemplate, number: int
) -> None:
    """Send an edition with sample values to the admin, over all channels of its kind.

    Raises NoticeEditionNotFound, DocumentsUnavailable.
    """
    texts, kind = _texts(template, number), KINDS[template.kind]
    event = events.NoticeTemplateTested(
        user_id=_NOBODY, kind=template.kind, language=template.language, edition=number
    )
    await emit(db, event)
    entry = Entry(new_id(), clock.now(), Draft(Recipient("admin", admin_id), kind, kind.samples()))
    with answering(stores.documents):
        await writing_service.write_rendered(stores, entry, _rendered(template, texts), kind.channels)


def check(template: NoticeTemplate, if_match: str | None) -> None:
    """Raises ResourceChanged if the client saw another state of the template."""
    etags.check(if_match, template)


async def _add(
    db: AsyncSession,
    documents: crud.Db,
    admin_id: UUID,
    template: NoticeTemplate,
    texts: Texts,
    restored_from: int | None,
) -> NoticeTemplate:
    edition = Edition(template.latest + 1, texts, _now(), admin_id, restored_from)
    event = events.NoticeTemplateWritten(
        user_id=_NOBODY,
        kind=template.kind,
        language=template.language,
        edition=edition.number,
        restored_from=restored_from,
    )
    editions = as_documents((*template.editions, edition), template.published)
    return await _change(db, documents, template, {"editions": editions}, event)


async def _change(
    db: AsyncSession, documents: crud.Db, template: NoticeTemplate, values: dict[str, Any], event: Event
) -> NoticeTemplate:
    """Move the template on, and announce it. If somebody else did in the same moment, the whole request begins again."""
    carried = document_events.carry(event)
    await document_events.emit_carried(db, carried)
    await snapshots.bump(db, NAME)
    values = values | {"updated_at": _now()}
    with answering(documents):
        is_changed = await crud.change_template(
            documents, template.kind, template.language, template.generation, values, carried
        )
    if not is_changed:
        raise WriteConflict
    return await get(documents, template.kind, Language(template.language))


def _summary(template: NoticeTemplate) -> dict[str, Any]:
    kind: Kind = KINDS[template.kind]
    return {
        "etag": template.etag,
        "kind": template.kind,
        "language": template.language,
        "type": kind.type,
        "channels": [channel for channel in NoticeChannel if channel in kind.channels],
        "is_mandatory": kind.is_mandatory,
        "title": _texts(template, template.published).title,
        "published_edition": template.published,
        "latest_edition": template.latest,
        "updated_at": template.updated_at,
    }


def _texts(template: NoticeTemplate, number: int) -> Texts:
    texts = template.texts(number)
    if texts is None:
        raise NoticeEditionNotFound
    return texts


def _shown(texts: Texts) -> TemplateTexts:
    fields = {name: getattr(texts, name) for name in TemplateTexts.model_fields if name != "phrases"}
    # As they are: an edition of an earlier release may break a limit of today.
    return TemplateTexts.model_construct(
        **fields, phrases={name: dict(p) for name, p in texts.choices.items()}
    )


def _rendered(template: NoticeTemplate, texts: Texts) -> Rendered:
    kind = KINDS[template.kind]
    return render(kind, texts, shipped().speech(template.language), kind.samples())


def _now() -> datetime:
    """To the millisecond, as MongoDB keeps it."""
    instant = clock.now()
    return instant.replace(microsecond=instant.microsecond // 1000 * 1000)

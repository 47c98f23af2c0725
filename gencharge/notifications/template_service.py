"""The texts of notices as they are sent: what the staff published, or what ships."""

from __future__ import annotations

from typing import Final, Self

from gencharge.core import telemetry
from gencharge.core.rooms import snapshots
from gencharge.core.stores.mongo import answering
from gencharge.core.stores.stores import Stores
from gencharge.notifications import template_crud as crud
from gencharge.notifications.editions import SHIPPED, NoticeTemplate, TemplateSnapshot
from gencharge.notifications.kinds import Kind
from gencharge.notifications.library import shipped
from gencharge.notifications.registry import KINDS
from gencharge.notifications.texts import Texts, problems_of

NAME: Final = "notice_templates"
log = telemetry.get_logger(__name__)


class Templates(snapshots.DocumentsHolder[TemplateSnapshot]):
    """The published texts that a process holds in memory. Their version is in PostgreSQL, the texts are in MongoDB."""

    name = NAME

    def __init__(self, documents: crud.Db) -> None:
        super().__init__()
        self._documents = documents

    @classmethod
    def of_stores(cls, stores: Stores) -> Self:
        """The process's holder for these stores."""
        holder = stores.database.companions.get(cls)
        if holder is None:
            holder = stores.database.companions[cls] = cls(stores.documents)
        assert isinstance(holder, cls), "kept under its class"
        return holder

    async def read(self, version: int) -> TemplateSnapshot:
        """What the staff published. Raises DocumentsUnavailable."""
        with answering(self._documents):
            templates = [
                NoticeTemplate.of(document, texts)
                for document in await crud.list_templates(self._documents)
                if (texts := shipped().texts.get((document["kind"], document["language"]))) is not None
            ]
        return TemplateSnapshot(
            version,
            {
                (template.kind, template.language): texts
                for template in templates
                if template.published != SHIPPED
                and (texts := _usable(template, KINDS[template.kind])) is not None
            },
        )


def _usable(template: NoticeTemplate, kind: Kind) -> Texts | None:
    """The published texts; None if a release since took a variable away that they name."""
    texts = template.texts(template.published)
    problems = problems_of(texts, kind) if texts is not None else []
    if problems:
        log.warning(
            "notice_template_outdated",
            kind=template.kind,
            language=template.language,
            edition=template.published,
            problem=f"{problems[0].field}: {problems[0].message}",
        )
        return None
    return texts


async def current(stores: Stores) -> TemplateSnapshot:
    """What the staff published, as it stands now. Raises DatabaseUnavailable, DocumentsUnavailable."""
    return await Templates.of_stores(stores).refresh(stores.database)


def texts_of(snapshot: TemplateSnapshot, kind: Kind, language: str) -> Texts:
    """What a notice says in a language; in English where the language has none."""
    library = shipped()
    own = snapshot.texts(kind.name, language) or library.texts.get((kind.name, language))
    return own or snapshot.texts(kind.name, "en") or library.texts[kind.name, "en"]

"""Verifies that the audit trail was not changed. Walks the chain from its beginning to the last anchor.

    changed      an entry's content is not what was hashed
    removed      a place in the chain is empty, or what an entry follows is gone
    inserted     an entry is at a place that was not sealed
    reordered    an entry is at another place than it was sealed at
    truncated    the chain ends before the last anchor
    rewritten    an entry and the anchor at its place differ: the chain was rebuilt, or the anchor was changed

What is not sealed yet is not protected yet; the report counts it.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Final, Literal
from uuid import UUID

from gencharge.audit import crud
from gencharge.audit.models import GENESIS, Head, link
from gencharge.core.settings import Settings
from gencharge.core.stores.mongo import Document
from gencharge.core.stores.stores import Stores

Kind = Literal["changed", "removed", "inserted", "reordered", "truncated", "rewritten"]
MAX_FINDINGS: Final = 100
_PAGE: Final = 1000


@dataclass(frozen=True, slots=True)
class Finding:
    """One breach: its kind, its place in the chain, and the entry if there is one."""

    kind: Kind
    sequence: int
    entry_id: UUID | None
    detail: str


@dataclass(slots=True)
class Report:
    """What a walk found. `findings` holds the first 100; `breaches` counts all."""

    head: Head
    entries: int = 0
    unsealed: int = 0
    breaches: int = 0
    findings: list[Finding] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """True if the trail is whole, from the first entry to the last anchor."""
        return self.breaches == 0

    @property
    def lines(self) -> list[str]:
        """The report for a person: a line for the whole, one for each finding."""
        state = "whole" if self.ok else f"BROKEN in {self.breaches} places"
        summary = f"audit trail {state}: {self.entries} entries up to {self.head.sequence}, {self.unsealed} not sealed yet"
        return [
            summary,
            *(f"{finding.kind} at {finding.sequence}: {finding.detail}" for finding in self.findings),
        ]


async def prove(settings: Settings) -> tuple[bool, list[str]]:
    """Whether the trail in the stores that the settings name is whole, and what was found, line by line."""
    stores = Stores.open(settings, name="gencharge-verify")
    try:
        report = await verify(stores)
    finally:
        await stores.close()
    return report.ok, report.lines


async def verify(stores: Stores) -> Report:
    """Walk the whole chain. Safe while entries are written and sealed. Raises PyMongoError, DatabaseUnavailable."""
    head = await stores.database.run(crud.get_head)
    report = Report(head, unsealed=await crud.count_unsealed(stores.documents))
    walk = _Walk(stores, report)
    await walk.run()
    return report


class _Walk:
    """One pass over entries and anchors, side by side."""

    def __init__(self, stores: Stores, report: Report) -> None:
        self._stores = stores
        self._report = report
        self._expected = 1
        self._previous = GENESIS
        self._moved: set[int] = set()

    async def run(self) -> None:
        head = self._report.head
        async with aclosing(self._anchors()) as anchors:
            anchor = await anext(anchors, None)
            async for entry in crud.iterate_sealed(self._stores.documents, upto=head.sequence):
                self._report.entries += 1
                if not await self._step(entry):
                    continue
                here = Head(entry["sequence"], self._previous)
                while anchor is not None and anchor.sequence < here.sequence:
                    anchor = await anext(anchors, None)  # its entry is missing, which was reported
                if anchor is not None and anchor.sequence == here.sequence and anchor != here:
                    self._tell("rewritten", entry, "its hash is not the one that was anchored")
        if self._expected <= head.sequence:
            detail = f"entries {self._expected} to {head.sequence} are gone from the end"
            self._tell_at("truncated", self._expected, None, detail)

    async def _step(self, entry: Document) -> bool:
        """Check an entry in itself and against the one before. False if it has no place in the chain."""
        sequence = entry["sequence"]
        if not isinstance(sequence, int) or sequence < self._expected:
            self._tell_at("inserted", int(sequence), _id_of(entry), f"a second entry at {sequence}")
            return False
        gap = sequence > self._expected
        if gap:
            detail = f"entries {self._expected} to {sequence - 1} are missing"
            self._tell_at("removed", self._expected, None, detail)
        if not _is_intact(entry):
            self._tell("changed", entry, "its content is not what was sealed")
        elif entry["previous_hash"] != self._previous and not gap:
            await self._tell_broken_link(entry)
        self._previous = str(entry.get("hash"))
        self._expected = sequence + 1
        return True

    async def _tell_broken_link(self, entry: Document) -> None:
        """The entry is as it was sealed, but follows another one than then."""
        sequence: int = entry["sequence"]
        previous_hash = entry["previous_hash"]
        before = await crud.find_by_hash(self._stores.documents, previous_hash)
        place = 0 if previous_hash == GENESIS else before["sequence"] if before else None
        if place is None:
            self._tell("removed", entry, "the entry that it was sealed behind was removed or replaced")
        elif place > sequence or any(place < moved_to < sequence for moved_to in self._moved):
            self._moved.add(sequence)
            self._tell("reordered", entry, f"it was sealed behind the entry that is now at {place}")
        else:
            detail = f"what is at {place + 1} to {sequence - 1} was not there when it was sealed"
            self._tell("inserted", entry, detail)

    async def _anchors(self) -> AsyncGenerator[Head, None]:
        after = 0
        while True:
            page = await self._stores.database.run(
                lambda db, after=after: crud.list_anchors(  # type: ignore[misc]
                    db, after=after, upto=self._report.head.sequence, limit=_PAGE
                )
            )
            for anchor in page:
                yield anchor
            if len(page) < _PAGE:
                return
            after = page[-1].sequence

    def _tell(self, kind: Kind, entry: Document, detail: str) -> None:
        self._tell_at(kind, entry["sequence"], _id_of(entry), detail)

    def _tell_at(self, kind: Kind, sequence: int, entry_id: UUID | None, detail: str) -> None:
        self._report.breaches += 1
        if len(self._report.findings) < MAX_FINDINGS:
            self._report.findings.append(Finding(kind, sequence, entry_id, detail))


def _is_intact(entry: Document) -> bool:
    try:
        return bool(link(entry["previous_hash"], entry) == entry["hash"])
    except (KeyError, TypeError, ValueError):
        return False


def _id_of(entry: Document) -> UUID | None:
    entry_id = entry["_id"]
    return entry_id if isinstance(entry_id, UUID) else None

"""The anchors of the audit chain and its sealer's lease (PostgreSQL), and how an entry is hashed."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, DateTime, Text
from sqlalchemy.orm import Mapped, mapped_column

from gencharge.core.postgres.database import Base, stamp
from gencharge.core.stores.mongo import Document

GENESIS: Final = "0" * 64
# What sealing adds to an entry. All other fields are hashed, also one that is added later.
SEAL_FIELDS: Final = frozenset({"sealed", "sequence", "previous_hash", "hash"})


class AuditAnchor(Base):
    """A head of the chain: up to `sequence`, the chain's hash was `hash`. The application can't change it."""

    __tablename__ = "audit_anchors"
    __table_args__ = (
        CheckConstraint("sequence > 0", name="positive"),
        CheckConstraint("hash ~ '^[0-9a-f]{64}$'", name="sha256"),
    )

    sequence: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    hash: Mapped[str] = mapped_column(Text)
    anchored_at: Mapped[datetime] = stamp()


class AuditSealer(Base):
    """Who may seal now. Only its holder can add an anchor."""

    __tablename__ = "audit_sealers"

    chain: Mapped[str] = mapped_column(Text, primary_key=True)
    holder: Mapped[UUID]
    leased_until: Mapped[datetime] = mapped_column(DateTime(timezone=True))


@dataclass(frozen=True, slots=True)
class Head:
    """The end of the chain: the last entry's sequence number (0 = none yet) and hash (64 hex digits)."""

    sequence: int = 0
    hash: str = GENESIS


def link(previous_hash: str, entry: Document) -> str:
    """SHA-256(previous hash || canonical JSON of the entry), in hex. ValueError if `previous_hash` is no hash."""
    return hashlib.sha256(bytes.fromhex(previous_hash) + canonical(entry)).hexdigest()


def canonical(entry: Document) -> bytes:
    """The entry without its seal, as JSON that is the same on every machine: sorted keys, no spaces, UTF-8."""
    content = {name: value for name, value in entry.items() if name not in SEAL_FIELDS}
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_plain)
    return text.encode()


def _plain(value: Any) -> Any:
    """A value that JSON lacks, with its type, so that replacing a date by the same text is noticed."""
    if isinstance(value, datetime):
        return {"$date": value.isoformat(timespec="milliseconds")}
    if isinstance(value, UUID):
        return {"$uuid": str(value)}
    return {f"${type(value).__name__}": repr(value)}

"""Webhooks and callbacks on their way: rows that outlive the process. The courier sends them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox import scripts
from sandbox.scripts import GATEWAY, Family, Script
from sandbox.store import insert, new_id


@dataclass(frozen=True, slots=True)
class Notice:
    """One announcement: a name, and the body as it will be sent."""

    event: str
    body: Mapping[str, Any]


def post(
    db: sqlite3.Connection,
    target: str,
    notices: Sequence[Notice],
    script: Script | None,
    *,
    now: float,
    subject: str,
    facts: Mapping[str, Any],
    contrary: Notice | None = None,
) -> None:
    """Queue the notices in this order, or as the script has it.

    First tries of one `subject` go out one after the other; retries do not wait for others. `contrary` is the notice that
    says the opposite of what is true.
    """
    if script is not None and script.kind.family is Family.NOTICE:
        _queue(db, target, notices, script, now, subject, contrary)
        return
    # The operation itself asked for nothing special; a script may still be laid for the notices alone.
    operation = "webhook" if target == GATEWAY else "callback"
    for notice in notices:
        chosen = scripts.choose(db, target, operation, {**facts, "event": notice.event})
        _queue(db, target, [notice], chosen, now, subject, contrary)


def _queue(
    db: sqlite3.Connection,
    target: str,
    notices: Sequence[Notice],
    script: Script | None,
    now: float,
    subject: str,
    contrary: Notice | None,
) -> None:
    name = script.name if script else ""
    if name == "success_without_callback":
        return
    if name == "reordered_callbacks":
        notices = list(reversed(notices))
    if name == "contradicting_callback" and contrary:
        notices = [*notices, contrary]
    for notice in notices:
        event_id = new_id("evt")
        for copy in range(script.count if script and name == "duplicate_callback" else 1):
            insert(
                db,
                "notices",
                target=target,
                event_id=event_id,
                event=notice.event,
                # Copies are subjects of their own, so that they arrive side by side.
                subject=f"{subject}#{copy}" if copy else subject,
                body=json.dumps(dict(notice.body), separators=(",", ":")).encode(),
                forged=name == "wrong_signature",
                due_at=now + (script.seconds if script and name == "slow" else 0),
                created_at=now,
            )

"""How money that the gateway sends ends: at once, late, not at all, or back after it had arrived. A refund and a payout do so alike."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox import notices
from sandbox.parts import Sandbox
from sandbox.scripts import GATEWAY, Script


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """One kind of money that is sent, and what the gateway says about it."""

    # Also the action of the courier that ends it late: `refund`.
    kind: str
    # The events: it is on its way, it arrived, it did not. The status of the last one is its last word.
    begun: str
    arrived: str
    undone: str
    find: Callable[[sqlite3.Connection, str], sqlite3.Row]
    # The column of the sender's own reference.
    reference: str
    # Writes down that it arrived, or did not.
    settle: Callable[[Sandbox, str, bool], None]
    # The event of this name, with other values than are stored.
    event: Callable[[Sandbox, str, str, Mapping[str, str]], notices.Notice]

    def begin(self, sandbox: Sandbox, sent_id: str, script: Script | None) -> None:
        """Send it, as the script says; in the caller's transaction."""
        name = script.name if script else ""
        begun = self.event(sandbox, self.begun, sent_id, {})
        if script and name in {"late_success", "late_failure"}:
            self._put_off(sandbox, script, sent_id, succeeds=name == "late_success")
        elif name != "pending":
            self.finish(sandbox, self._arguments(sent_id, succeeds=True), before=[begun], script=script)
            if script and name == "late_return":
                self._put_off(sandbox, script, sent_id, succeeds=False)
            return
        self._post(sandbox, sent_id, [begun], script)

    def finish(
        self,
        sandbox: Sandbox,
        arguments: Mapping[str, Any],
        *,
        before: list[notices.Notice] | None = None,
        script: Script | None = None,
    ) -> None:
        """It arrives, or it can't, also after it had; in the caller's transaction."""
        sent_id, succeeds = arguments[f"{self.kind}_id"], arguments["succeeds"]
        self.settle(sandbox, sent_id, succeeds)
        event = self.event(sandbox, self.arrived if succeeds else self.undone, sent_id, {})
        self._post(sandbox, sent_id, [*(before or []), event], script)

    def _arguments(self, sent_id: str, *, succeeds: bool) -> dict[str, Any]:
        return {f"{self.kind}_id": sent_id, "succeeds": succeeds}

    def _put_off(self, sandbox: Sandbox, script: Script, sent_id: str, *, succeeds: bool) -> None:
        sandbox.courier.put_off(script.seconds, self.kind, **self._arguments(sent_id, succeeds=succeeds))

    def _post(
        self, sandbox: Sandbox, sent_id: str, events: list[notices.Notice], script: Script | None
    ) -> None:
        row = self.find(sandbox.db, sent_id)
        status = self.undone.rpartition(".")[2]
        notices.post(
            sandbox.db,
            GATEWAY,
            events,
            script,
            now=sandbox.now,
            subject=sent_id,
            facts={"amount": row["amount"], "reference": row[self.reference]},
            contrary=self.event(sandbox, self.undone, sent_id, {"status": status}),
        )

"""Sends what is queued, and does what was put off. Nothing here is kept in memory only: a killed sandbox resumes."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

import httpx

from gencharge.core import telemetry
from sandbox import signing
from sandbox.clock import Clock
from sandbox.config import Config
from sandbox.scripts import GATEWAY, SMS
from sandbox.store import Store, insert

_AT_ONCE: Final = 16
_LONGEST_NAP_SECONDS: Final = 1.0
_GATHER_SECONDS: Final = 0.002  # what is queued within it goes out in one round
_AWAY_SECONDS: Final = 0.2  # how long an address at which nobody listens is left alone
_log = telemetry.get_logger(__name__)

Action = Callable[[Mapping[str, Any]], None]


class Courier:
    """The loop beside the server. `actions` are the things that can be put off, by name."""

    def __init__(
        self, config: Config, store: Store, clock: Clock, operator_secret: Callable[[str, str], str]
    ) -> None:
        """`operator_secret`: the secret of a channel in a direction."""
        self.config, self.store, self.clock = config, store, clock
        self._operator_secret = operator_secret
        self.actions: dict[str, Action] = {}
        self._wake = asyncio.Event()
        self._flying: dict[int, asyncio.Task[None]] = {}
        self._away_until: dict[str, float] = {}  # by target, in seconds of the monotonic clock

    def wake(self) -> None:
        """Look again now: something was queued, or the clock was moved."""
        self._wake.set()

    def drop(self) -> None:
        """Stop what is being sent, as before everything is forgotten."""
        for task in self._flying.values():
            task.cancel()

    def put_off(self, seconds: float, action: str, **arguments: object) -> None:
        """Do `action` after so many seconds of the sandbox's clock, whatever happens to the process until then."""
        due = self.clock.now() + seconds
        insert(self.store.db, "later", due_at=due, action=action, arguments=json.dumps(arguments))
        self.wake()

    async def run(self) -> None:
        """Until cancelled."""
        async with httpx.AsyncClient(timeout=self.config.send_timeout_seconds, trust_env=False) as client:
            try:
                while True:
                    await asyncio.sleep(_GATHER_SECONDS)
                    self._wake.clear()
                    try:
                        self._do_what_is_due()
                        self._send_what_is_due(client)
                    except (
                        Exception
                    ):  # Such as a file that somebody else holds; the loop itself must never end.
                        _log.exception("courier_stumbled")
                        await asyncio.sleep(_LONGEST_NAP_SECONDS)
                    try:
                        await asyncio.wait_for(self._wake.wait(), self._nap_seconds())
                    except TimeoutError:
                        continue
            finally:
                self.drop()

    def _do_what_is_due(self) -> None:
        rows = self.store.db.execute(
            "SELECT * FROM later WHERE due_at <= ? ORDER BY due_at, id LIMIT 200", (self.clock.now(),)
        ).fetchall()
        for row in rows:
            # The action and the end of its row are one transaction, so that it is done once.
            with self.store.transaction() as db:
                db.execute("DELETE FROM later WHERE id = ?", (row["id"],))
                self.actions[row["action"]](json.loads(row["arguments"]))

    def _send_what_is_due(self, client: httpx.AsyncClient) -> None:
        if len(self._flying) >= _AT_ONCE:
            return
        rows = self.store.db.execute(
            """SELECT * FROM notices n WHERE state = 'queued' AND due_at <= :now
               AND target NOT IN (SELECT value FROM json_each(:away))
               AND (attempts > 0 OR NOT EXISTS (
                   SELECT 1 FROM notices e WHERE e.subject = n.subject AND e.id < n.id
                   AND e.state = 'queued' AND e.attempts = 0 AND e.due_at <= :now))
               ORDER BY due_at, id LIMIT :limit""",
            {"now": self.clock.now(), "limit": 2 * _AT_ONCE, "away": json.dumps(self._away)},
        ).fetchall()
        for row in rows:
            if row["id"] not in self._flying and len(self._flying) < _AT_ONCE:
                task = asyncio.create_task(self._send(client, dict(row)))
                self._flying[row["id"]] = task
                task.add_done_callback(lambda _, number=row["id"]: self._landed(number))  # type: ignore[misc]

    @property
    def _away(self) -> list[str]:
        return [target for target, until in self._away_until.items() if until > time.monotonic()]

    def _landed(self, number: int) -> None:
        self._flying.pop(number, None)
        self.wake()

    async def _send(self, client: httpx.AsyncClient, notice: Mapping[str, Any]) -> None:
        url = self._url(notice["target"])
        try:
            answer = await client.post(url, content=notice["body"], headers=self._headers(notice, url))
            taken, reply = answer.is_success, str(answer.status_code)
        except (httpx.HTTPError, httpx.InvalidURL) as lost:
            if isinstance(lost, httpx.ConnectError):
                self._away_until[notice["target"]] = time.monotonic() + _AWAY_SECONDS
            taken, reply = False, type(lost).__name__
        self._note(notice, taken=taken, reply=reply)

    def _note(self, notice: Mapping[str, Any], *, taken: bool, reply: str) -> None:
        now, attempts = self.clock.now(), notice["attempts"] + 1
        pauses = self.back_off
        due = now + pauses[min(attempts, len(pauses)) - 1]
        # A forger tries once: the genuine one is what is missing.
        over = notice["forged"] or due - notice["created_at"] > self.config.give_up_after_seconds
        state = "sent" if taken else "given_up" if over else "queued"
        if not taken and (attempts == 1 or over):
            _log.info(
                "notice_not_taken",
                target=notice["target"],
                notice=notice["event"],
                answer=reply,
                attempt=attempts,
            )
        self.store.db.execute(
            "UPDATE notices SET attempts = ?, state = ?, last_answer = ?, due_at = ? WHERE id = ?",
            (attempts, state, reply, due, notice["id"]),
        )

    def _headers(self, notice: Mapping[str, Any], url: str) -> dict[str, str]:
        body: bytes = notice["body"]
        headers = {"Content-Type": "application/json", "User-Agent": "GenCharge-Sandbox/1"}
        if notice["target"] == GATEWAY:
            signature = signing.digest(self.config.webhook_secret, body)
            names = ("X-Razorpay-Signature", "X-Razorpay-Event-Id")
        elif notice["target"] == SMS:
            signature = signing.digest(self.config.receipt_secret, body)
            names = ("X-Receipt-Signature", "X-Event-Id")
        else:
            # Signed at the moment of sending: a retry an hour later has to be fresh, too.
            headers["X-Timestamp"] = stamp = str(int(time.time()))
            channel, path = notice["target"], httpx.URL(url).raw_path.decode("ascii")
            secret = self._operator_secret(channel, "callbacks")
            signature = signing.operator_signature(secret, stamp, channel, "POST", path, body)
            names = ("X-Signature", "X-Event-Id")
        signature = signing.forged(signature) if notice["forged"] else signature
        return {**headers, names[0]: signature, names[1]: notice["event_id"]}

    @property
    def back_off(self) -> list[float]:
        """The pauses between tries, in seconds of the sandbox's clock."""
        pauses: list[float] = self.targets["back_off_seconds"]
        return pauses

    @property
    def targets(self) -> dict[str, Any]:
        """Where notices go, as configured or as a test changed it."""
        changed: dict[str, Any] = self.store.recall("targets", {})
        return {
            "webhook_url": self.config.webhook_url,
            "callback_url": self.config.callback_url,
            "receipt_url": self.config.receipt_url,
            "back_off_seconds": list(self.config.back_off_seconds),
            **changed,
        }

    def _url(self, target: str) -> str:
        targets = self.targets
        if target == GATEWAY:
            return str(targets["webhook_url"])
        if target == SMS:
            return str(targets["receipt_url"])
        return str(targets["callback_url"]).replace("{channel}", target)

    def _nap_seconds(self) -> float:
        if len(self._flying) >= _AT_ONCE:
            return _LONGEST_NAP_SECONDS
        busy = list(self._flying)
        marks = ", ".join("?" for _ in busy)
        row = self.store.db.execute(
            f"""SELECT min(due_at) AS due FROM (SELECT min(due_at) AS due_at FROM later UNION ALL
                SELECT min(due_at) FROM notices WHERE state = 'queued' AND id NOT IN ({marks}))""",  # noqa: S608 - question marks
            busy,
        ).fetchone()
        if row["due"] is None:
            return _LONGEST_NAP_SECONDS
        # A notice behind an untried one of its subject is due, and must not make the loop spin; its landing wakes us.
        shortest = 0.1 if busy or self._away else 0.005
        return min(
            _LONGEST_NAP_SECONDS, max(shortest, self.clock.real_seconds(row["due"] - self.clock.now()))
        )

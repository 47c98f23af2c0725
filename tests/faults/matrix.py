"""The fault matrix: runs columns of cells on one installation, judges each cell, and draws the whole."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from gencharge.core import crash
from gencharge.processes import last_lines
from tests.faults.http import Answer, post
from tests.faults.market import OPENING_PAISE, Cell, Market
from tests.faults.rows import DELIVERED, REFUNDED, Column, Row
from tests.faults.site import Site

# Short enough that a matrix is over in minutes. The pools are large because cells wait inside transactions.
SETTINGS = {
    "OPERATOR_TIMEOUT_SECONDS": "0.5",
    "OPERATOR_CHECK_SECONDS": "[0.2, 0.5, 1]",
    "DATABASE_POOL_SIZE": "60",
    "DATABASE_POOL_TIMEOUT_SECONDS": "5",
}
PATIENCE_SECONDS = 60.0


class Matrix:
    """Cells, column by column."""

    def __init__(self, site: Site, market: Market, *, worker: str = "gencharge") -> None:
        self._site, self._market, self._worker = site, market, worker
        self.cells: list[Cell] = []
        # What is wrong with a column as a whole.
        self.problems: list[str] = []
        # How many cells stood at a column's point when the process died.
        self.stood: Counter[str] = Counter()

    async def run(self, rows: Sequence[Row], columns: Iterable[Column]) -> None:
        """Fill the cells of these rows and columns."""
        await self._market.open(rows)
        for column in columns:
            for start in range(0, len(rows), column.at_a_time):
                await self._wave(rows[start : start + column.at_a_time], column)

    async def _wave(self, rows: Sequence[Row], column: Column) -> None:
        site = self._site
        if "worker" in site.processes:
            site.kill("worker")  # a new one has no memory of which channel does well
        cells = self._market.admit(rows, column.title)
        armed = (
            {crash.VARIABLE: f"{column.point}:{1 if column.alone else len(cells)}"} if column.point else {}
        )
        if column.process == "serve":
            site.kill("serve")
            await asyncio.to_thread(site.start_api, **armed)
        if column.process != "worker":
            site.start_process("worker", program=self._worker)
        clients = [asyncio.create_task(self._client(cell)) for cell in cells]
        await self._strike(column, cells, clients, armed)
        await asyncio.gather(*clients)
        await self._drain(cells)
        await self._quiet(column)
        await asyncio.gather(*(self._once(cell) for cell in cells))
        self._judge(cells)
        self.cells += cells

    async def _strike(
        self,
        column: Column,
        cells: Sequence[Cell],
        clients: Sequence[asyncio.Task[None]],
        armed: dict[str, str],
    ) -> None:
        site = self._site
        if column.process == "serve":
            await self._death("serve", column)
            await asyncio.to_thread(site.start_api)
        elif column.process == "worker":
            await asyncio.gather(*clients)
            site.start_process("worker", program=self._worker, **armed)
            if column.point:
                await self._death("worker", column)
            else:
                await self._first_call(cells)
                await asyncio.sleep(column.after)
                site.kill("worker")
            self._pass_leases(cells)
            site.start_process("worker", program=self._worker)
        elif column.process:
            if column.after >= 1:
                await self._first_call(cells)
            else:
                await asyncio.sleep(column.after)
            await asyncio.to_thread(self._restart, column.process)

    def _restart(self, name: str) -> None:
        site = self._site
        if name == "sandbox":
            site.kill("sandbox")
            time.sleep(0.2)
            site.start_sandbox()
        else:
            site.postgres.kill()
            site.postgres.start()
            site.postgres.wait_ready()

    async def _death(self, name: str, column: Column) -> None:
        """Wait until the process has died at its point."""
        process, end = self._site.processes[name], time.monotonic() + 30
        while process.poll() is None:
            if time.monotonic() > end:
                self.problems.append(f"{column.title}: nobody came to {column.point}")
                self._site.kill(name)
                return
            await asyncio.sleep(0.02)
        del self._site.processes[name]
        words = last_lines(self._site.folder / f"{name}.log", 40)
        self.stood[column.title] += next(
            (
                int(word.split()[-2])
                for word in reversed(words)
                if word.startswith(f"crash at {column.point}")
            ),
            0,
        )

    async def _first_call(self, cells: Sequence[Cell]) -> None:
        channels = {channel for cell in cells for channel in cell.channels}
        references, end = self._references(cells), time.monotonic() + 20
        while time.monotonic() < end:
            seen = self._market.outside_rows("SELECT target, subject FROM seen")
            references = self._references(cells)
            if any(target in channels and subject in references for target, subject in seen):
                return
            await asyncio.sleep(0.02)

    def _references(self, cells: Sequence[Cell]) -> dict[str, str]:
        rows = self._market.rows(
            "SELECT reference, user_id::text FROM operator_references WHERE user_id = ANY(%s)",
            [cell.user_id for cell in cells],
        )
        return dict(rows)

    async def _client(self, cell: Cell) -> None:
        """A careful client: the same request with the same key until there is an answer that is not 5xx."""
        for _ in range(400):
            answer = await self._once(cell)
            if answer is not None and answer.status_code < 500:
                return
            await asyncio.sleep(0.1)
        cell.problems.append("the client never got an answer")

    async def _once(self, cell: Cell) -> Answer | None:
        headers = self._market.headers(cell) | {"Idempotency-Key": cell.key}
        answer = await post(self._site.port, "/v1/recharge/subscribe", headers, cell.body)
        if answer is not None and answer.status_code < 500:
            cell.answers.append(answer)
        return answer

    def _pass_leases(self, cells: Sequence[Cell]) -> None:
        """The time passes after which what a worker had taken is anybody's again."""
        self._market.rows(
            "UPDATE fulfilments SET leased_until = now() - interval '1 second'"
            " WHERE leased_until IS NOT NULL AND user_id = ANY(%s)",
            [cell.user_id for cell in cells],
        )

    async def _drain(self, cells: Sequence[Cell]) -> None:
        started, users = time.monotonic(), [cell.user_id for cell in cells]
        leases_at = started + 3
        while time.monotonic() < started + PATIENCE_SECONDS:
            try:
                under_way = self._market.rows(
                    "SELECT count(*) FROM recharges WHERE user_id = ANY(%s)"
                    " AND status IN ('payment_pending', 'processing', 'unknown')",
                    users,
                )
                if under_way == [(0,)]:
                    return
                if time.monotonic() > leases_at:
                    self._pass_leases(cells)
                    leases_at += 3
            finally:
                await asyncio.sleep(0.1)

    async def _quiet(self, column: Column) -> None:
        """Let an hour pass outside, so that every notice is tried again; all of them are to be taken."""
        self._market.control("PUT", "/sandbox/clock", {"advance_seconds": 3600})
        end = time.monotonic() + 15
        while queued := self._market.outside_rows(
            "SELECT event, last_answer FROM notices WHERE state = 'queued'"
        ):
            if time.monotonic() > end:
                self.problems.append(f"{column.title}: notices that nobody takes: {queued[:3]}")
                return
            await asyncio.sleep(0.05)

    def _judge(self, cells: Sequence[Cell]) -> None:
        """The customer has the plan or the money; nothing was taken or delivered twice; one key has one answer."""
        users = [cell.user_id for cell in cells]
        sold = self._market.rows(
            """
            SELECT recharges.user_id, id, recharges.status, active_plans.status, wallets.posted, wallets.held
            FROM recharges JOIN wallets USING (user_id)
            LEFT JOIN active_plans ON recharge_id = recharges.id AND active_plans.phone_number = recharges.phone_number
            WHERE recharges.user_id = ANY(%s)
            """,
            users,
        )
        ours = self._references(cells)
        outside = self._market.outside_rows(
            "SELECT subject, accepted, (SELECT count(*) FROM delivered WHERE channel = target AND reference = subject),"
            " phone_number FROM seen LEFT JOIN recharges ON channel = target AND reference = subject"
        )
        for cell in cells:
            mine = [row for row in sold if row[0] == cell.user_id]
            phone = cell.phone_number.removeprefix("+91")
            asked = [row for row in outside if row[3] == phone or ours.get(row[0]) == str(cell.user_id)]
            self._judge_one(cell, mine, asked, set(ours))

    def _judge_one(
        self,
        cell: Cell,
        mine: Sequence[tuple],  # type: ignore[type-arg]
        asked: Sequence[tuple],  # type: ignore[type-arg]
        ours: set[str],
    ) -> None:
        if len(mine) != 1:
            cell.problems.append(f"{len(mine)} recharges")
            return
        _, recharge_id, status, plan, posted, held = mine[0]
        spent, deliveries = OPENING_PAISE - posted, sum(row[2] for row in asked)
        has_plan = plan in {"active", "queued", "expired"}
        if status == "delivered" and has_plan and spent == cell.price and held == 0 and deliveries == 1:
            cell.outcome = DELIVERED
        elif status == "failed" and not has_plan and spent == 0 and held == 0 and deliveries == 0:
            cell.outcome = REFUNDED
        else:
            cell.problems.append(
                f"recharge {status}, plan {plan}, {spent} paise spent of {cell.price}, {held} held,"
                f" {deliveries} deliveries"
            )
        if cell.outcome and cell.outcome not in cell.row.ends:
            cell.problems.append(f"{cell.outcome}, not {' or '.join(cell.row.ends)}")
        cell.problems += [f"reference {row[0]} was accepted {row[1]} times" for row in asked if row[1] > 1]
        cell.problems += [f"reference {row[0]} is not ours" for row in asked if row[0] not in ours]
        told = {(answer.status_code, answer.content) for answer in cell.answers}
        if len(told) != 1 or cell.answers[-1].status_code != 201:
            cell.problems.append(f"one key, {len(told)} answers: {sorted(told)[:2]}")
        elif cell.answers[-1].json()["subscription_id"] != str(recharge_id):
            cell.problems.append("the answer names another recharge")
        elif cell.answers[-1].headers.get("idempotent-replayed") != "true":
            cell.problems.append("the repetition was not answered as one")

    @property
    def failures(self) -> list[str]:
        """What is wrong, a line each."""
        return self.problems + [
            f"{cell.row.step} / {cell.row.fault} x {cell.column}: {'; '.join(cell.problems)}"
            for cell in self.cells
            if cell.problems
        ]


def _mark(cell: Cell | None) -> str:
    if cell is None:
        return ""
    return "**FAIL**" if cell.problems else {DELIVERED: "plan", REFUNDED: "money"}[cell.outcome]


def as_markdown(cells: Sequence[Cell], stood: Mapping[str, int]) -> str:
    """The matrix as a table; columns are numbered, their titles follow. `plan` and `money`: what the customer has."""
    rows = list(dict.fromkeys(cell.row for cell in cells))
    columns = list(dict.fromkeys(cell.column for cell in cells))
    found = {(cell.row, cell.column): cell for cell in cells}
    lines = [
        f"| step | fault | {' | '.join(str(number + 1) for number in range(len(columns)))} |",
        f"|---|---|{'---|' * len(columns)}",
    ]
    lines += [
        f"| {row.step} | {row.fault} | {' | '.join(_mark(found.get((row, column))) for column in columns)} |"
        for row in rows
    ]
    titles = [f"{title} ({stood[title]} stood there)" if title in stood else title for title in columns]
    return "\n".join([*lines, "", *(f"{number}. {title}" for number, title in enumerate(titles, 1))])

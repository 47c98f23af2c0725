"""The fault matrix: runs columns of cells on one installation, judges each cell, and draws the whole."""

from __future__ import annotations

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

import httpx

from gencharge.core import faultpoints
from gencharge.payments.status_checks_service import PAID
from gencharge.run.processes import last_lines
from tests.faults.http import Answer, post
from tests.faults.market import OPENING_PAISE, Cell, Market
from tests.faults.rows import CREDITED, CREDITED_TO_WALLET, DELIVERED, REFUNDED, RETURNED, UNPAID, Column, Row
from tests.faults.site import Site

# Short enough that a matrix is over in minutes. The pools are large because cells wait inside transactions.
SETTINGS = {
    "OPERATOR_TIMEOUT_SECONDS": "0.5",
    "OPERATOR_CHECK_SECONDS": "[0.2, 0.5, 1]",
    "PAYMENT_TIMEOUT_SECONDS": "0.5",
    "PAYMENT_CHECK_SECONDS": "[0.5, 0.5, 1]",
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
            {faultpoints.VARIABLE: f"{column.point}:{1 if column.alone else len(cells)}"}
            if column.point
            else {}
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
        """A careful client: the same request with the same key until it has an answer; then the payment, if it is due."""
        if not await self._until_answered(cell) or cell.answers[-1].status_code != 201:
            return
        reply = cell.answers[-1].json()
        due = reply if "order_id" in reply else reply.get("payment")
        if due is None:
            return
        await asyncio.to_thread(self._pay, due["order_id"])
        if cell.row.journey == "source":
            await self._send_back(cell, due["payment_id"])

    async def _until_answered(self, cell: Cell) -> bool:
        for _ in range(600):
            answer = await self._once(cell)
            if answer is not None and _is_final(answer):
                return True
            await asyncio.sleep(0.1)
        cell.problems.append("the client never got an answer")
        return False

    async def _once(self, cell: Cell) -> Answer | None:
        headers = self._market.headers(cell) | {"Idempotency-Key": cell.key}
        answer = await post(self._site.port, cell.path, headers, cell.body)
        if answer is not None and _is_final(answer):
            cell.answers.append(answer)
        return answer

    def _pay(self, order_id: str) -> None:
        """The customer pays in the checkout; if it breaks off, they look again and find it paid, or pay."""
        for _ in range(100):
            try:
                httpx.post(
                    f"{self._site.sandbox_url}/sandbox/orders/{order_id}/pay",
                    json={"method": "upi"},
                    timeout=5,
                    trust_env=False,
                )
            except httpx.TransportError:
                time.sleep(0.1)
            else:
                return

    async def _send_back(self, cell: Cell, payment_id: str) -> None:
        """The staff send the top-up back to its source as soon as it is there."""
        path = f"/v1/payments/admin/{cell.user_id}/{payment_id}/refunds"
        for _ in range(300):
            headers = self._market.staff_headers(cell) | {"Idempotency-Key": cell.key}
            answer = await post(self._site.port, path, headers, {"reason": "by mistake"})
            if answer is not None and answer.status_code == 201:
                return
            await asyncio.sleep(0.1)
        cell.problems.append(f"could not be sent back: {answer.content[:200] if answer else 'no answer'!r}")

    def _pass_leases(self, cells: Sequence[Cell]) -> None:
        """The time passes after which what a process had taken is anybody's again."""
        for table in ("fulfilments", "payments", "refunds"):
            self._market.rows(
                f"UPDATE {table} SET leased_until = now() - interval '1 second'"
                " WHERE leased_until IS NOT NULL AND user_id = ANY(%s)",
                [cell.user_id for cell in cells],
            )

    async def _drain(self, cells: Sequence[Cell]) -> None:
        started = time.monotonic()
        leases_at = started + 3
        while time.monotonic() < started + PATIENCE_SECONDS:
            if not self._under_way(cells):
                return
            if time.monotonic() > leases_at:
                self._pass_leases(cells)
                leases_at += 3
            await asyncio.sleep(0.1)
        self.problems.append(f"not drained: {self._left(cells)}")

    def _left(self, cells: Sequence[Cell]) -> list[tuple]:  # type: ignore[type-arg]
        return self._market.rows(
            "SELECT recharges.status, fulfilments.state, attempt, asked, last_error FROM recharges"
            " LEFT JOIN fulfilments ON fulfilments.user_id = recharges.user_id AND recharge_id = id"
            " WHERE recharges.user_id = ANY(%s) AND recharges.status NOT IN ('delivered', 'failed')",
            [cell.user_id for cell in cells],
        )

    def _under_way(self, cells: Sequence[Cell]) -> bool:
        users = [cell.user_id for cell in cells]
        ((recharges, refunds),) = self._market.rows(
            "SELECT (SELECT count(*) FROM recharges WHERE user_id = ANY(%s) AND status IN ('processing', 'unknown')),"
            " (SELECT count(*) FROM refunds WHERE user_id = ANY(%s) AND next_attempt_at IS NOT NULL)",
            users,
            users,
        )
        if recharges or refunds or self._market.outside_rows("SELECT 1 FROM later LIMIT 1"):
            return True
        tries = self._tries()
        return any(
            any(captured for captured, _ in tries.get(order, ()))
            and (payment not in PAID or recharge == "payment_pending")
            for order, payment, recharge in self._market.rows(
                "SELECT order_id, payments.status, recharges.status FROM payments LEFT JOIN recharges"
                " ON recharges.user_id = payments.user_id AND id = reference_id WHERE payments.user_id = ANY(%s)",
                users,
            )
        )

    def _tries(self) -> dict[str, list[tuple[int, int]]]:
        """By order: of each try to pay it, how many paise were captured, and how many went back."""
        amounts = defaultdict(list)
        for order, captured, back in self._market.outside_rows(
            "SELECT order_id, captured * amount, (SELECT coalesce(sum(amount), 0) FROM refunds"
            " WHERE payment_id = payments.id AND status = 'processed') FROM payments"
        ):
            amounts[order].append((captured, back))
        return amounts

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
        wallets = {
            row[0]: row[1:]
            for row in self._market.rows(
                "SELECT user_id, posted, held FROM wallets WHERE user_id = ANY(%s)", users
            )
        }
        sold, paid = defaultdict(list), defaultdict(list)
        for user_id, *recharge in self._market.rows(
            "SELECT recharges.user_id, id, recharges.status, active_plans.status FROM recharges LEFT JOIN active_plans"
            " ON recharge_id = id AND active_plans.phone_number = recharges.phone_number WHERE recharges.user_id = ANY(%s)",
            users,
        ):
            sold[user_id].append(recharge)
        for user_id, receipt in self._market.rows(
            "SELECT user_id, payment_id::text FROM payments WHERE user_id = ANY(%s)", users
        ):
            paid[user_id].append(receipt)
        tries, orders = self._tries(), self._market.outside_rows("SELECT receipt, id FROM orders")
        ours = self._references(cells)
        outside = self._market.outside_rows(
            "SELECT subject, accepted, (SELECT count(*) FROM delivered WHERE channel = target AND reference = subject),"
            " phone_number FROM seen LEFT JOIN recharges ON channel = target AND reference = subject"
            " WHERE target <> 'gateway'"
        )
        for cell in cells:
            # Every order with one of our receipts counts, even one that no webhook announced.
            amounts = [
                each for receipt, order in orders if receipt in paid[cell.user_id] for each in tries[order]
            ]
            spent = (
                OPENING_PAISE + sum(captured - back for captured, back in amounts) - wallets[cell.user_id][0]
            )
            phone = cell.phone_number.removeprefix("+91")
            asked = [row for row in outside if row[3] == phone or ours.get(row[0]) == str(cell.user_id)]
            if wallets[cell.user_id][1]:
                cell.problems.append(f"{wallets[cell.user_id][1]} paise are still held")
            if cell.path.endswith("topups"):
                self._judge_topup(cell, amounts, spent)
            else:
                self._judge_recharge(cell, sold[cell.user_id], spent, sum(row[2] for row in asked))
            if cell.outcome and cell.outcome not in cell.row.ends:
                cell.problems.append(f"{cell.outcome}, not {' or '.join(cell.row.ends)}")
            cell.problems += [
                f"reference {row[0]} was accepted {row[1]} times" for row in asked if row[1] > 1
            ]
            cell.problems += [f"reference {row[0]} is not ours" for row in asked if row[0] not in ours]
            self._judge_answers(cell)

    def _judge_recharge(self, cell: Cell, sold: Sequence[list], spent: int, deliveries: int) -> None:  # type: ignore[type-arg]
        """`spent`: what is neither in the wallet nor back at its source."""
        _, status, plan = sold[0] if sold else (None, "none", None)
        has_plan = plan in {"active", "queued", "expired"}
        if len(sold) > 1:
            cell.problems.append(f"{len(sold)} recharges")
        elif status == "delivered" and has_plan and spent == cell.price and deliveries == 1:
            cell.outcome = DELIVERED
        elif status in {"failed", "none"} and not has_plan and spent == 0 and deliveries == 0:
            cell.outcome = REFUNDED
        elif (
            status == "payment_pending"
            and cell.row.fault == "decline"
            and cell.row.step == "order"
            and not spent
        ):
            cell.outcome = REFUNDED  # the repetition made an order that nobody pays
        else:
            cell.problems.append(
                f"recharge {status}, plan {plan}, {spent} paise spent of {cell.price}, {deliveries} deliveries"
            )

    def _judge_topup(self, cell: Cell, tries: Sequence[tuple[int, int]], spent: int) -> None:
        captured, back = (sum(each[part] for each in tries) for part in (0, 1))
        if spent:
            cell.problems.append(f"{spent} paise are nowhere: {captured} captured, {back} sent back")
        elif cell.row.journey == "source":
            cell.outcome = RETURNED if captured == back == cell.price else CREDITED_TO_WALLET
        else:
            cell.outcome = CREDITED if captured == cell.price else UNPAID
        if captured > cell.price:
            cell.problems.append(f"{captured} paise were captured of {cell.price}")

    def _judge_answers(self, cell: Cell) -> None:
        """One key has one answer: to the byte if the wallet pays, the same recharge and order if a gateway does."""
        good = [answer for answer in cell.answers if answer.status_code == 201]
        bodies = [answer.json() for answer in good]
        if cell.row.journey == "wallet":
            contents = {answer.content for answer in good}
        else:
            contents = {
                f"{each.get('subscription_id')} {(each.get('payment') or each)['order_id']}".encode()
                for each in bodies
            }
        if not cell.answers or cell.answers[-1].status_code != 201:
            cell.problems.append(
                f"answered {cell.answers[-1].content[:200] if cell.answers else b''!r} in the end"
            )
        elif len(contents) != 1 or (len(good) > 1 and good[-1].headers.get("idempotent-replayed") != "true"):
            cell.problems.append(f"one key, {len(contents)} answers: {sorted(contents)[:2]}")

    @property
    def failures(self) -> list[str]:
        """What is wrong, a line each."""
        return self.problems + [
            f"{cell.row.journey}: {cell.row.step} / {cell.row.fault} x {cell.column}: {'; '.join(cell.problems)}"
            for cell in self.cells
            if cell.problems
        ]


def _is_final(answer: Answer) -> bool:
    """Not what says: try again."""
    return answer.status_code < 500 and b"idempotency_in_progress" not in answer.content


def _mark(cell: Cell | None) -> str:
    if cell is None:
        return ""
    return "**FAIL**" if cell.problems else cell.outcome


def as_markdown(cells: Sequence[Cell], stood: Mapping[str, int]) -> str:
    """The matrix as a table; columns are numbered, their titles follow. `plan` and `money`: what the customer has."""
    rows = list(dict.fromkeys(cell.row for cell in cells))
    columns = list(dict.fromkeys(cell.column for cell in cells))
    by_place = {(cell.row, cell.column): cell for cell in cells}
    lines = [
        f"| paid by | step | fault | {' | '.join(str(number + 1) for number in range(len(columns)))} |",
        f"|---|---|---|{'---|' * len(columns)}",
    ]
    lines += [
        f"| {row.journey} | {row.step} | {row.fault} | {' | '.join(_mark(by_place.get((row, column))) for column in columns)} |"
        for row in rows
    ]
    titles = [f"{title} ({stood[title]} stood there)" if title in stood else title for title in columns]
    return "\n".join([*lines, "", *(f"{number}. {title}" for number, title in enumerate(titles, 1))])

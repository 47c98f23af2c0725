"""The client for asyncio: `async with AsyncGenCharge("https://api.example") as client`. Tasks may share it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Any, Self, TypeVar
from uuid import UUID

import httpx
from pydantic import BaseModel

from gencharge_client import calls
from gencharge_client.calls import Call
from gencharge_client.exchange import Outcome, Renew, Send, Session, Step, exchange
from gencharge_client.models import (
    BoughtPlanOut,
    CodeSent,
    LookupOut,
    PlanOut,
    Quote,
    QuoteOut,
    RechargeOut,
    Subscribe,
    SubscriptionOut,
    TimelineOut,
    TokensOut,
    TopUp,
    TopUpOut,
    TransactionOut,
    WalletOut,
)
from gencharge_client.paging import Page
from gencharge_client.retries import Retries

T = TypeVar("T", bound=BaseModel | None)
Item = TypeVar("Item")


class AsyncGenCharge:
    """Calls of a customer or partner. `send` takes any other call of the API.

    Every call raises ApiError if the API refuses it, and NoAnswer if no answer came.
    """

    def __init__(
        self,
        base_url: str,
        *,
        access_token: str | None = None,
        refresh_token: str | None = None,
        retries: Retries | None = None,
        http: httpx.AsyncClient | None = None,
    ) -> None:
        """`http` is a client of your own, with its base address, proxies and time-outs; the caller closes it."""
        self.session = Session(access_token, refresh_token)
        self._retries = retries or Retries()
        self._own = http is None
        self._http = http or httpx.AsyncClient(base_url=base_url, timeout=30)
        self._renewing = asyncio.Lock()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Give the connections back."""
        if self._own:
            await self._http.aclose()

    async def send(self, call: Call[T]) -> T:
        """The answer to any call: `await client.send(Call("GET", "/v1/users/me", UserOut))`."""
        steps = exchange(call, http=self._http, session=self.session, retries=self._retries)
        outcome: Outcome = None
        while True:
            try:
                step = steps.send(outcome)
            except StopIteration as end:
                answer: T = end.value
                return answer
            outcome = await self._do(step)

    def items(self, call: Call[Any], item: type[Item]) -> AsyncIterator[Item]:
        """What all pages of any list have; the next page is read when it is needed. `item` says of which class they are."""
        del item
        return self._items(call)

    async def _items(self, call: Call[Any]) -> AsyncIterator[Any]:
        while True:
            page: Page = await self.send(call)
            for one in page.items:
                yield one
            if page.next_cursor is None:
                return
            call = call.after(page.next_cursor)

    async def _do(self, step: Step) -> Outcome:
        if isinstance(step, Send):
            try:
                return await self._http.send(step.request)
            except httpx.TransportError as error:
                return error
        if isinstance(step, Renew):
            async with self._renewing:
                # Another task may have done it while this one waited.
                if self.session.access_token == step.access_token and self.session.refresh_token:
                    self.session.take(await self.send(calls.refresh(self.session.refresh_token)))
            return None
        await asyncio.sleep(step.seconds)
        return None

    async def send_code(self, phone_number: str, *, sign_up: bool = False) -> CodeSent:
        """Have a code sent to the number: by SMS, to a customer, or with `sign_up` to a new one."""
        return await self.send(calls.send_code(phone_number, sign_up=sign_up))

    async def sign_in(
        self, phone_number: str, code: str, challenge_id: str, *, sign_up: bool = False
    ) -> TokensOut:
        """Sign in with the code that `send_code` sent and the `challenge_id` that it answered. This client then goes on with the tokens."""
        tokens = await self.send(calls.sign_in(phone_number, code, challenge_id, sign_up=sign_up))
        self.session.take(tokens)
        return tokens

    async def sign_out(self) -> None:
        """End the session."""
        await self.send(calls.sign_out())
        self.session.access_token = self.session.refresh_token = None

    async def plan(self, plan_id: UUID | str) -> PlanOut:
        """One plan."""
        return await self.send(calls.plan(plan_id))

    def plans(self, **filters: Any) -> AsyncIterator[PlanOut]:
        """What is on sale: `operator="JIO"`, `search="1.5 GB"`, `sort="price"`."""
        return self._items(calls.plans(filters))

    async def look_up(self, phone_number: str) -> LookupOut:
        """Whose number it is, as far as it is known: a hint, because numbers are portable."""
        return await self.send(calls.look_up(phone_number))

    async def quote(self, command: Quote) -> QuoteOut:
        """What a recharge would cost, and when it would start."""
        return await self.send(calls.quote(command))

    async def recharge(self, command: Subscribe, *, idempotency_key: str | None = None) -> SubscriptionOut:
        """Recharge a number. Every try has the same key, so it happens once; keep a key of your own to try again tomorrow."""
        return await self.send(calls.recharge(command, idempotency_key))

    async def recharge_by_id(self, recharge_id: UUID | str) -> RechargeOut:
        """One recharge as it is now."""
        return await self.send(calls.recharge_by_id(recharge_id))

    async def timeline(self, recharge_id: UUID | str) -> TimelineOut:
        """What happened to a recharge so far, and whom it waits for."""
        return await self.send(calls.timeline(recharge_id))

    def recharges(self, **filters: Any) -> AsyncIterator[RechargeOut]:
        """My recharges, the newest first."""
        return self._items(calls.recharges(filters))

    def bought_plans(self, **filters: Any) -> AsyncIterator[BoughtPlanOut]:
        """Plans of my numbers: `status="queued"`, `plan_id=...`."""
        return self._items(calls.bought_plans(filters))

    async def wallet(self) -> WalletOut:
        """The balance."""
        return await self.send(calls.wallet())

    async def top_up(self, command: TopUp, *, idempotency_key: str | None = None) -> TopUpOut:
        """Begin to put money into the wallet: the answer has what the checkout needs."""
        return await self.send(calls.top_up(command, idempotency_key))

    def transactions(self, **filters: Any) -> AsyncIterator[TransactionOut]:
        """What moved the balance, the newest first."""
        return self._items(calls.transactions(filters))

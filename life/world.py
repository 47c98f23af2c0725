"""What a life is lived in: the stores, the gateway and the operators, and who acts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol
from uuid import UUID

import httpx

from gencharge import wiring
from gencharge.admins import service as admins
from gencharge.channels.service import OperatorClient
from gencharge.core import telemetry
from gencharge.core.events.relay import Relay
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.core.telemetry import RequestContext
from gencharge.core.values.ids import new_id
from gencharge.delivery.loop import Dispatcher
from gencharge.directory import service as directory
from gencharge.payments.context import PaymentContext
from gencharge.payments.loop import PaymentChecks, RefundSender
from gencharge.payments.razorpay import Razorpay
from gencharge.recharge.choice_service import Market
from gencharge.sessions.tokens import Principal

# Nobody listens there: requests go to the application behind the transport.
_BASE: Final = "http://outside.invalid"
# Of the documentation range (RFC 5737).
_CUSTOMERS_ADDRESS, _OFFICE_ADDRESS = "203.0.113.{}", "198.51.100.7"
# The sample admins come three to a role.
SUPER_ADMIN, MANAGER, SECOND_MANAGER, SUPPORT, CONTENT_EDITOR = 1, 4, 5, 7, 10
_ACTIVE: Final = (SUPER_ADMIN, MANAGER, SECOND_MANAGER, SUPPORT, CONTENT_EDITOR)
_ROLES: Final = ("SuperAdmin", "Manager", "Support", "ContentEditor", "Viewer")


class Outside(Protocol):
    """The gateway and the operators of a life: a sandbox in this process."""

    @property
    def transport(self) -> httpx.AsyncBaseTransport:
        """Takes the calls to the gateway, to the operators and to the sandbox's own control routes."""

    def take_webhooks(self) -> list[tuple[str, bytes]]:
        """The gateway's webhooks that nobody has taken yet, in order: event id and body. Each is handed out once."""


@dataclass(slots=True)
class World:
    """One life's connections. Close it."""

    stores: Stores
    outside: Outside
    control: httpx.AsyncClient
    operators: OperatorClient
    payments: PaymentContext
    relay: Relay
    dispatcher: Dispatcher
    checks: PaymentChecks
    refunds: RefundSender
    staff: dict[int, Principal]
    ends_at: datetime
    # Operators whose recharges go over their API by now.
    over_api: set[str]
    # Where offers are chosen from; None: recharges are sold without.
    market: Market | None = None

    @classmethod
    async def open(cls, stores: Stores, outside: Outside, ends_at: datetime) -> World:
        """The clients of a life that goes on until `ends_at`; the sample admins exist."""
        settings, transport = stores.settings, outside.transport
        operators = OperatorClient(settings, transport=transport)
        payments = PaymentContext(settings, stores.database, _gateway(settings, transport))
        return cls(
            stores=stores,
            outside=outside,
            control=httpx.AsyncClient(transport=transport, base_url=_BASE),
            operators=operators,
            payments=payments,
            relay=Relay(stores, wiring.LISTENERS),
            dispatcher=Dispatcher(stores, operators),
            checks=PaymentChecks(payments),
            refunds=RefundSender(payments),
            staff={number: await _admin(stores, number) for number in _ACTIVE},
            ends_at=ends_at,
            over_api=set(),
        )

    async def close(self) -> None:
        """Close the clients; the stores stay open."""
        await self.control.aclose()
        await self.operators.close()
        await self.payments.gateway.close()


def _gateway(settings: Settings, transport: httpx.AsyncBaseTransport) -> Razorpay:
    class GatewayInside(Razorpay):
        """The gateway behind `transport`."""

    GatewayInside.transport = transport
    return GatewayInside(settings)


async def _admin(stores: Stores, number: int) -> Principal:
    phone_number = f"+91{admins.FIRST_ADMIN_PHONE + number - 1}"
    owner = await stores.database.run(lambda db: directory.phone_owner(db, phone_number))
    assert owner is not None, "the sample admins were seeded"
    role = _ROLES[(number - 1) // admins.ADMINS_PER_ROLE]
    return Principal(user_id=owner[1], kind="admin", session_id=new_id(), role=role)


@contextmanager
def acting(kind: str, actor_id: UUID, number: int) -> Iterator[None]:
    """Within the block, `actor_id` is who asked: every event says so, and the audit trail keeps it."""
    before = telemetry.context()
    address = _OFFICE_ADDRESS if kind == "admin" else _CUSTOMERS_ADDRESS.format(number % 250 + 1)
    telemetry.set_context(
        RequestContext(request_id=new_id().hex, address=address, actor_kind=kind, actor_id=str(actor_id))
    )
    try:
        yield
    finally:
        telemetry.set_context(before)

"""The life of one customer, step by step, over every channel: what was sold and paid, and what the history should say."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID, uuid4

from gencharge.core.events import events
from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import new_id
from gencharge.core.values.money import Money
from gencharge.payments import refunds_crud
from gencharge.payments.models import PaymentPurpose
from gencharge.payments.outcomes import CaptureOutcome
from gencharge.recharge import lifecycle_crud, staff_service
from gencharge.recharge.models import DeliverOutcome, FailOutcome, PayOutcome
from gencharge.recharge.staff_schemas import RechargeRefundOut, RefundRecharge
from gencharge.wallet import service as wallet
from gencharge.wallet.models import Account, Code
from tests.make.many_rows import ALL
from tests.make.money import buy, make_customer, make_number
from tests.make.payments import PaymentRow, add_payment
from tests.make.recharge import place
from tests.make.wallet import credit, debit

PRICE = 29_900
API, INTERNAL = "JIO", "AIRTEL"


@dataclass(slots=True)
class Row:
    """What a row of the history should say. Amounts in paise."""

    category: str
    status: str
    amount: int
    change: int
    held: int = 0

    def tuple(self) -> tuple[str, str, int, int, int]:
        """For comparing."""
        return self.category, self.status, self.amount, self.change, self.held


@dataclass(slots=True)
class Sale:
    """A recharge, and how far it is: placed, processing, delivered, failed or refunded."""

    recharge_id: UUID
    operator: str
    from_wallet: int
    from_gateway: int
    state: str
    row: Row | None = None
    payment: PaymentRow | None = None
    captured: bool = False
    is_announced: bool = False  # the capture's event has reached the recharge
    left: int = PRICE  # what can still be refunded
    to_source: int = 0


@dataclass(slots=True)
class Returning:
    """Money on its way back to its source."""

    refund_id: UUID
    amount: int
    row: Row
    of_recharge: bool


@dataclass(slots=True)
class Life:
    """One customer. `rows` is the history that there should be, oldest first."""

    stores: Stores
    plans: dict[str, UUID]
    user_id: UUID = field(default_factory=uuid4)
    rows: list[Row] = field(default_factory=list)
    sales: list[Sale] = field(default_factory=list)
    topups: list[PaymentRow] = field(default_factory=list)
    returning: list[Returning] = field(default_factory=list)

    async def begin(self, rupees: int) -> None:
        """The customer comes, with an opening balance."""
        self.user_id = await make_customer(self.stores, rupees)
        self._add("opening", "completed", rupees * 100, rupees * 100)

    @property
    def balance(self) -> int:
        """What can be spent."""
        return sum(row.change for row in self.rows)

    def waiting(self, step: str) -> list[Sale]:
        """The recharges that this can happen to next: capture, announce, deliver, fail or refund."""
        return [
            sale
            for sale in self.sales
            if {
                "capture": sale.payment is not None and not sale.captured,
                "announce": sale.captured and not sale.is_announced,
                "deliver": sale.state == "processing",
                "fail": sale.state in {"placed", "processing"},
                "refund": sale.state == "delivered",
            }[step]
        ]

    def _add(self, category: str, status: str, amount: int, change: int, held: int = 0) -> Row:
        row = Row(category, status, amount, change, held)
        self.rows.append(row)
        return row

    async def top_up(self, paise: int) -> None:
        """Money comes through the gateway, unless the wallet's limits send it back."""
        payment = await add_payment(self.stores, paise, user_id=self.user_id)
        if await payment.capture(paise) is CaptureOutcome.CAPTURED:
            self.topups.append(payment)
            self._add("topup", "completed", paise, paise)

    async def reward(self, paise: int) -> None:
        """A cashback."""
        await credit(self.stores, self.user_id, paise, str(uuid4()))
        self._add("cashback", "completed", paise, paise)

    async def adjust(self, paise: int) -> None:
        """The staff take money away, as far as it is there, or add some."""
        if -paise > self.balance:
            return
        key = str(uuid4())
        if paise > 0:
            values = {"source_account": Account.ADJUSTMENT, "code": Code.ADJUSTMENT}
            await credit(self.stores, self.user_id, paise, key, **values)
        else:
            values = {"target_account": Account.ADJUSTMENT, "code": Code.ADJUSTMENT}
            await debit(self.stores, self.user_id, -paise, key, **values)
        self._add("adjustment", "completed", abs(paise), paise)

    async def buy(self, operator: str) -> None:
        """A recharge from the wallet."""
        if self.balance < PRICE:
            return
        number = await make_number(self.stores, operator)
        sold = await buy(self.stores, self.user_id, number, self.plans[operator], confirm_duplicate=True)
        sale = Sale(sold.answer.recharge_id, operator, PRICE, 0, "delivered")
        if operator == API:
            sale.state = "processing"
            sale.row = self._add("recharge", "pending", PRICE, -PRICE, PRICE)
        else:
            sale.row = self._add("recharge", "completed", PRICE, -PRICE)
        self.sales.append(sale)

    async def place(self, operator: str, from_wallet: int) -> None:
        """A recharge that a gateway pays, or what the wallet does not pay of it."""
        if self.balance < from_wallet:
            return
        recharge_id, rest = new_id(), PRICE - from_wallet
        number = await make_number(self.stores, operator)
        payment = await add_payment(
            self.stores,
            rest,
            user_id=self.user_id,
            purpose=PaymentPurpose.RECHARGE,
            reference_id=recharge_id,
            phone_number=number,
            service_type="prepaid",
            operator=operator,
        )
        placed = await place(
            self.stores,
            self.user_id,
            number,
            self.plans[operator],
            recharge_id=recharge_id,
            payment_id=payment.payment_id,
            confirmed=True,
            wallet_amount=from_wallet,
            gateway_amount=rest,
        )
        assert placed.sale is not None, placed.outcome
        sale = Sale(recharge_id, operator, from_wallet, rest, "placed", payment=payment)
        if from_wallet:
            sale.row = self._add("recharge", "pending", from_wallet, -from_wallet, from_wallet)
        self.sales.append(sale)

    async def capture(self, sale: Sale) -> None:
        """The gateway has the money for a recharge, in time or late."""
        if sale.payment is None or sale.captured:
            return
        assert await sale.payment.capture(sale.from_gateway) is CaptureOutcome.CAPTURED
        sale.captured = True
        if sale.row is None:
            sale.row = self._add("recharge", "pending", sale.from_gateway, 0, sale.from_gateway)
        else:
            sale.row.amount += sale.from_gateway
            sale.row.held += sale.from_gateway

    async def announce(self, sale: Sale) -> None:
        """The capture's event reaches the recharge."""
        if not sale.captured or sale.is_announced:
            return
        context = events.context_json()
        outcome = await self.stores.database.run(
            lambda db: lifecycle_crud.pay(db, self.user_id, sale.recharge_id, context=context)
        )
        sale.is_announced = True
        assert sale.row is not None
        if sale.state == "failed":
            assert outcome is PayOutcome.RETURNED
            sale.row.held, sale.row.status = 0, "failed"
            self._add("refund", "completed", sale.from_gateway, sale.from_gateway)
        elif sale.operator == INTERNAL:
            assert outcome is PayOutcome.DELIVERED
            self._delivered(sale)
        else:
            assert outcome is PayOutcome.QUEUED
            sale.state = "processing"

    async def deliver(self, sale: Sale) -> None:
        """The operator has delivered."""
        if sale.state != "processing":
            return
        outcome = await self.stores.database.run(
            lambda db: lifecycle_crud.deliver(
                db,
                self.user_id,
                sale.recharge_id,
                operator_reference=None,
                channel="jio-first",
                commission=300,
                context=events.context_json(),
            )
        )
        assert outcome is DeliverOutcome.DELIVERED
        self._delivered(sale)

    def _delivered(self, sale: Sale) -> None:
        assert sale.row is not None
        sale.state, sale.row.status, sale.row.held = "delivered", "completed", 0

    async def fail(self, sale: Sale) -> None:
        """The operator has refused, or nobody paid in time."""
        if sale.state not in {"placed", "processing"}:
            return
        outcome = await self.stores.database.run(
            lambda db: lifecycle_crud.fail(
                db, self.user_id, sale.recharge_id, reason="refused", context=events.context_json()
            )
        )
        assert outcome is FailOutcome.FAILED
        paid_in_time, sale.state = sale.state == "processing" and sale.payment is not None, "failed"
        if sale.row is None:
            return
        sale.row.change = 0
        sale.row.held = sale.from_gateway if sale.captured and not paid_in_time else 0
        if sale.from_wallet or paid_in_time:
            sale.row.status = "failed"
        if paid_in_time:
            self._add("refund", "completed", sale.from_gateway, sale.from_gateway)

    async def refund(self, sale: Sale, paise: int, *, to_source: bool) -> None:
        """The staff take a delivered recharge back, in part or as a whole."""
        paise = min(paise, sale.left, sale.from_gateway - sale.to_source if to_source else PRICE)
        if sale.state != "delivered" or paise <= 0 or (to_source and sale.payment is None):
            return
        command = RefundRecharge.model_validate(
            {
                "amount": str(Money(paise)),
                "destination": "source" if to_source else "wallet",
                "reason": "Asked for",
            }
        )
        refunded = await self.stores.database.run(
            lambda db: staff_service.refund(
                db, ALL, self.user_id, sale.recharge_id, command, key=str(uuid4()), alone_limit=10**6
            )
        )
        assert isinstance(refunded.answer, RechargeRefundOut)
        sale.left -= paise
        sale.state = "delivered" if sale.left else "refunded"
        if to_source:
            sale.to_source += paise
            row = self._add("refund", "pending", paise, 0, paise)
            self.returning.append(Returning(refunded.answer.refund_id, paise, row, of_recharge=True))
        else:
            self._add("refund", "completed", paise, paise)

    async def send_back(self, topup: PaymentRow, paise: int) -> None:
        """The staff send a top-up back to its source, as far as the wallet has it."""
        before = {refund.refund_id for refund in await topup.refunds()}
        outcome = await topup.begin_refund(paise)
        begun = [refund for refund in await topup.refunds() if refund.refund_id not in before]
        assert (outcome == "created") is bool(begun)
        for refund in begun:
            row = self._add("source_refund", "pending", paise, -paise, paise)
            self.returning.append(Returning(refund.refund_id, paise, row, of_recharge=False))

    async def end_refund(self, back: Returning, *, paid: bool) -> None:
        """The gateway has paid a refund out, or can't."""
        self.returning.remove(back)
        await self.stores.database.run(
            lambda db: refunds_crud.end(
                db, user_id=self.user_id, refund_id=back.refund_id, paid=paid, gateway_refund_id=None
            )
        )
        back.row.held = 0
        back.row.status = "completed" if paid or back.of_recharge else "failed"
        if not paid:
            back.row.change += back.amount

    async def pay_out(self) -> None:
        """What is left is paid out."""
        paise = self.balance
        if paise:
            await self.stores.database.run(
                lambda db: wallet.debit(
                    db,
                    self.user_id,
                    Money(paise),
                    target_account=Account.PAYOUT,
                    code=Code.PAYOUT,
                    key=str(uuid4()),
                )
            )
            self._add("payout", "completed", paise, -paise)

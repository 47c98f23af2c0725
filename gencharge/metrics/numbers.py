"""The metrics of this room. Labels are states, kinds, operators and channels; none names a customer. Amounts are in paise.

Gauges and the counters of recharges are the same whichever worker is asked; take the `max` over workers. The other counters are of one
process; take the `sum`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from prometheus_client import REGISTRY, Counter, Gauge
from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector

TOPUPS: Final = Counter("gencharge_topups_total", "Top-ups whose payment was captured", ["method"])
TOPUPS_PAISE: Final = Counter("gencharge_topups_paise_total", "Sum of these top-ups in paise", ["method"])
PAYMENTS_FAILED: Final = Counter(
    "gencharge_payments_failed_total", "Payments that were declined or abandoned", ["purpose"]
)
SIGN_UPS: Final = Counter("gencharge_sign_ups_total", "New customers")
SIGN_INS: Final = Counter("gencharge_sign_ins_total", "Sign-ins", ["kind"])
AUTOPAYS: Final = Counter(
    "gencharge_autopays_total",
    "Ends of automatic recharges: done, failed, or failed and tried again",
    ["outcome"],
)
QUEUE_AGE: Final = Gauge(
    "gencharge_queue_age_seconds", "For how long the oldest entry has been due; 0: nothing is", ["queue"]
)
PARKED: Final = Gauge("gencharge_parked_deliveries", "Parked deliveries of events, at most 10,000")
WORK: Final = Gauge(
    "gencharge_work_items", "What waits for a person of the staff, at most 500 of a kind", ["kind"]
)
WORK_AGE: Final = Gauge(
    "gencharge_work_oldest_seconds", "For how long the oldest of them has waited; 0: nothing does", ["kind"]
)
WALLETS: Final = Gauge("gencharge_wallets", "Wallets, counted every ten minutes")
WALLETS_PAISE: Final = Gauge(
    "gencharge_wallets_paise", "Money in all wallets, by whether it is held", ["part"]
)
LEDGER_CHECKED: Final = Gauge(
    "gencharge_ledger_checked_timestamp_seconds",
    "When the ledger was last checked at night (Unix time); 0: never",
)
LEDGER_UNCHECKED_SINCE: Final = Gauge(
    "gencharge_ledger_unchecked_since_timestamp_seconds",
    "When the ledger was last checked at night, before the first night when a worker first looked (Unix time)",
)
LEDGER_BREACHES: Final = Gauge("gencharge_ledger_breaches", "What that check found wrong")
STORE_UP: Final = Gauge("gencharge_store_up", "1 if the store answers this worker", ["store"])
STORE_SECONDS: Final = Gauge("gencharge_store_seconds", "How long its last answer took", ["store"])

# The measures of the figures that are amounts, and what the label `what` calls them.
AMOUNTS: Final = {
    "paid": "paid",
    "delivered_discount": "discount",
    "cashback": "cashback",
    "commission": "commission",
    "refunded": "refunded",
    "refunded_discount": "discount_back",
    "refunded_cashback": "cashback_back",
    "refunded_commission": "commission_back",
}
STATES: Final = ("sold", "delivered", "failed", "refunds")


@dataclass(frozen=True, slots=True)
class Sums:
    """What became of all recharges of an operator over a channel (empty: over all of them, and those under way)."""

    operator: str
    channel: str
    measures: Mapping[str, int]


class Recharges(Collector):
    """Shows the sums of the figures, which survive every restart, as counters."""

    def __init__(self) -> None:
        self.sums: Sequence[Sums] = ()

    def collect(self) -> Iterable[Metric]:
        """The metrics, from the sums of the last look."""
        counts = CounterMetricFamily(
            "gencharge_recharges",
            "Recharges by state, counted from the figures; sold is not told apart by channel",
            labels=("operator", "channel", "state"),
        )
        amounts = CounterMetricFamily(
            "gencharge_recharges_paise",
            "Amounts of delivered recharges and of refunds in paise",
            labels=("operator", "what"),
        )
        for sums in self.sums:
            for state in STATES:
                # Sold comes without a channel, all others with theirs: so nothing is in a sum twice.
                if (state == "sold") == (sums.channel == ""):
                    counts.add_metric((sums.operator, sums.channel, state), sums.measures[state])
            if not sums.channel:
                for measure, what in AMOUNTS.items():
                    amounts.add_metric((sums.operator, what), sums.measures[measure])
        return (counts, amounts)


RECHARGES: Final = Recharges()
REGISTRY.register(RECHARGES)

"""The gateway's daily statement, for whoever matches it with the books."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from gencharge.payments.context import PaymentContext
from gencharge.payments.errors import GatewayUnavailable
from gencharge.payments.gateway import CallFailed, StatementRow


async def fetch_statement(context: PaymentContext, day: date) -> Sequence[StatementRow]:
    """What the gateway took and sent back on a day in India. Not inside a transaction. Raises GatewayUnavailable."""
    try:
        return await context.gateway.statement(day)
    except CallFailed as error:
        raise GatewayUnavailable(
            f"The gateway's statement is not available: {error.reason.rstrip('.')}."
        ) from error

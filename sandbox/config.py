"""Where the sandbox keeps its state, whom it calls back, and the secrets that both sides share."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gencharge.core.settings import Settings

_EVERYWHERE: Final = frozenset({"0.0.0.0", "::", ""})  # noqa: S104 - compared with, never bound


@dataclass(frozen=True, slots=True)
class Config:
    """All that is fixed for a run. `callback_url` holds `{channel}`; times in seconds."""

    folder: Path
    key_id: str
    key_secret: str
    webhook_secret: str
    operator_secret: str
    webhook_url: str
    callback_url: str
    # Where a customer goes who paid without a `callback_url`; empty: nowhere.
    shop_url: str = ""
    # Where receipts of SMS go, and what signs them; empty: there are none.
    receipt_url: str = ""
    receipt_secret: str = ""
    # Pauses before the second, third, ... try of a webhook or callback; the last one repeats.
    back_off_seconds: tuple[float, ...] = (1, 2, 5, 10, 30, 60)
    give_up_after_seconds: float = 24 * 3600
    send_timeout_seconds: float = 5.0

    @classmethod
    def of(cls, settings: Settings) -> Config:
        """The configuration that fits an API with these settings."""
        host = "127.0.0.1" if settings.host in _EVERYWHERE else settings.host
        api = f"http://[{host}]:{settings.port}" if ":" in host else f"http://{host}:{settings.port}"
        return cls(
            folder=settings.data_dir.resolve() / "sandbox",
            key_id=settings.payment_key_id,
            key_secret=settings.payment_key_secret.get_secret_value(),
            webhook_secret=settings.payment_webhook_secret.get_secret_value(),
            operator_secret=settings.operator_api_secret.get_secret_value(),
            webhook_url=f"{api}/v1/payments/webhooks/razorpay",
            callback_url=f"{api}/v1/recharge/callbacks/{{channel}}",
            shop_url=api,
            receipt_url=f"{api}/v1/messages/receipts",
            receipt_secret=settings.sms_receipt_secret.get_secret_value(),
        )

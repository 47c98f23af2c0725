"""The links with which an e-mail is unsubscribed from (RFC 2369, RFC 8058): signed, so that nobody unsubscribes others."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import Final, cast
from urllib.parse import quote
from uuid import UUID

from pydantic import SecretStr

from gencharge.core.http.web import PREFIX
from gencharge.core.settings import Settings
from gencharge.core.values.recipient import NotificationType, Recipient, RecipientKind
from gencharge.messages.errors import UnsubscribeLinkInvalid

PATH: Final = f"{PREFIX}/messages/unsubscribe"
_PURPOSE: Final = "unsubscribe|"
_SIGNATURE_CHARACTERS: Final = 32


@dataclass(frozen=True, slots=True)
class Subscription:
    """What a link is about: the e-mails of one type to one recipient."""

    recipient: Recipient
    type: NotificationType

    @property
    def name(self) -> str:
        """The same for every link of it."""
        return f"{self.recipient.kind}.{self.recipient.id}.{self.type}"


def link_of(settings: Settings, subscription: Subscription) -> str | None:
    """The link; None for a transactional e-mail, and while no PUBLIC_API_URL is set."""
    if subscription.type is NotificationType.TRANSACTIONAL or not settings.public_api_url:
        return None
    return f"{settings.public_api_url.rstrip('/')}{PATH}?token={quote(token_of(settings, subscription))}"


def headers_of(settings: Settings, subscription: Subscription) -> dict[str, str]:
    """The headers of an e-mail; none if there is no link."""
    link = link_of(settings, subscription)
    if link is None:
        return {}
    return {"List-Unsubscribe": f"<{link}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}


def token_of(settings: Settings, subscription: Subscription) -> str:
    """The token of its link. It never expires: an old e-mail must still lead out."""
    return f"{subscription.name}.{_signature(settings.secret_key, subscription.name)}"


def read_token(settings: Settings, token: str) -> Subscription:
    """What a token is about. Raises UnsubscribeLinkInvalid."""
    name, _, signature = token.rpartition(".")
    keys = [key for key in (settings.secret_key, settings.previous_secret_key) if key is not None]
    # All are compared, so that the time of the answer says nothing.
    genuine = [hmac.compare_digest(_signature(key, name).encode(), signature.encode()) for key in keys]
    if not any(genuine):
        raise UnsubscribeLinkInvalid
    kind, recipient_id, type_name = name.split(".")
    return Subscription(Recipient(cast(RecipientKind, kind), UUID(recipient_id)), NotificationType(type_name))


def _signature(key: SecretStr, name: str) -> str:
    digest = hmac.digest(key.get_secret_value().encode(), f"{_PURPOSE}{name}".encode(), "sha256")
    return digest.hex()[:_SIGNATURE_CHARACTERS]

"""The push services: browsers' (RFC 8030), Firebase Cloud Messaging (HTTP v1), and Apple's (HTTP/2)."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
import jwt
import orjson
from pydantic import BaseModel, SecretStr

from gencharge.core.http import vapid
from gencharge.core.http.addresses import Reach
from gencharge.core.http.host_client import Answer, HostAway, HostClient
from gencharge.core.http.pinned import AddressRefused, PinnedTransport, Resolver
from gencharge.core.message import ChannelDown, MessageRefused, NotSent, RecipientRefused, cause
from gencharge.core.settings import Settings
from gencharge.core.tls import new_tls, tls
from gencharge.core.values import clock
from gencharge.devices.models import Device
from gencharge.messages.web_push import MAX_BYTES, encrypted

TIMEOUT_SECONDS: Final = 8.0
# Later it is of no use to the recipient.
TTL_SECONDS: Final = 24 * 3600
# Pushes over one channel that are under way in a process.
PUSHES_AT_ONCE: Final = 128
_HOSTS: Final = 16
# All are kept: a new one costs a handshake of TLS, which is more work than some messages.
_LIMITS: Final = httpx.Limits(max_connections=32, max_keepalive_connections=32, keepalive_expiry=30)
_FCM_SCOPE: Final = "https://www.googleapis.com/auth/firebase.messaging"
_GRANT: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_EARLY_SECONDS: Final = 300
# Apple refuses a token that is older than an hour, and one that changes more often than every 20 minutes.
_APNS_TOKEN_SECONDS: Final = 2_400


@dataclass(frozen=True, slots=True)
class Push:
    """What a device shows. `id` names the message: a second copy replaces the first. `badge`: None leaves the icon as it is."""

    id: str
    title: str
    text: str
    data: Mapping[str, str | int | None]
    badge: int | None = None


class WebPushClient:
    """Messages to browsers. Their endpoints come from strangers, so every address is checked when it is connected to."""

    def __init__(self, settings: Settings, *, verify: ssl.SSLContext | None = None) -> None:
        self._settings = settings
        self._reach = Reach.of(settings, None)
        self._resolver = Resolver()
        self._verify = verify
        self._clients = OrderedDict[str, httpx.AsyncClient]()

    async def send(self, device: Device, push: Push) -> None:
        """Raises RecipientRefused if the subscription has ended, MessageRefused, ChannelDown."""
        endpoint = device.address.token
        body = encrypted(_web_content(push), device.address.p256dh, device.address.auth)
        headers = {
            "Authorization": vapid.authorization_of(self._settings, endpoint),
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(TTL_SECONDS),
            "Urgency": "normal",
            # A topic has 32 characters of base64url at most; a message that waits is replaced by its copy.
            "Topic": push.id.replace("-", ""),
        }
        try:
            answer = await (await self._client_of(endpoint)).post(endpoint, content=body, headers=headers)
        except AddressRefused:
            raise RecipientRefused("the endpoint leads to an address that is never called") from None
        except httpx.HTTPError as error:
            raise NotSent(cause(error)) from error
        if answer.status_code in {404, 410}:
            raise RecipientRefused(f"status {answer.status_code}")
        _check_status(answer.status_code, refused={400, 413})

    async def _client_of(self, endpoint: str) -> httpx.AsyncClient:
        """One for each host: connections of two names must not mix."""
        host = urlsplit(endpoint).netloc
        client = self._clients.pop(host, None)
        if client is None:
            transport = PinnedTransport(
                self._reach, self._resolver, verify=self._verify or tls(), limits=_LIMITS
            )
            client = httpx.AsyncClient(transport=transport, timeout=TIMEOUT_SECONDS, follow_redirects=False)
        self._clients[host] = client
        if len(self._clients) > _HOSTS:
            _, oldest = self._clients.popitem(last=False)
            await oldest.aclose()
        return client

    async def close(self) -> None:
        """Close the connections."""
        for client in self._clients.values():
            await client.aclose()
        self._resolver.close()


def _web_content(push: Push) -> bytes:
    """The JSON that the page's service worker gets; a long text is cut so that it fits."""
    content = {"id": push.id, "title": push.title, "body": push.text, "data": dict(push.data)}
    encoded = orjson.dumps(content)
    if len(encoded) > MAX_BYTES:
        text = push.text.encode()[: max(0, len(push.text.encode()) - (len(encoded) - MAX_BYTES) - 8)]
        encoded = orjson.dumps({**content, "body": f"{text.decode(errors='ignore')}…"})
    return encoded


class ServiceAccount(BaseModel, defer_build=True):
    """What Firebase's console gives as a JSON file."""

    project_id: str
    client_email: str
    private_key: SecretStr
    token_uri: str


class FcmClient:
    """Android devices, by Firebase Cloud Messaging HTTP v1."""

    def __init__(self, settings: Settings) -> None:
        self._account = ServiceAccount.model_validate_json(settings.fcm_service_account.get_secret_value())
        self._url = f"{settings.fcm_url.rstrip('/')}/v1/projects/{self._account.project_id}/messages:send"
        self._client = httpx.AsyncClient(
            timeout=TIMEOUT_SECONDS, follow_redirects=False, trust_env=False, limits=_LIMITS, verify=tls()
        )
        self._host = HostClient(
            self._url, verify=tls(), connections=PUSHES_AT_ONCE, timeout_seconds=TIMEOUT_SECONDS
        )
        self._token = ""
        self._token_until = 0.0
        self._token_lock = asyncio.Lock()

    async def send(self, device: Device, push: Push) -> None:
        """Raises RecipientRefused if the token is not registered any more, MessageRefused, ChannelDown."""
        message = {
            "token": device.address.token,
            "notification": {"title": push.title, "body": push.text},
            "data": {name: "" if value is None else str(value) for name, value in push.data.items()},
            "android": {"collapse_key": push.id, "ttl": f"{TTL_SECONDS}s", "notification": {"tag": push.id}},
        }
        try:
            headers = {
                "Authorization": f"Bearer {await self._access_token()}",
                "Content-Type": "application/json",
            }
            answer = await self._host.post(self._url, headers, orjson.dumps({"message": message}))
        except httpx.HTTPError as error:
            raise ChannelDown(cause(error)) from error
        except HostAway as error:
            raise ChannelDown(str(error)) from error
        if answer.status == httpx.codes.UNAUTHORIZED:
            self._token_until = 0.0
        codes = _fcm_codes(answer)
        if "UNREGISTERED" in codes or "SENDER_ID_MISMATCH" in codes:
            raise RecipientRefused("the token is not registered")
        _check_status(answer.status, refused={400})

    async def _access_token(self) -> str:
        if time.monotonic() < self._token_until:
            return self._token
        async with self._token_lock:
            if time.monotonic() >= self._token_until:
                answer = await self._client.post(
                    self._account.token_uri, data={"grant_type": _GRANT, "assertion": self._assertion()}
                )
                _check_status(answer.status_code, refused=set())
                self._token = str(answer.json()["access_token"])
                lasts = float(answer.json().get("expires_in", 3600))
                self._token_until = time.monotonic() + max(1.0, lasts - _EARLY_SECONDS)
            return self._token

    def _assertion(self) -> str:
        now = int(clock.now().timestamp())
        claims = {
            "iss": self._account.client_email,
            "scope": _FCM_SCOPE,
            "aud": self._account.token_uri,
            "iat": now,
            "exp": now + 3600,
        }
        return jwt.encode(claims, self._account.private_key.get_secret_value(), algorithm="RS256")

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()
        await self._host.close()


def _fcm_codes(answer: Answer) -> set[str]:
    """The error codes of an answer of FCM."""
    if answer.is_success:
        return set()
    try:
        error: Any = orjson.loads(answer.content)["error"]
        details = [str(detail.get("errorCode", "")) for detail in error.get("details", [])]
        return {str(error.get("status", "")), *details}
    except (ValueError, KeyError, AttributeError, TypeError):
        return set()


class ApnsClient:
    """iOS devices, by the Apple Push Notification service."""

    def __init__(self, settings: Settings, *, verify: ssl.SSLContext | None = None) -> None:
        self._settings = settings
        self._client = httpx.AsyncClient(
            http2=True,
            timeout=TIMEOUT_SECONDS,
            follow_redirects=False,
            trust_env=False,
            limits=_LIMITS,
            verify=verify or new_tls(),
        )
        self._token = ""
        self._token_until = 0.0

    async def send(self, device: Device, push: Push) -> None:
        """Raises RecipientRefused if the token is not registered any more, MessageRefused, ChannelDown."""
        alert = {"title": push.title, "body": push.text}
        aps: dict[str, Any] = {"alert": alert, "sound": "default"}
        if push.badge is not None:
            aps["badge"] = push.badge
        headers = {
            "authorization": f"bearer {self._provider_token()}",
            "apns-topic": self._settings.apns_topic,
            "apns-push-type": "alert",
            "apns-priority": "10",
            "apns-id": push.id,
            "apns-collapse-id": push.id,
            "apns-expiration": str(int(clock.now().timestamp()) + TTL_SECONDS),
        }
        url = f"{self._settings.apns_url.rstrip('/')}/3/device/{device.address.token}"
        try:
            answer = await self._client.post(url, json={"aps": aps, **push.data}, headers=headers)
        except httpx.HTTPError as error:
            raise ChannelDown(cause(error)) from error
        reason = _apns_reason(answer)
        if reason in {"ExpiredProviderToken", "InvalidProviderToken"}:
            self._token_until = 0.0
        if answer.status_code == httpx.codes.GONE or reason in {"BadDeviceToken", "DeviceTokenNotForTopic"}:
            raise RecipientRefused(f"status {answer.status_code} {reason}".rstrip())
        _check_status(answer.status_code, refused={400, 413})

    def _provider_token(self) -> str:
        if time.monotonic() >= self._token_until:
            settings = self._settings
            self._token = jwt.encode(
                {"iss": settings.apns_team_id, "iat": int(clock.now().timestamp())},
                settings.apns_private_key.get_secret_value().replace("\\n", "\n"),
                algorithm="ES256",
                headers={"kid": settings.apns_key_id},
            )
            self._token_until = time.monotonic() + _APNS_TOKEN_SECONDS
        return self._token

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()


def _apns_reason(answer: httpx.Response) -> str:
    if answer.is_success:
        return ""
    try:
        return str(answer.json()["reason"])[:60]
    except (ValueError, KeyError, TypeError):
        return ""


def _check_status(status: int, *, refused: set[int]) -> None:
    """Raises MessageRefused for these statuses, and ChannelDown for all others but 2xx."""
    if status in refused:
        raise MessageRefused(f"status {status}")
    if not httpx.codes.is_success(status):
        raise ChannelDown(f"status {status}")

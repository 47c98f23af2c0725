"""The settings of push messages. `core.settings` puts them with the others."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import BaseModel, Field, SecretStr


class Push(BaseModel, defer_build=True):
    """Push messages"""

    vapid_private_key: SecretStr = Field(
        default=SecretStr(""),
        description="Who we are for browsers' push services: the PEM of a private key of P-256. Empty: no messages to browsers.",
    )
    vapid_subject: str = Field(
        default="",
        description="Whom a push service writes to when something is wrong with our messages: `mailto:ops@example.in` or an https "
        "address; needed with `VAPID_PRIVATE_KEY`.",
    )
    fcm_service_account: SecretStr = Field(
        default=SecretStr(""),
        description="The JSON of a service account of Firebase, in one line. Empty: no messages to Android devices.",
    )
    fcm_url: str = Field(
        default="https://fcm.googleapis.com", description="The address of Firebase Cloud Messaging."
    )
    apns_private_key: SecretStr = Field(
        default=SecretStr(""),
        description="The PEM of the key (.p8) of the Apple Push Notification service. Empty: no messages to iOS devices.",
    )
    apns_key_id: str = Field(default="", description="The id of that key; needed with it.")
    apns_team_id: str = Field(default="", description="The id of the team; needed with `APNS_PRIVATE_KEY`.")
    apns_topic: str = Field(default="", description="The app's bundle id; needed with `APNS_PRIVATE_KEY`.")
    apns_url: str = Field(
        default="https://api.push.apple.com",
        description="The address of the Apple Push Notification service.",
    )

    def push_problems(self) -> Iterator[str]:
        """What the settings of a push service lack; a line for each."""
        if self.vapid_private_key.get_secret_value():
            if not _is_p256(self.vapid_private_key):
                yield "VAPID_PRIVATE_KEY: the PEM of a private key of P-256; `openssl ecparam -genkey -name prime256v1 -noout` makes one"
            if not self.vapid_subject.startswith(("mailto:", "https://")):
                yield "VAPID_SUBJECT: mailto: or an https address; needed with VAPID_PRIVATE_KEY"
        if self.apns_private_key.get_secret_value():
            if not _is_p256(self.apns_private_key):
                yield "APNS_PRIVATE_KEY: the content of the file AuthKey_....p8"
            for name in ("apns_key_id", "apns_team_id", "apns_topic"):
                if not getattr(self, name):
                    yield f"{name.upper()}: needed with APNS_PRIVATE_KEY"
        account = self.fcm_service_account.get_secret_value()
        if account and not _is_account(account):
            yield "FCM_SERVICE_ACCOUNT: the JSON of a service account, with project_id, client_email, private_key and token_uri"


def _is_p256(pem: SecretStr) -> bool:
    # Imported here: only who sends push messages pays for it.
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(pem.get_secret_value().replace("\\n", "\n").encode(), password=None)
    except ValueError:
        return False
    return isinstance(key, EllipticCurvePrivateKey) and isinstance(key.curve, SECP256R1)


def _is_account(text: str) -> bool:
    import json

    try:
        account = json.loads(text)
        return all(account[name] for name in ("project_id", "client_email", "private_key", "token_uri"))
    except (ValueError, KeyError, TypeError):
        return False

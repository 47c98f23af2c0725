"""What production refuses to start with, group by group: a line for each problem, as "VARIABLE: what would be right"."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from pydantic import SecretStr

from gencharge.core.file_settings import Files
from gencharge.core.message_settings import Codes, Messages
from gencharge.core.push_settings import Push
from gencharge.core.secret_strength import weakness, weakness_of_partners
from gencharge.core.sending_settings import Sending
from gencharge.core.setting_groups import DEVELOPMENT_PAYMENT_KEY, Databases, Partners, People, Tokens
from gencharge.core.tracing_settings import Tracing
from gencharge.core.web_settings import RateLimits, Web

_OWN: Final = frozenset({"secret_key", "otp_secret", "data_key", "previous_secret_key", "previous_data_key"})
_HOST: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|[0-9a-f:]*:[0-9a-f:.]*")
_ORIGIN: Final = re.compile(r"https://[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?")
# A longer one outlives the device that it was given to.
_LONGEST_SESSION_DAYS: Final = 90
_SHORTEST_LOCK_MINUTES: Final = 1
_SHORTEST_RESEND_SECONDS: Final = 10
_MOST_SENDS_TO_A_NUMBER: Final = 20
_MOST_SENDS_FOR_AN_ADDRESS: Final = 1000
_LARGEST_LIMIT_FACTOR: Final = 100


def secret_problems(secrets: Mapping[str, SecretStr | None]) -> Iterator[str]:
    """Secrets, by the names of their settings, that can be guessed, or that serve two purposes."""
    names: dict[str, str] = {}
    for name, secret in secrets.items():
        if secret is None:
            continue
        value = secret.get_secret_value()
        problem = weakness(value) if name in _OWN else weakness_of_partners(value)
        if problem:
            yield f"{name.upper()}: {problem}"
        elif value in names:
            yield f"{name.upper()}: another one than {names[value].upper()}"
        names.setdefault(value, name)


def token_problems(tokens: Tokens) -> Iterator[str]:
    """Tokens signed with a secret that does other work, too, and sign-ins that outlive the device that they were given to."""
    if tokens.algorithm == "HS256":
        yield "ALGORITHM: EdDSA in production, or empty, which means the same"
    for name in ("session_lifetime_days", "refresh_token_expire_days"):
        if getattr(tokens, name) > _LONGEST_SESSION_DAYS:
            yield f"{name.upper()}: at most {_LONGEST_SESSION_DAYS} in production"


def people_problems(people: People) -> Iterator[str]:
    """Admins whom a stolen SIM card is enough to act as."""
    if people.admin_second_factor == "optional":
        yield "ADMIN_SECOND_FACTOR: required in production, or empty, which means the same"


def code_problems(codes: Codes) -> Iterator[str]:
    """Codes that everybody can read, guess or have sent without an end."""
    if codes.dev_fixed_otp:
        yield "DEV_FIXED_OTP: never in production"
    if codes.otp_channel == "console":
        yield "OTP_CHANNEL: sms or smtp in production; console would print codes in the log"
    if codes.otp_lock_minutes < _SHORTEST_LOCK_MINUTES:
        yield f"OTP_LOCK_MINUTES: at least {_SHORTEST_LOCK_MINUTES} in production"
    if codes.otp_resend_seconds < _SHORTEST_RESEND_SECONDS:
        yield f"OTP_RESEND_SECONDS: at least {_SHORTEST_RESEND_SECONDS} in production"
    if codes.otp_sends_per_phone_hour > _MOST_SENDS_TO_A_NUMBER:
        yield f"OTP_SENDS_PER_PHONE_HOUR: at most {_MOST_SENDS_TO_A_NUMBER} in production"
    if codes.otp_sends_per_address_hour > _MOST_SENDS_FOR_AN_ADDRESS:
        yield f"OTP_SENDS_PER_ADDRESS_HOUR: at most {_MOST_SENDS_FOR_AN_ADDRESS} in production"


def message_problems(messages: Messages) -> Iterator[str]:
    """Ways on which a code or a password could be read by others."""
    if messages.message_inbox_url:
        yield "MESSAGE_INBOX_URL: never in production; it would hand every code to another server"
    if messages.gencharge_sms_url and not is_partners_address(messages.gencharge_sms_url):
        yield "GENCHARGE_SMS_URL: an https address of the provider"
    if messages.smtp_host and not messages.smtp_starttls:
        yield "SMTP_STARTTLS: true in production; without it codes and the password travel in clear"


def sending_problems(sending: Sending) -> Iterator[str]:
    """A link in e-mails that leads nowhere, and reports of providers that anybody could sign."""
    if sending.public_api_url and not is_partners_address(sending.public_api_url):
        yield "PUBLIC_API_URL: the https address at which customers reach the API, or empty"
    for name in ("bounce_secret", "sms_receipt_secret"):
        secret = getattr(sending, name).get_secret_value()
        if secret and (problem := weakness_of_partners(secret)):
            yield f"{name.upper()}: {problem}"


def push_problems(push: Push) -> Iterator[str]:
    """Push services that would get our keys in clear."""
    for name in ("fcm_url", "apns_url"):
        if not is_partners_address(getattr(push, name)):
            yield f"{name.upper()}: the https address of the push service"


def partner_problems(partners: Partners) -> Iterator[str]:
    """A gateway that is the sandbox, a test account, or reached in clear."""
    if not is_partners_address(partners.payment_gateway_url):
        yield "PAYMENT_GATEWAY_URL: an https address of the gateway, such as https://api.razorpay.com"
    key = partners.payment_key_id
    if key == DEVELOPMENT_PAYMENT_KEY or key.startswith("rzp_test_") or not key.strip():
        yield "PAYMENT_KEY_ID: the id of a live key; this one is for tests, and no money would come"
    checkout = partners.payment_checkout_url
    if checkout and not is_partners_address(checkout.replace("{order_id}", "x")):
        yield "PAYMENT_CHECKOUT_URL: an https address, or empty"


def file_problems(files: Files) -> Iterator[str]:
    """Files that would travel in clear."""
    for name in ("storage_endpoint_url", "storage_public_url", "cdn_base_url"):
        if (url := getattr(files, name)) and not is_partners_address(url):
            yield f"{name.upper()}: an https address, or empty"


def database_problems(databases: Databases, *, name: str, login: str) -> Iterator[str]:
    """Stores of a development machine, and a role that may change history. `name`: the database's; `login`: the user's."""
    for store in ("database_url", "mongo_url", "redis_url"):
        if not getattr(databases, store):
            yield f"{store.upper()}: needed in production; the embedded server is for development"
    if databases.database_url and name.endswith(("_dev", "_test")):
        yield f"DATABASE_URL: names the database {name}; tests and development empty such a one"
    role = databases.database_app_role
    if not role or role in {"postgres", login}:
        yield "DATABASE_APP_ROLE: a role that owns no table, such as gencharge_app; this one could change history"


def web_problems(web: Web, *, public_url: str) -> Iterator[str]:
    """Names and origins that anybody can have, and a token for the metrics that can be guessed. `public_url`: where our links lead."""
    if not web.allowed_hosts:
        yield 'ALLOWED_HOSTS: the host names that clients call, such as ["api.example.in"]; ["*"] for any'
    for host in web.allowed_hosts:
        if host != "*" and not _HOST.fullmatch(host):
            yield f"ALLOWED_HOSTS: a host name without scheme, port and path, such as api.example.in; not {host[:60]!r}"
    names = {host.lower() for host in web.allowed_hosts}
    if is_partners_address(public_url) and names and not names & {"*", urlsplit(public_url).hostname}:
        yield "ALLOWED_HOSTS: the host of PUBLIC_API_URL, too; what links lead to would be refused"
    for origin in web.cors_origins:
        if not _ORIGIN.fullmatch(origin) or not is_partners_address(origin):
            yield f"CORS_ORIGINS: name each origin whole, such as https://app.example.in; not {origin[:60]!r}"
    if (token := web.metrics_token.get_secret_value()) and (problem := weakness_of_partners(token)):
        yield f"METRICS_TOKEN: {problem}"


def limit_problems(limits: RateLimits) -> Iterator[str]:
    """Limits of requests that limit nobody, as development has them."""
    if (limits.limit_factor or 0) > _LARGEST_LIMIT_FACTOR:
        yield f"LIMIT_FACTOR: at most {_LARGEST_LIMIT_FACTOR} in production, or empty for 1"


def tracing_problems(tracing: Tracing) -> Iterator[str]:
    """A token for the collector that would travel in clear."""
    endpoint = tracing.otel_exporter_otlp_endpoint
    host = (urlsplit(endpoint).hostname or "").rstrip(".")
    on_this_machine = host == "localhost" or _is_this_machine(host)
    if tracing.traces_headers and endpoint.startswith("http://") and not on_this_machine:
        yield (
            "OTEL_EXPORTER_OTLP_ENDPOINT: an https address while OTEL_EXPORTER_OTLP_HEADERS is set, or a collector on this machine"
        )


def is_partners_address(url: str) -> bool:
    """Whether a URL leads to another machine with TLS, without a password in it."""
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        return False
    if parts.scheme != "https" or not host or parts.username is not None or port == 0:
        return False
    return not (host == "localhost" or host.endswith((".localhost", ".invalid")) or _is_this_machine(host))


def _is_this_machine(host: str) -> bool:
    try:
        ip = ip_address(host)
    except ValueError:
        # `127.1` and `2130706433` are names of the loopback for a resolver, and of nothing else for us.
        return host.replace(".", "").isdigit() or host.startswith("0x")
    return ip.is_loopback or ip.is_unspecified or ip.is_link_local

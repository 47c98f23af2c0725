"""What to do about an error: for the reference in English, and for the page that the error's `type` points to in the reader's language."""

from __future__ import annotations

from typing import Final

from gencharge.core.wording import Worded, worded

# The heading of each status, and what to do about its errors.
BY_STATUS: Final = {
    400: (worded("Bad request"), worded("Mend the request; repeating it does not help.")),
    401: (worded("Not signed in"), worded("Refresh the access token (`POST /v1/auth/refresh`), or sign in again; then repeat the request.")),
    403: (worded("Not allowed"), worded("Repeating it does not help: an admin has to grant this, or somebody else has to do it.")),
    404: (worded("Not found"), worded("Look at the id and the address. What belongs to somebody else answers so, too.")),
    405: (worded("Method not allowed"), worded("Use a method that the address has; `Allow` lists them.")),
    408: (worded("Too slow"), worded("Send the request in one go; on a slow network send less at once.")),
    409: (worded("Conflict"), worded("Read the object again: its state does not allow this now. The message says what would be in order.")),
    412: (worded("Changed by someone else"), worded("Read the object again, apply your change to what it is now, and send its new `ETag` as `If-Match`.")),
    413: (worded("Too large"), worded("Send less at once.")),
    422: (worded("Not valid"), worded("Mend the fields that `errors` names; repeating the same request does not help.")),
    429: (worded("Too many requests"), worded("Wait as many seconds as `Retry-After` says, and repeat the request.")),
    431: (worded("Headers too large"), worded("Send fewer or shorter headers, or a shorter address.")),
    500: (worded("Our error"), worded("Repeat it with the same `Idempotency-Key`; if it stays so, give us the `request_id`.")),
    503: (worded("Unavailable"), worded("Wait as many seconds as `Retry-After` says, and repeat the request with the same `Idempotency-Key`.")),
}  # fmt: skip
# What differs from the advice for the status, by the code or its end. The first that fits counts.
_BY_CODE: Final = (
    ("idempotency_in_progress", worded("Wait a moment and send the same request again: you get the first one's answer.")),
    ("idempotency_key_reused", worded("Use a new key for a new request, and the old one only to repeat the very same.")),
    ("reference_already_used", worded("The answer names the one that has it: read that. Use a new reference for a new try.")),
    ("second_factor_required", worded("Verify it (`POST /v1/auth/second-factor/verify`) and repeat the request with the new token.")),
    ("step_up_required", worded("Verify it again (`POST /v1/auth/second-factor/verify`) and repeat the request with the new token.")),
    ("insufficient_balance", worded("Top up the wallet, or pay the rest through the gateway (`wallet_amount`).")),
    ("_signature_invalid", worded("Sign the very bytes that you send with the shared secret, and check your clock.")),
    ("otp_invalid", worded("Let the customer type the newest code, or request another one.")),
    ("session_ended", worded("Refreshing does not help.")),
    ("refresh_token_invalid", worded("Refreshing again does not help.")),
    ("_already_exists", worded("Use the one that exists, or choose another name.")),
    ("_in_use", worded("Detach it first from what uses it, or deactivate it instead.")),
)  # fmt: skip
# Whether to send the request again, by the status.
_REPEAT: Final = {
    401: worded("Yes, once, with a new access token."),
    408: worded("Yes, with the same `Idempotency-Key`."),
    412: worded("Yes, with the present `ETag`, after you have looked at what changed."),
    429: worded("Yes, after as many seconds as `Retry-After` says, with the same `Idempotency-Key`."),
    500: worded("Yes, with the same `Idempotency-Key`: after a second, then with growing pauses."),
    503: worded("Yes, after as many seconds as `Retry-After` says, with the same `Idempotency-Key`."),
}
_REPEAT_BY_CODE: Final = {
    "idempotency_in_progress": worded("Yes, after a second, with the same `Idempotency-Key`."),
    "session_ended": worded("No: sign in again."),
    "refresh_token_invalid": worded("No: sign in again."),
    "resource_locked": worded("Yes, after a second, with the same `Idempotency-Key`."),
}
_DO_NOT_REPEAT: Final = worded("No: the same request gets the same answer until something has changed.")
# Statuses whose errors a client program causes, or can deal with, without its customer.
_FOR_THE_CLIENT: Final = frozenset({400, 405, 408, 412, 413, 431})
_NOTHING_LOST: Final = worded(
    "\u201cWe could not do this just now. Nothing was taken; please try again in a moment.\u201d"
)
_NO_ANSWER: Final = worded(
    "\u201cWe do not know yet whether this went through. Please look at your history before you try again.\u201d"
)


def own_advice(code: str) -> Worded:
    """What to do about this error where it is not what its status says; empty otherwise."""
    return next((advice for end, advice in _BY_CODE if code.endswith(end)), Worded(""))


def advice(status: int, code: str) -> Worded:
    """What a client does about an error."""
    return own_advice(code) or BY_STATUS[status][1]


def repeating(status: int, code: str) -> Worded:
    """Whether the request may be sent again, and how."""
    return _REPEAT_BY_CODE.get(code) or _REPEAT.get(status, _DO_NOT_REPEAT)


def for_the_customer(status: int) -> Worded:
    """What to show to the customer. `detail` is written for them, except where the client program is at fault."""
    if status == 500:
        return _NO_ANSWER
    if status == 503:
        return _NOTHING_LOST
    if status in _FOR_THE_CLIENT:
        return worded("Nothing: this is between the client program and the API.")
    if status == 401:
        return worded("Nothing if a new access token helps. Otherwise ask them to sign in again.")
    return worded("The text of `detail`. It is written for them.")

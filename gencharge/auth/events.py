"""What happens when users and admins sign in. `user_id` is the owner (a user or an admin, as `kind` says), or the
system with no kind for a number without an owner."""

from __future__ import annotations

from dataclasses import dataclass

from gencharge.core.events.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn(Event):
    """A user or an admin signed in. `device` is the client's name for itself.

    `is_new_device`: neither the device nor the address was known to be theirs.
    """

    kind: str
    session_id: str
    device: str
    is_new_device: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedOut(Event):
    """A user or an admin signed out."""

    kind: str
    session_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInFailed(Event):
    """A wrong code was given for a number: the `consecutive`-th since the last right one."""

    kind: str
    masked_phone_number: str
    purpose: str
    consecutive: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInLocked(Event):
    """Who gave too many wrong codes for a number was locked out of it for some minutes; or, with `suspended`, all
    unknown devices until a right code or an admin opens it."""

    kind: str
    masked_phone_number: str
    suspended: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInOpened(Event):
    """An admin opened signing in with a number again: that of a user or of another admin, as `kind` says."""

    owner_id: str
    kind: str
    masked_phone_number: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondFactorPrepared(Event):
    """An admin was shown the secret of a new second factor, which is not active yet."""

    admin_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondFactorSet(Event):
    """An admin's second factor is active; with `replaced`, instead of an earlier one."""

    admin_id: str
    replaced: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondFactorRemoved(Event):
    """An admin's second factor was removed, by themselves or by another admin."""

    admin_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondFactorVerified(Event):
    """An admin verified a second factor: by `totp`, `recovery_code` or `otp`."""

    admin_id: str
    session_id: str
    method: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondFactorFailed(Event):
    """An admin sent a wrong second factor, the `failures`-th in a row; or, with `used`, one that was used before."""

    admin_id: str
    session_id: str
    method: str
    failures: int
    used: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondFactorLocked(Event):
    """An admin's second factor is locked for a while after too many wrong ones."""

    admin_id: str
    locked_until: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryCodeUsed(Event):
    """An admin used a recovery code; `left` more are valid."""

    admin_id: str
    left: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryCodesRenewed(Event):
    """An admin has new recovery codes; the old ones are no longer valid."""

    admin_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StepUpCodeSent(Event):
    """An admin without a second factor asked for a code by message, to confirm who they are."""

    admin_id: str
    session_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionsEndedByAdmin(Event):
    """An admin ended sessions of a user or of another admin, as `kind` says."""

    owner_id: str
    kind: str
    session_ids: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactChangeRequested(Event):
    """A customer or an admin asked to change their number or address (`field`), which they are to prove first."""

    owner_id: str
    kind: str
    field: str
    masked_value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeBudgetUsed(Event):
    """Four fifths, or all, of what may be sent were sent: in an hour, in a day, or to numbers with one prefix (`prefix:+919876`)."""

    budget: str
    used: int
    limit: int

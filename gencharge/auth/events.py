"""What happens at the door. `user_id` is whoever it is about (a user or an admin, as `kind` says), or the
system and no kind where the number is nobody's."""

from __future__ import annotations

from dataclasses import dataclass

from gencharge.core.events.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn(Event):
    """Somebody signed in. `device` is what their client calls itself."""

    kind: str
    session_id: str
    device: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedOut(Event):
    """Somebody signed out."""

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
    """A number was locked: for some minutes, or, with `suspended`, until an admin opens it."""

    kind: str
    masked_phone_number: str
    suspended: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondFactorPrepared(Event):
    """An admin was shown the secret of a new second factor, which is good for nothing yet."""

    admin_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondFactorSet(Event):
    """An admin's second factor is in force; with `replaced`, in the place of another one."""

    admin_id: str
    replaced: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondFactorRemoved(Event):
    """An admin's second factor was taken off: by themselves, or by another admin."""

    admin_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondFactorVerified(Event):
    """An admin gave a second factor: by `totp`, `recovery_code` or `otp`."""

    admin_id: str
    session_id: str
    method: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondFactorFailed(Event):
    """An admin gave a wrong second factor, the `failures`-th since the last right one; or one that was `used` before."""

    admin_id: str
    session_id: str
    method: str
    failures: int
    used: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondFactorLocked(Event):
    """An admin's second factor is not asked for a while, after too many wrong ones."""

    admin_id: str
    locked_until: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryCodeUsed(Event):
    """An admin came in without the authenticator app; so many recovery codes are left."""

    admin_id: str
    left: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryCodesRenewed(Event):
    """An admin has new recovery codes; the old ones are good for nothing."""

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

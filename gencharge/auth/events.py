"""What happens at the door. `user_id` is whoever it is about (a user or an admin, as `kind` says), or the
system and no kind where the number is nobody's."""

from __future__ import annotations

from dataclasses import dataclass

from gencharge.core.events import Event


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

"""Where a code is asked for and given: what wrong codes are counted by, besides the number.

    session:<id>        a device that showed a refresh token of the number's owner; or an admin's own session
    known:<address>     an address from which the owner signed in before (its HMAC)
    address:<address>   a stranger's address (its HMAC)
    account:<id>        a session whose customer claims a number or an address that need not be theirs
    (empty)             all strangers together: the ceiling of a number
    sign_up             the same for signing up

Nobody can make a known device's count grow but that device, or somebody at its address (NIST SP 800-63B-4 section 3.2.2
names this against strangers who would lock the owner out).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Final
from uuid import UUID

STRANGERS: Final = ""
NEWCOMERS: Final = "sign_up"
_SESSION: Final = "session:"
_KNOWN: Final = "known:"
_ADDRESS: Final = "address:"
_ACCOUNT: Final = "account:"


@dataclass(frozen=True, slots=True)
class Source:
    """One client of a number."""

    # For how many days wrong codes count against each kind: known ones as long as we know them.
    RETENTION_DAYS: ClassVar[Mapping[str, int]] = {_ADDRESS: 1, _KNOWN: 60, _SESSION: 60}

    text: str

    @classmethod
    def of_session(cls, session_id: UUID) -> Source:
        """A device with a session of the number's owner."""
        return cls(f"{_SESSION}{session_id}")

    @classmethod
    def of_account(cls, session_id: UUID) -> Source:
        """A session that asks for a code to a number or an address that is not known to be its owner's."""
        return cls(f"{_ACCOUNT}{session_id}")

    @classmethod
    def of_address(cls, name: str, *, known: bool) -> Source:
        """A client that is known, or unknown, by its address only. `name` is the address's HMAC."""
        return cls(f"{_KNOWN if known else _ADDRESS}{name}")

    @property
    def known(self) -> bool:
        """True for a device or an address of the number's owner."""
        return not self.text.startswith((_ADDRESS, _ACCOUNT))

    @property
    def proven(self) -> bool:
        """True for a device that showed a token of the owner."""
        return self.text.startswith(_SESSION)

"""The customers of the scale data: who they are, and their rows in every table but those of money."""

from __future__ import annotations

import copy
import hashlib
import random
from array import array
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from asyncpg.pgproto.pgproto import UUID as DriverUUID  # noqa: N811 - a name of the driver's

from gencharge.core.values.ids import SYSTEM_USER_ID
from gencharge.users.models import KycTier, UserStatus, UserType
from gencharge.users.service import CODE_ALPHABET, CODE_LENGTH

DAY_MS: Final = 86_400_000
YEARS_MS: Final = 730 * DAY_MS
# A block that no sample user and no development code is in; within it, numbers that are not in the order of sign-up.
BLOCK: Final = "+9191"
_SPREAD: Final = 7_919
# The customers of a group have numbers that begin with the same digit after the block.
PER_GROUP: Final = 10**7
GROUPS: Final = 10
# The bytes of an id that say of which group it is, and how many bits there are beside them and the time.
MARKED: Final = slice(8, 13)
ID_BITS: Final = 36
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_CIRCLES: Final = ("MH", "DL", "KA", "TN", "GJ", "AP", "UE", "UW", "WB", "RJ", "MP", "KL", "PB", "HR", "BR")
# Shares of the market, in percent.
_OPERATORS: Final = ("JIO",) * 46 + ("AIRTEL",) * 36 + ("VI",) * 18
_STATUSES: Final = (
    (UserStatus.ARCHIVED.value,) * 2
    + (UserStatus.BLOCKED.value,) * 1
    + (UserStatus.DEACTIVATED.value,) * 3
    + (UserStatus.ACTIVE.value,) * 94
)
_REASONS: Final = {
    UserStatus.ARCHIVED.value: "Asked for it",
    UserStatus.BLOCKED.value: "Reported by several others",
    UserStatus.DEACTIVATED.value: "Away for a while",
}
_ERASED_AFTER_DAYS: Final = 90
_FIRST: Final = (
    *("Aarav", "Aditi", "Ajay", "Amit", "Ananya", "Anil", "Anjali", "Arjun", "Asha", "Bhavna"),
    *("Chetan", "Deepa", "Dev", "Divya", "Farhan", "Gaurav", "Gita", "Harish", "Imran", "Isha"),
    *("Jaya", "Karan", "Kavita", "Kiran", "Lakshmi", "Manoj", "Meera", "Mohan", "Nandini", "Neha"),
    *("Nikhil", "Pooja", "Priya", "Rahul", "Rajesh", "Ravi", "Rekha", "Rohan", "Sana", "Sanjay"),
    *("Sara", "Seema", "Shreya", "Sunil", "Suresh", "Tara", "Uma", "Varun", "Vijay", "Zoya"),
)
_LAST: Final = (
    *("Agarwal", "Ahmed", "Banerjee", "Bhat", "Chandra", "Chopra", "Das", "Desai", "Dutta", "Fernandes"),
    *("Ghosh", "Gupta", "Hegde", "Iyer", "Jain", "Joshi", "Kapoor", "Kaur", "Khan", "Krishnan"),
    *("Kulkarni", "Kumar", "Malhotra", "Mehta", "Menon", "Mishra", "Mukherjee", "Nair", "Naidu", "Patel"),
    *("Patil", "Pillai", "Prasad", "Rao", "Reddy", "Roy", "Saxena", "Sen", "Shah", "Sharma"),
    *("Shetty", "Singh", "Sinha", "Thomas", "Trivedi", "Varma", "Verma", "Yadav"),
)


def instant(milliseconds: int) -> datetime:
    """Milliseconds since 1970 as an instant in UTC."""
    return _EPOCH + timedelta(milliseconds=milliseconds)


def mark_of(group: int) -> bytes:
    """The five bytes that all ids of a group have in common: the variant (RFC 9562), and bits as good as random."""
    digest = hashlib.blake2b(bytes([group]), digest_size=5).digest()
    return bytes([0x80 | digest[0] & 0x3F]) + digest[1:]


_MARK: Final = int.from_bytes(mark_of(0), "big") << 24


def id_at(milliseconds: int, random_bits: int) -> UUID:
    """A UUIDv7 (RFC 9562) of this time, of the first group; `random_bits` are ID_BITS of them."""
    high = (milliseconds << 16) | 0x7000 | (random_bits >> 24)
    number = (high << 64) | _MARK | (random_bits & 0xFFFFFF)
    # The driver's own kind of UUID, which is made and sent in a fifth of the time.
    identifier: UUID = DriverUUID(number.to_bytes(16, "big"))
    return identifier


def phone_of(number: int) -> str:
    """The phone number of the customer `number`, counted from 0: the same in every database."""
    group, place = divmod(number, PER_GROUP)
    return f"{BLOCK}{group}{(place * _SPREAD + 17) % PER_GROUP:07d}"


class People:
    """Customers in the order in which they signed up, evenly over the two years before `now_ms`."""

    def __init__(self, count: int, *, now_ms: int, chance: random.Random) -> None:
        self.count = count
        self.now_ms = now_ms
        self.started_ms = now_ms - YEARS_MS
        self.created_ms = array("q", bytes(8 * count))
        self.ids: list[UUID] = []
        for number in range(count):
            created_ms = self.started_ms + int(YEARS_MS * (number + chance.random()) / count)
            self.created_ms[number] = created_ms
            self.ids.append(id_at(created_ms, chance.getrandbits(ID_BITS)))
        self._traits = chance.randbytes(4 * count)
        # Of another group: how many customers come before it, and where its phone numbers begin.
        self._before, self._phones_from = 0, 0

    def group(self, group: int) -> People:
        """As many others who sign up at the same times and do the same: with their own ids, numbers, names, addresses and codes."""
        others = copy.copy(self)
        mark = mark_of(group)
        others.ids = [
            DriverUUID(one.bytes[: MARKED.start] + mark + one.bytes[MARKED.stop :]) for one in self.ids
        ]
        others._before, others._phones_from = group * self.count, group * PER_GROUP
        return others

    def phone(self, number: int) -> str:
        """The phone number of a customer of this group."""
        return phone_of(self._phones_from + number)

    def _trait(self, number: int, kind: int, choices: int) -> int:
        """One of `choices`, by chance but always the same for this customer."""
        return (self._traits[4 * number + kind] * 257 + self._traits[4 * number + (kind + 1) % 4]) % choices

    def status(self, number: int) -> str:
        """The state of the customer's account."""
        return _STATUSES[self._trait(number, 0, len(_STATUSES))]

    def is_archived(self, number: int) -> bool:
        """Whether the customer has gone."""
        return self.status(number) == UserStatus.ARCHIVED

    def operator(self, number: int) -> str:
        """Whose customer's number it is."""
        return _OPERATORS[self._trait(number, 1, len(_OPERATORS))]

    def circle(self, number: int) -> str:
        """The circle of the customer's number."""
        return _CIRCLES[number % len(_CIRCLES)]

    def service_type(self, number: int) -> str:
        """How the customer's number is billed."""
        return UserType.POSTPAID.value if self._trait(number, 2, 100) < 15 else UserType.PREPAID.value

    def alive_at(self, at_ms: int) -> int:
        """How many had signed up at an instant: those numbered below it."""
        return min(self.count, max(1, (at_ms - self.started_ms) * self.count // YEARS_MS))

    def users(self) -> Iterator[tuple[Any, ...]]:
        """Rows of `users`."""
        for number, user_id in enumerate(self.ids):
            created_ms = self.created_ms[number]
            registered = self._is_registered(number)
            referrer = self.ids[number // 2] if number % 10 == 3 and registered else None
            name = self._name(number) if registered else None
            status = self.status(number)
            since = None if status == UserStatus.ACTIVE else self._status_since(number)
            yield (
                user_id,
                self.phone(number),
                status,
                name,
                self._email(number) if registered else None,
                self.service_type(number),
                code_of(self._before + number),
                referrer,
                KycTier.FULL.value if number % 10 in {1, 4, 8} else KycTier.SMALL.value,
                instant(min(created_ms + 90_000, self.now_ms)) if registered else None,
                instant(created_ms),
                since or instant(min(created_ms + 90_000, self.now_ms)),
                since,
                # The staff block a customer; customers leave by themselves.
                (SYSTEM_USER_ID if status == UserStatus.BLOCKED else user_id) if since else None,
                _REASONS[status] if since else None,
                name.lower() if name else "",
                instant(min(created_ms + 90_000, self.now_ms)) if registered else None,
            )

    def phones(self) -> Iterator[tuple[Any, ...]]:
        """Rows of `phone_directory`: an archived customer's number is free again."""
        for number, user_id in enumerate(self.ids):
            if not self.is_archived(number):
                yield self.phone(number), "user", user_id

    def emails(self) -> Iterator[tuple[Any, ...]]:
        """Rows of `email_directory`."""
        for number, user_id in enumerate(self.ids):
            if self._is_registered(number) and not self.is_archived(number):
                yield self._email(number), "user", user_id

    def referral_codes(self) -> Iterator[tuple[Any, ...]]:
        """Rows of `referral_codes`."""
        return ((code_of(self._before + number), user_id) for number, user_id in enumerate(self.ids))

    def connections(self) -> Iterator[tuple[Any, ...]]:
        """Rows of `connections`: what a registry says of each number, and what some customers said about theirs."""
        for number, user_id in enumerate(self.ids):
            about = self.operator(number), self.circle(number), self.service_type(number)
            reported_at = instant(self.created_ms[number])
            yield self.phone(number), SYSTEM_USER_ID, *about, reported_at
            if number % 20 == 5:
                yield self.phone(number), user_id, *about, reported_at

    def erasures(self) -> Iterator[tuple[Any, ...]]:
        """Rows of `erasures`: what is still known of those who have gone will go, too."""
        for number, user_id in enumerate(self.ids):
            if self.is_archived(number):
                since = self._status_since(number)
                yield user_id, since + timedelta(days=_ERASED_AFTER_DAYS), since

    def saved_numbers(self) -> Iterator[tuple[Any, ...]]:
        """Rows of `saved_numbers`: every fifth keeps a friend's."""
        for number, user_id in enumerate(self.ids):
            if number % 5 == 2 and not self.is_archived(number):
                friend, at = (number * 17 + 3) % self.count, self.created_ms[number]
                about = self.operator(friend), self.circle(friend), self.service_type(friend)
                own_id = id_at(at, number + 1)
                yield (
                    user_id,
                    own_id,
                    self.phone(friend),
                    _FIRST[friend % len(_FIRST)],
                    *about,
                    *[instant(at)] * 2,
                )

    def preferences(self) -> Iterator[tuple[Any, ...]]:
        """Rows of `user_preferences`: every tenth has chosen."""
        for number, user_id in enumerate(self.ids):
            if number % 10 == 6:
                switches = [bool(self._trait(number, kind % 4, 64) >> kind & 1) for kind in range(6)]
                yield user_id, *switches, False, False, instant(self.created_ms[number])

    def _status_since(self, number: int) -> datetime:
        """When a customer who isn't active stopped to be: lately enough that nothing is erased yet."""
        lived_ms = min(self.now_ms - self.created_ms[number], 80 * DAY_MS)
        return instant(self.now_ms - lived_ms * (1 + number % 100) // 101)

    def _is_registered(self, number: int) -> bool:
        return number % 25 != 9

    def _name(self, number: int) -> str:
        first, last = self._trait(number, 3, len(_FIRST)), ((self._before + number) * 31 + 7) % len(_LAST)
        return f"{_FIRST[first]} {_LAST[last]}"

    def _email(self, number: int) -> str:
        return f"{self._name(number).replace(' ', '.').lower()}.{self._before + number}@example.com"


def code_of(number: int) -> str:
    """A referral code: no two numbers have the same."""
    base = len(CODE_ALPHABET)
    rest = (number * 6_364_136_223 + 1_442_695_040) % base**CODE_LENGTH
    letters = []
    for _ in range(CODE_LENGTH):
        rest, letter = divmod(rest, base)
        letters.append(CODE_ALPHABET[letter])
    return "".join(letters)

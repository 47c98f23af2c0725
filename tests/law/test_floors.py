"""Floors: everything imports from lower floors only, so that a change is seen from above and never from below."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.law.house import SANDBOX_KNOWS, File, House, house

# Loaded by a command when it runs, so that `gencharge --help` need not load the whole house.
MAY_HIDE = ("gencharge/run/",)


def unplaced(house: House) -> Iterator[str]:
    """Every folder is a room, a drawer of core, or one of the few places above the rooms."""
    for file in house:
        if file.place not in house.floors and file.place not in {"gencharge", "__main__", "core", "sandbox"}:
            yield (
                f"{file.path}: {file.place!r} stands on no floor. A room is named in FLOORS of gencharge/wiring.py; "
                "a line that fits no room means that a room is missing, not that a `utils` is"
            )
    for floor in house.rooms:
        for room in floor:
            if f"gencharge.{room}.room" not in house.modules:
                yield f"gencharge/wiring.py: FLOORS names {room!r}, and there is no gencharge/{room}/room.py"


def upward(house: House) -> Iterator[str]:
    """An import goes down, never up and never sideways."""
    for file in house:
        here = house.floors.get(file.place)
        if here is None:
            continue
        for statement in file.imports:
            there = house.floors.get(place := house.target_place(statement))
            if place != file.place and there is not None and there >= here:
                yield (
                    f"{file.path}:{statement.line}: imports {statement.full}; {file.place} (floor {here}) may import lower floors "
                    f"only, and {place} is on floor {there}. Let it emit an event that the higher room listens to, "
                    "or move the noun that both need to a lower room"
                )


def strangers(house: House) -> Iterator[str]:
    """The sandbox plays the outside world: it knows next to nothing of us, and nothing of us knows it."""
    for file in house:
        for statement in file.imports:
            target = house.target(statement)
            outside = file.place == "sandbox"
            if outside and not target.startswith(("sandbox", *SANDBOX_KNOWS)):
                yield (
                    f"{file.path}:{statement.line}: imports {target}; an outside party knows only {', '.join(SANDBOX_KNOWS)}. "
                    "Write out what it needs"
                )
            if not outside and target.split(".")[0] == "sandbox" and file.place not in {"run", "bench"}:
                yield f"{file.path}:{statement.line}: imports the sandbox; the product reaches it over HTTP only"


def hidden(house: House) -> Iterator[str]:
    """Imports stand at the top, where the floors are seen."""
    for file in house:
        if not file.path.startswith(MAY_HIDE):
            for statement in file.imports:
                if statement.hidden:
                    yield (
                        f"{file.path}:{statement.line}: imports {statement.full} inside a function. Import at the top; if that "
                        "makes a cycle, a noun is in the wrong room"
                    )


def cycles(house: House) -> Iterator[str]:
    """No module imports itself in a roundabout way."""
    done = set[str]()

    def visit(file: File, trail: tuple[str, ...]) -> Iterator[str]:
        if file.module in trail:
            ring = (*trail[trail.index(file.module) :], file.module)
            yield f"{file.path}: {' -> '.join(ring)} is a cycle. Move what both need into a file of its own below"
            return
        if file.module in done:
            return
        for statement in file.imports:
            other = house.modules.get(house.target(statement))
            if other is not None and other is not file:
                yield from visit(other, (*trail, file.module))
        done.add(file.module)

    for file in house:
        yield from visit(file, ())


RULES = (unplaced, upward, strangers, hidden, cycles)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_house_keeps_its_floors(rule) -> None:  # type: ignore[no-untyped-def]
    assert list(rule(house())) == []


@pytest.mark.parametrize(
    ("path", "source", "reason"),
    [
        ("gencharge/utils/strings.py", "", "'utils' stands on no floor"),
        ("gencharge/strings.py", "", "'strings' stands on no floor"),
        ("gencharge/core/helpers/strings.py", "", "'core.helpers' stands on no floor"),
        (
            "gencharge/wiring.py",
            "FLOORS: Floors = (('wallet', 'astrology'),)",
            "names 'astrology', and there is no gencharge/astrology/room.py",
        ),
        (
            "gencharge/wallet/service.py",
            "from gencharge.recharge import service",
            "may import lower floors only",
        ),
        ("gencharge/wallet/service.py", "import gencharge.plans.models", "may import lower floors only"),
        ("gencharge/audit/service.py", "from gencharge.notifications import service", "lower floors only"),
        ("gencharge/core/values/money.py", "from gencharge.wallet.models import Code", "lower floors only"),
        (
            "gencharge/core/values/money.py",
            "from gencharge.core.settings import Settings",
            "lower floors only",
        ),
        ("gencharge/recharge/service.py", "from gencharge import wiring", "lower floors only"),
        ("gencharge/wiring.py", "FLOORS: Floors = ()\nfrom gencharge.api import main", "lower floors only"),
        ("gencharge/api/main.py", "from gencharge.run import cli", "lower floors only"),
        ("scale/books.py", "from gencharge.run import cli", "lower floors only"),
        ("sandbox/app.py", "from gencharge.core.values.money import Money", "an outside party knows only"),
        (
            "sandbox/app.py",
            "from gencharge.payments.models import PaymentStatus",
            "an outside party knows only",
        ),
        ("gencharge/payments/service.py", "from sandbox import signing", "over HTTP only"),
        (
            "gencharge/wallet/service.py",
            "def f():\n    from gencharge.wallet import crud",
            "inside a function",
        ),
        ("gencharge/wallet/models.py", "from gencharge.wallet import service", "is a cycle"),
    ],
)
def test_each_rule_catches_what_breaks_it(path: str, source: str, reason: str) -> None:
    broken = house().with_file(path, source)
    assert any(reason in breach for rule in RULES for breach in rule(broken))

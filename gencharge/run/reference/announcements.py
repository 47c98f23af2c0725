"""The page of the events, from their classes and from who listens to them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

from gencharge import wiring
from gencharge.core.events.events import Event
from gencharge.run.reference import markdown

_INTRODUCTION = """
What the rooms announce: an event is written in the transaction of the change itself and delivered after it, to each listener
(see [Events](../ARCHITECTURE.md#events)). The audit trail keeps them all. Every event carries `user_id`, the customer whose
data changed, beside the fields that are listed here. Amounts are paise; `changes` holds old and new values.

Integrators get messages made from some of these over [signed webhooks](api.md#webhooks): the webhook's format is a contract,
the event's is not.
""".strip()


def page() -> Iterator[str]:
    """Every event by its room: when it happens, its fields, and which listeners get it."""
    yield markdown.title("Events")
    yield _INTRODUCTION + "\n"
    rooms: dict[str, list[type[Event]]] = {}
    for event in Event.registry.values():
        package, room, *_ = event.__module__.split(".")
        if package == "gencharge":
            rooms.setdefault(room, []).append(event)
    for room in ("core", *(room.name for room in wiring.ROOMS)):
        if room in rooms:
            yield f"## {room}\n"
            yield from markdown.table(
                ("event", "when", "fields", "listeners"),
                (_row(event) for event in sorted(rooms[room], key=lambda event: event.__name__)),
            )


def _row(event: type[Event]) -> tuple[str, str, str, str]:
    about = " ".join((event.__doc__ or "").split())
    names = (field.name for field in fields(event) if field.name != "user_id")
    return f"`{event.__name__}`", about, markdown.codes(names), ", ".join(_listeners(event))


def _listeners(event: type[Event]) -> Iterator[str]:
    """Who does something about this event in particular."""
    for listener in wiring.LISTENERS:
        if event in listener.topics:
            yield listener.name

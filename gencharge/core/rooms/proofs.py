"""What proves that the stores are whole. A room that can prove something names it in its `room.py`; backups run all proofs on restored copies."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from gencharge.core.settings import Settings

# Proves something about the stores that the settings name: whether it holds, and lines for a person.
Proof = Callable[[Settings], Awaitable[tuple[bool, list[str]]]]

"""The port to a number-portability registry (MNP clearing house), which knows the operator of ported numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from gencharge.operators.models import ServiceType


@dataclass(frozen=True, slots=True)
class RegistryEntry:
    """What a registry says of a number. Registries know the operator, some know more."""

    operator: str
    circle: str | None
    service_type: ServiceType


class NumberRegistry(Protocol):
    """A registry that can be asked for one number."""

    async def find(self, phone_number: str) -> RegistryEntry | None:
        """What it knows of an E.164 number, None if nothing. May raise OSError or TimeoutError."""
        ...


class NoRegistry:
    """Where there is no contract with a registry: nothing is known."""

    async def find(self, phone_number: str) -> RegistryEntry | None:
        """None, always."""
        del phone_number
        return None

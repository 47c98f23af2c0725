"""The port to a number-portability registry (MNP clearing house), which knows the operator of ported numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from gencharge.operators.models import ServiceType


@dataclass(frozen=True, slots=True)
class RegistryEntry:
    """A registry's answer for a number. Some registries know only the operator."""

    operator: str
    circle: str | None
    service_type: ServiceType


class NumberRegistry(Protocol):
    """A registry that can be asked for one number."""

    async def find(self, phone_number: str) -> RegistryEntry | None:
        """The entry of an E.164 number; None if there is none. May raise OSError or TimeoutError."""
        ...


class NoRegistry:
    """Used without a registry contract: knows nothing."""

    async def find(self, phone_number: str) -> RegistryEntry | None:
        """None, always."""
        del phone_number
        return None

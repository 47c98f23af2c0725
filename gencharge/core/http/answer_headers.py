"""The headers that every answer has, in the document: what the request was called, and what is left of its limit.

The whole document names them at each answer. The parts that are sent leave them out there, because they would stand in thousands of
places: the conventions and the components say them once.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any, Final

REQUEST_ID: Final = "X-Request-ID"
# In every answer. The last two: but where a limit does not apply, such as of the probes of an orchestrator.
COMMON: Final = (REQUEST_ID, "RateLimit", "RateLimit-Policy")


def add_common(document: dict[str, Any]) -> None:
    """Let each answer name them, beside its own. The components have what they mean."""
    for response in responses_of(document):
        headers = response.setdefault("headers", {})
        for name in COMMON:
            headers.setdefault(name, {"$ref": f"#/components/headers/{name}"})


def drop_common(document: dict[str, Any]) -> None:
    """Leave them out of each answer that has no header by which one waits."""
    for response in responses_of(document):
        headers = response.get("headers", {})
        if "Retry-After" in headers:
            headers.pop(REQUEST_ID, None)
            continue
        for name in COMMON:
            headers.pop(name, None)
        if not headers:
            response.pop("headers", None)


def responses_of(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Each response that stands for itself, shared ones once."""
    places = (
        operation["responses"] for methods in document["paths"].values() for operation in methods.values()
    )
    shared = document.get("components", {}).get("responses", {})
    for responses in chain(places, [shared]):
        yield from (response for response in responses.values() if "$ref" not in response)

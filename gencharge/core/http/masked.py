"""Answers to who may not see customers' whole phone numbers and e-mail addresses.

A guard decides that once for a request (`telemetry.RequestContext.masks_contacts`), and `web.reply` masks whatever the route
answers. So no route can forget it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any, Final, TypeVar

from pydantic import BaseModel

from gencharge.core.values.email import mask_emails
from gencharge.core.values.phone import mask_numbers

Model = TypeVar("Model", bound=BaseModel)
# What a client sends back as it is, or another party's number of something.
_KEYS: Final = frozenset({"next_cursor", "etag"})
_IDS: Final = ("_id", "_reference", "_by")


def mask(value: Any) -> Any:
    """The same answer, as plain containers, with every number and address in its texts masked; ids and cursors stay."""
    if isinstance(value, BaseModel):
        return _mask_fields(value.__dict__)
    if isinstance(value, Mapping):
        return _mask_fields(value)
    if is_dataclass(value) and not isinstance(value, type):
        return _mask_fields({field.name: getattr(value, field.name) for field in fields(value)})
    if isinstance(value, list | tuple | set | frozenset):
        return [mask(part) for part in value]
    return mask_emails(mask_numbers(value)) if type(value) is str else value


def masked_copy(model: Model) -> Model:
    """A copy of a model with the numbers and addresses in its own texts masked: for what is not sent as JSON."""
    texts = {name: mask(value) for name, value in model.__dict__.items() if type(value) is str}
    return model.model_copy(update={name: text for name, text in texts.items() if not _is_key(name)})


def _mask_fields(values: Mapping[Any, Any]) -> dict[Any, Any]:
    return {name: value if _is_key(str(name)) else mask(value) for name, value in values.items()}


def _is_key(name: str) -> bool:
    return name in _KEYS or name.endswith(_IDS)

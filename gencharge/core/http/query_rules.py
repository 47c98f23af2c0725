"""What the parameters of a query may be called, and how a boolean or a whole number is written there."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from types import UnionType
from typing import Annotated, Any, Final, Union, get_args, get_origin
from urllib.parse import parse_qsl

from fastapi.dependencies.models import Dependant
from pydantic import BaseModel

from gencharge.core.errors import FieldProblem, ValidationFailed, field_problem
from gencharge.core.values.codes import Choice
from gencharge.core.wording import worded

_BOOLEAN: Final = re.compile(r"true|false", re.ASCII)
_WHOLE: Final = re.compile(r"-?[0-9]{1,19}", re.ASCII)
_TOKENS: Final = frozenset({"token", "access_token", "refresh_token", "authorization", "bearer", "jwt"})
_RIGHT: Final = {
    bool: (_BOOLEAN, worded("Must be true or false"), "bool_parsing"),
    int: (_WHOLE, worded("Must be a whole number"), "int_parsing"),
}


class QueryRules:
    """The parameters of one route."""

    def __init__(self, dependant: Dependant) -> None:
        parameters = tuple(_parameters(dependant))
        self._kinds: Mapping[str, type | None] = {
            name: _strict_kind(annotation) for name, annotation, _ in parameters
        }
        # Those whose values are data, and which (`core.http.choices`).
        self.choices: Mapping[str, str] = {
            name: choice
            for name, annotation, metadata in parameters
            if (choice := _choice_of(annotation, metadata)) is not None
        }

    def check(self, query: bytes) -> None:
        """Raises ValidationFailed for a parameter that the route does not have, or that is no boolean or whole number."""
        errors = [
            problem
            for name, value in parse_qsl(query.decode("latin-1"), keep_blank_values=True)
            if (problem := self._problem_of(name, value)) is not None
        ]
        if errors:
            raise ValidationFailed(errors=errors)

    def _problem_of(self, name: str, value: str) -> FieldProblem | None:
        if name not in self._kinds:
            return unknown(name, self._kinds)
        kind = self._kinds[name]
        if kind is None:
            return None
        pattern, right, code = _RIGHT[kind]
        return None if pattern.fullmatch(value) else field_problem(f"query.{name}", right, code)


def unknown(name: str, names: Collection[str] = ()) -> FieldProblem:
    """The problem of a parameter that is none of `names`. A token is worth a hint: addresses end in logs and histories."""
    if name.lower() in _TOKENS:
        right = "A token never belongs in the address; send it as Authorization: Bearer ..."
        return field_problem(f"query.{name}", right, "token_in_address")
    right = worded("Is no parameter here; there are {names}", names=list(names) or worded("none"))
    return field_problem(f"query.{name[:80]}", right, "extra_forbidden")


def _parameters(dependant: Dependant) -> Iterator[tuple[str, Any, Sequence[Any]]]:
    """The name, the type and what the type is annotated with."""
    for field in dependant.query_params:
        annotation = field.field_info.annotation
        model = _kind_of(annotation, BaseModel)
        if model is not None:
            for name, inner in model.model_fields.items():
                yield inner.alias or name, inner.annotation, inner.metadata
        else:
            yield field.alias, annotation, field.field_info.metadata
    for part in dependant.dependencies:
        yield from _parameters(part)


def _strict_kind(annotation: Any) -> type | None:
    return next((kind for kind in _RIGHT if _kind_of(annotation, kind) is kind), None)


def _choice_of(annotation: Any, metadata: Sequence[Any]) -> str | None:
    """Which choice a parameter is, also as `X | None`."""
    for mark in metadata:
        if isinstance(mark, Choice):
            return mark.of
    if get_origin(annotation) in {Union, UnionType}:
        return next(filter(None, (_choice_of(part, ()) for part in get_args(annotation))), None)
    if get_origin(annotation) is Annotated:
        inner, *marks = get_args(annotation)
        return _choice_of(inner, marks)
    return None


def _kind_of(annotation: Any, base: type) -> Any:
    """The class below `base` that an annotation names, also as `X | None` or `Annotated[X, ...]`."""
    if get_origin(annotation) in {Union, UnionType}:
        return next(filter(None, (_kind_of(part, base) for part in get_args(annotation))), None)
    if get_origin(annotation) is Annotated:
        return _kind_of(get_args(annotation)[0], base)
    return annotation if isinstance(annotation, type) and issubclass(annotation, base) else None

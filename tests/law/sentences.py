"""The English sentences that callers may read, as they stand in the code: what each language has to say, too.

A sentence is the docstring of an error, the argument of `worded` (also in `partial(worded, ...)`), and what is given to an error, to `field_problem`, to `Wrong`
and to a validator's `ValueError` or `PydanticCustomError` as its message.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from tests.law.house import File, House
from tests.law.test_errors import errors

# Calls whose messages callers read, and which argument that is. Errors take it first.
MESSAGES = {"worded": 0, "field_problem": 1, "Wrong": 1, "PydanticCustomError": 1}
# Whose `ValueError` is a field's message.
_VALIDATING = re.compile(
    r"gencharge/(\w+/(\w+_)?(schemas|rules)\.py|core/values/(money|percents)\.py|core/http/(addresses|changes)\.py)"
)
# Made by us and shown by nobody: what a validator passes on.
_PASSED_ON = frozenset({"{reason}"})
_LETTERS = re.compile(r"[A-Za-z]")
# A field's name, such as `body.otp`, and what values stand for.
_NAME_OF_FIELD = re.compile(r"[a-z_]+(\.[a-z_]+)+")
_VARIABLE = re.compile(r"\{([a-z_0-9]+)(?:![rs])?(?::[^{}]*)?\}")


@dataclass(frozen=True)
class Sentence:
    """An English sentence, and where it stands."""

    room: str
    text: str
    where: str


def sentences(of: House) -> Iterator[Sentence]:
    """All that callers may read."""
    kinds = errors(of)
    for error in kinds:
        if error.is_code:
            yield Sentence(_room(error.file), error.message.splitlines()[0], error.where)
    names = {error.name for error in kinds}
    for file in of:
        if not file.path.startswith("gencharge/") or file.path == "gencharge/core/wording.py":
            continue
        for call, message in _messages(file, names):
            for text in _texts(file, message):
                if (
                    text not in _PASSED_ON
                    and not _NAME_OF_FIELD.fullmatch(text)
                    and _LETTERS.search(_bare(text))
                ):
                    yield Sentence(_room(file), text, f"{file.path}:{call.lineno}")


def put_together(of: House) -> Iterator[str]:
    """Messages that are put together, so that no other language can say them."""
    names = {error.name for error in errors(of)}
    for file in of:
        if file.path.startswith("gencharge/"):
            for call, message in _messages(file, names):
                for part in _branches(message):
                    if _is_put_together(part):
                        yield (
                            f'{file.path}:{call.lineno}: write worded("... {{name}} ...", name=...) in place of '
                            f"{ast.unparse(part)[:60]}"
                        )


def variables(sentence: str) -> frozenset[str]:
    """The names in braces."""
    return frozenset(_VARIABLE.findall(sentence))


def _bare(text: str) -> str:
    return _VARIABLE.sub("", text)


@cache
def _calls(file: File) -> list[tuple[ast.Call, str]]:
    """Each call that has an argument, and the name of what it calls."""
    return [(node, _name(node.func)) for node in file.nodes if isinstance(node, ast.Call) and node.args]


def _messages(file: File, errors_: set[str]) -> Iterator[tuple[ast.Call, ast.expr]]:
    validates = _VALIDATING.fullmatch(file.path) is not None
    for node, name in _calls(file):
        if name == "partial" and _name(node.args[0]) == "worded":
            yield node, node.args[1]
            continue
        place = 0 if name in errors_ or (name == "ValueError" and validates) else MESSAGES.get(name)
        if place is not None and len(node.args) > place:
            yield node, node.args[place]


def _branches(message: ast.expr) -> Iterator[ast.expr]:
    if isinstance(message, ast.IfExp):
        yield from _branches(message.body)
        yield from _branches(message.orelse)
    elif isinstance(message, ast.BoolOp):
        for part in message.values:
            yield from _branches(part)
    else:
        yield message


def _texts(file: File, message: ast.expr) -> Iterator[str]:
    for part in _branches(message):
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            yield part.value
        elif isinstance(part, ast.Name):
            # A constant of the file, or of the function.
            yield from (
                node.value.value
                for node in file.nodes
                if isinstance(node, ast.Assign | ast.AnnAssign)
                and isinstance(node.value, ast.Constant)
                and isinstance(node.value.value, str)
                and part.id in {_name(target) for target in _targets(node)}
            )


def _is_put_together(part: ast.expr) -> bool:
    return isinstance(part, ast.JoinedStr | ast.BinOp) or (
        isinstance(part, ast.Call) and _name(part.func) in {"format", "join"}
    )


def _targets(node: ast.Assign | ast.AnnAssign) -> list[ast.expr]:
    return node.targets if isinstance(node, ast.Assign) else [node.target]


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _room(file: File) -> str:
    return file.path.split("/")[1]

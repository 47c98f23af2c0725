"""Makes uploaded XLSX files safe: their unpacked size is checked before they are parsed.

An XLSX file is a ZIP archive of XML. Small ones can unpack to gigabytes, name a cell in the last row of the last
column, or repeat one long text in each cell. Here the few parts that matter are unpacked under a limit, walked
through once with limits on rows, columns and text, and packed again, so that the reader sees these bytes and no others.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from dataclasses import dataclass, field
from typing import Final
from xml.parsers import expat

from gencharge.core.wording import worded
from gencharge.plans.errors import PlanFileInvalid

_STRINGS: Final = "xl/sharedStrings.xml"
_PARTS: Final = frozenset(
    {
        "[Content_Types].xml",
        "_rels/.rels",
        "xl/workbook.xml",
        "xl/_rels/workbook.xml.rels",
        "xl/styles.xml",
        _STRINGS,
    }
)
_MAX_MEMBERS: Final = 500
_MAX_BYTES: Final = 48_000_000
_MAX_COLUMNS: Final = 64
_MAX_ELEMENTS: Final = 3_000_000
_MAX_TEXT: Final = 40_000_000
_TOO_LARGE: Final = "The XLSX file is too large when unpacked."
_BROKEN: Final = "The XLSX file is damaged."


def unpacked(data: bytes, *, max_rows: int) -> bytes:
    """The same workbook, repacked and within the limits. Raises PlanFileInvalid."""
    parts = _parts_of(data)
    measure = _Measure(max_rows)
    # The texts first: the sheets refer to them by number.
    for name in sorted(parts, key=lambda name: name != _STRINGS):
        measure.walk(name, parts[name])
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as packed:
        for name, content in parts.items():
            packed.writestr(name, content)
    return buffer.getvalue()


def _parts_of(data: bytes) -> dict[str, bytes]:
    remaining_bytes = _MAX_BYTES
    parts: dict[str, bytes] = {}
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            members = packed.infolist()
            if len(members) > _MAX_MEMBERS:
                raise PlanFileInvalid(_TOO_LARGE)
            for member in members:
                if member.filename in parts or not _matters(member.filename):
                    continue
                if member.flag_bits & 1:
                    raise PlanFileInvalid("The XLSX file is protected by a password. Save it without one.")
                # The declared size of a member may be wrong, so unpacking stops at the limit.
                with packed.open(member) as stream:
                    content = stream.read(remaining_bytes + 1)
                remaining_bytes -= len(content)
                if remaining_bytes < 0:
                    raise PlanFileInvalid(_TOO_LARGE)
                parts[member.filename] = content
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError, RuntimeError):
        raise PlanFileInvalid(_BROKEN) from None
    return parts


def _matters(name: str) -> bool:
    return name in _PARTS or (
        name.startswith("xl/worksheets/") and name.endswith(".xml") and name.count("/") == 2
    )


@dataclass(slots=True)
class _Measure:
    """Walks through XML and stops at the first excess. Knows elements by their names, not by their places."""

    max_rows: int
    elements: int = 0
    text: int = 0
    lengths: list[int] = field(default_factory=list)
    row: int = 0
    column: int = 0
    in_strings: bool = False
    shared: bool = False
    value: str | None = None

    def walk(self, name: str, content: bytes) -> None:
        """Measure one part. Raises PlanFileInvalid."""
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        parser.StartDoctypeDeclHandler = self._doctype
        self.in_strings = name == _STRINGS
        self.row = self.column = 0
        try:
            parser.Parse(content, True)
        except (expat.ExpatError, ValueError):
            raise PlanFileInvalid(_BROKEN) from None

    def _doctype(self, *_declared: object) -> None:
        raise PlanFileInvalid(_BROKEN)  # an Office file has none; with one, entities could be made to grow

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self.elements += 1
        if self.elements > _MAX_ELEMENTS:
            raise PlanFileInvalid(_TOO_LARGE)
        local = name.rpartition(":")[2]
        if (local in {"row", "c"} and self.in_strings) or (local == "si" and not self.in_strings):
            raise PlanFileInvalid(_BROKEN)
        if local == "row":
            self._go_to(int(attributes.get("r", self.row + 1)), 0)
        elif local == "c":
            self._go_to_cell(attributes.get("r", ""))
            self.shared = attributes.get("t") == "s"
        elif local == "si":
            self.lengths.append(0)
        elif local == "v":
            self.value = ""

    def _end(self, name: str) -> None:
        if name.rpartition(":")[2] == "v" and self.value is not None:
            if self.shared and 0 <= (number := int(self.value)) < len(self.lengths):
                self._add(self.lengths[number])
            self.value = None

    def _characters(self, text: str) -> None:
        if self.in_strings:
            if self.lengths:
                self.lengths[-1] += len(text)
            return
        self._add(len(text))
        if self.value is not None and len(self.value) < 32:
            self.value += text

    def _add(self, characters: int) -> None:
        self.text += characters
        if self.text > _MAX_TEXT:
            raise PlanFileInvalid(_TOO_LARGE)

    def _go_to_cell(self, reference: str) -> None:
        letters = reference.rstrip("0123456789")
        if not reference:
            self._go_to(self.row, self.column + 1)
            return
        column = 0
        for letter in letters.upper()[:5]:
            column = column * 26 + ord(letter) - ord("A") + 1
        self._go_to(int(reference[len(letters) :] or self.row), column)

    def _go_to(self, row: int, column: int) -> None:
        if row > self.max_rows + 1_000 or column > _MAX_COLUMNS:
            raise PlanFileInvalid(
                worded(
                    "The sheet has cells beyond row {max_rows} or column {max_columns}. Clear them.",
                    max_rows=self.max_rows,
                    max_columns=_MAX_COLUMNS,
                )
            )
        self.row, self.column = row, column

# SPDX-License-Identifier: Apache-2.0
"""FlatBuffers tables by the names of their fields. flatc's modules are in `wire`, made by build.py."""
from __future__ import annotations

import contextlib
import importlib
import re
import struct
from collections.abc import Iterator, Mapping
from typing import Any

import flatbuffers
import numpy as np

from .envelope import IDENTIFIERS, Kind, Rejected, Sections, Stamp, seal

MAX_TEXT_BYTES = 256
_MAX_ENTRIES = 1000  # of a vector of tables or texts
_CONTROL = re.compile("[\x00-\x1f\x7f]")
_UUID = re.compile("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_TABLES = {Kind.start: "Start", Kind.rows: "Rows", Kind.end: "End", Kind.heartbeat: "Heartbeat", Kind.map: "Map",
           Kind.atoms: "Atoms", Kind.statistics: "Statistics", Kind.event: "Event", Kind.command: "Command",
           Kind.reply: "Reply", Kind.series: "SeriesStatistics"}


def _camel(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))


def _module(table: str) -> Any:
    return importlib.import_module(f"{__package__}.wire.{table}")


@contextlib.contextmanager
def only_rejects() -> Iterator[None]:
    """Whatever FlatBuffers and NumPy make of wrong bytes or values is a `Rejected`."""
    try:
        yield
    except Rejected:
        raise
    except (struct.error, IndexError, OverflowError, TypeError, ValueError) as problem:
        raise Rejected("bad_flatbuffer") from problem


def checked_text(text: str, field: str, limit_bytes: int = MAX_TEXT_BYTES) -> str:
    if _CONTROL.search(text) or len(text.encode("utf-8", "replace")) > limit_bytes:
        raise Rejected("bad_text", field)
    return text


def checked_uuid(text: str) -> str:
    if not _UUID.fullmatch(text):
        raise Rejected("bad_uuid", "uuid")
    return text


class Table:
    """A table that is read. Numbers by their names, the rest by the methods; none of them looks outside the buffer."""

    def __init__(self, accessors: Any) -> None:
        self._accessors = accessors

    def __getitem__(self, field: str) -> Any:
        """A number or bool; None if it may be absent and is."""
        return getattr(self._accessors, _camel(field))()

    def numbers(self, *fields: str) -> dict[str, Any]:
        return {field: self[field] for field in fields}

    def array(self, field: str) -> np.ndarray:
        """A vector of numbers, read-only: a view into the message."""
        vector = getattr(self._accessors, _camel(field) + "AsNumpy")()
        if not isinstance(vector, np.ndarray):
            raise Rejected("bad_flatbuffer", field)
        return vector

    def text(self, field: str, limit_bytes: int = MAX_TEXT_BYTES) -> str:
        return self._text(self[field], field, limit_bytes)

    def texts(self, field: str) -> tuple[str, ...]:
        return tuple(self._text(entry, field, MAX_TEXT_BYTES) for entry in self._entries(field))

    def table(self, field: str) -> Table | None:
        inner = self[field]
        return None if inner is None else Table(inner)

    def needed(self, field: str) -> Table:
        inner = self.table(field)
        if inner is None:
            raise Rejected("bad_flatbuffer", field)
        return inner

    def tables(self, field: str) -> list[Table]:
        return [Table(entry) for entry in self._entries(field)]

    def _entries(self, field: str) -> list[Any]:
        count = getattr(self._accessors, _camel(field) + "Length")()
        if count > _MAX_ENTRIES:
            raise Rejected("bad_flatbuffer", field)
        get = getattr(self._accessors, _camel(field))
        return [get(i) for i in range(count)]

    @staticmethod
    def _text(raw: bytes | None, field: str, limit_bytes: int) -> str:
        try:
            return checked_text((raw or b"").decode("utf-8"), field, limit_bytes)
        except UnicodeDecodeError as problem:
            raise Rejected("bad_text", field) from problem


def root(sections: Sections) -> Table:
    """The table of a message of a known kind, its stamp checked. @throws Rejected, or what only_rejects() takes"""
    kind = Kind(sections.kind)
    if sections.flatbuffer.nbytes < 8 or sections.flatbuffer[4:8] != IDENTIFIERS[kind]:
        raise Rejected("wrong_identifier")
    table = Table(getattr(_module(_TABLES[kind]), _TABLES[kind]).GetRootAs(sections.flatbuffer, 0))
    for field, sent in (("session", sections.stamp.session), ("seq", sections.stamp.seq)):
        if table[field] not in (None, sent):
            raise Rejected("stamp_differs", field)
    return table


def _put(builder: flatbuffers.Builder, table: str, values: Mapping[str, Any]) -> int:
    """Absent: None. Text: str. Vector: ndarray. Table: a mapping, its type named as the field. Else: a number."""
    ready = {}
    for field, value in values.items():
        if isinstance(value, str):
            value = builder.CreateString(value)
        elif isinstance(value, np.ndarray):
            value = builder.CreateNumpyVector(value)
        elif isinstance(value, Mapping):
            value = _put(builder, _camel(field), value)
        if value is not None:
            ready[field] = value
    module = _module(table)
    getattr(module, f"{table}Start")(builder)
    for field, value in ready.items():
        getattr(module, f"{table}Add{_camel(field)}")(builder, value)
    return getattr(module, f"{table}End")(builder)


def message(kind: Kind, stamp: Stamp, values: Mapping[str, Any], payload: Any = b"") -> bytes:
    """A whole message, its table from `values` by field. @throws Rejected ("bad_flatbuffer": a number out of range)"""
    with only_rejects():
        builder = flatbuffers.Builder(1024)
        offset = _put(builder, _TABLES[kind], {"session": stamp.session, "seq": stamp.seq, **values})
        builder.Finish(offset, file_identifier=IDENTIFIERS[kind])
        return seal(kind, stamp, builder.Output(), payload)

# SPDX-License-Identifier: Apache-2.0
"""What an analyzer publishes: atoms, map, statistics, series, event. Each field is explained in
firmware_bridge/wire/PROTOCOL.md and firmware_bridge/wire/result.fbs. Arrays are read-only views into the message."""
from __future__ import annotations

import enum
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Union

import numpy as np

from .atoms import Atoms, atoms
from .envelope import Kind, Rejected, Sections
from .frame_messages import Heartbeat, State, counters, heartbeat
from .result_head import Head, head
from .tables import Table, checked_uuid, only_rejects, root

_MAX_MAP_SIDE = 16384
_MAX_JSON_BYTES = 256 << 20


@dataclass(frozen=True, eq=False)
class Layer:
    """Of a map; NaN where nothing is known."""
    value: np.ndarray  # [rows × cols] float32
    sigma: np.ndarray  # [rows × cols] float32, standard error


@dataclass(frozen=True, eq=False)
class Map(Head):
    step_px: int  # image pixels a map pixel
    layers: dict[str, Layer]


@dataclass(frozen=True, eq=False)
class Modes:
    """Principal components of the neighbourhoods of one species of cation, N neighbours; k modes."""
    species: str
    neighbours: int
    count: int
    mean: np.ndarray      # [N × 2] offsets x, y in the lattice frame, `unit`; [0 × 2]: too few atoms
    loadings: np.ndarray  # [modes known × N × 2]
    variance: np.ndarray  # [k] unit²
    explained: np.ndarray  # [k] 0..1
    name: tuple[str, ...]  # [k]
    overlap: np.ndarray   # [k] with the pattern of that name, 0..1


@dataclass(frozen=True, eq=False)
class Statistics(Head):
    atoms: int
    modes: tuple[Modes, ...]      # of the first and of the second species
    lattice: dict[str, Any]       # found, a1_x_px ... anisotropy
    species: dict[str, Any]       # threshold ... clusters; None where not known
    drift_x_px: float
    drift_y_px: float
    width_px: float
    background: float
    chi2: float
    notes: int
    note_texts: tuple[str, ...]   # for the operator
    stages_us: dict[str, float]
    latency_us: float
    state: State
    counters: dict[str, int]
    ellipticity: float | None
    ellipticity_rad: float | None
    row_shifts: np.ndarray        # structured: y_px, dx_px, dy_px, se_px


@dataclass(frozen=True)
class Series:
    """Statistics of the composition series after a complete frame."""
    uuid: str
    frame: int
    version: str
    content: dict[str, Any]  # keys as in the results of dwellmap-analyze


class EventType(enum.IntEnum):
    species_switch = 0
    vacancy = 1
    displacement = 2
    drift_lost = 3
    quality = 4


@dataclass(frozen=True)
class Event:
    uuid: str
    frame: int
    type: int  # an EventType, or a newer analyzer's
    atom_id: int
    x_px: float
    y_px: float
    before: str
    after: str
    probability: float | None
    text: str


ResultMessage = Union[Map, Atoms, Statistics, Series, Event, Heartbeat]


def _map(t: Table) -> Map:
    shape = t["rows"], t["cols"]
    if max(shape) > _MAX_MAP_SIDE:
        raise Rejected("bad_result", "rows x cols")

    def image(layer: Table, field: str) -> np.ndarray:
        pixels = layer.array(field)
        if pixels.size != shape[0] * shape[1]:
            raise Rejected("bad_result", field)
        return pixels.reshape(shape)

    layers = {layer.text("name"): Layer(image(layer, "value"), image(layer, "sigma")) for layer in t.tables("layers")}
    return Map(**head(t), step_px=t["step_px"], layers=layers)


def _modes(t: Table) -> Modes:
    mean, loadings = t.array("mean"), t.array("loadings")
    columns: dict[str, Any] = {name: t.array(name) for name in ("variance", "explained", "overlap")}
    names = t.texts("name")
    modes = len(names)
    if any(len(column) != modes for column in columns.values()):
        raise Rejected("bad_result", "modes")
    if mean.size % 2 or loadings.size % max(mean.size, 1) or loadings.size > modes * mean.size:
        raise Rejected("bad_result", "loadings")
    known = loadings.size // max(mean.size, 1)
    return Modes(species=t.text("species"), name=names, mean=mean.reshape(-1, 2),
                 loadings=loadings.reshape(known, mean.size // 2, 2), **t.numbers("neighbours", "count"), **columns)


def _row_shifts(t: Table) -> np.ndarray:
    fields = ("y_px", "dx_px", "dy_px", "se_px")
    return np.array([tuple(shift[field] for field in fields) for shift in t.tables("row_shifts")],
                    [(field, "f4") for field in fields])


def _statistics(t: Table) -> Statistics:
    lattice = t.needed("lattice").numbers("found", "a1_x_px", "a1_y_px", "a2_x_px", "a2_y_px", "a_px", "se_a_px",
                                          "rotation_rad", "anisotropy")
    species = t.needed("species")
    contrasts = species.numbers("threshold", "quantile_threshold", "fraction_second", "expected_second", "mean_first",
                                "sigma_first", "mean_second", "sigma_second")
    return Statistics(
        **head(t), modes=tuple(map(_modes, t.tables("modes"))), lattice=lattice,
        species={**contrasts, "clusters": species.array("clusters")}, note_texts=t.texts("note_texts"),
        stages_us={stage.text("name"): stage["us"] for stage in t.tables("stages")}, state=State(t["state"]),
        counters=counters(t.needed("counters")), row_shifts=_row_shifts(t),
        **t.numbers("atoms", "drift_x_px", "drift_y_px", "width_px", "background", "chi2", "notes", "latency_us",
                    "ellipticity", "ellipticity_rad"))


def _series(t: Table) -> Series:
    try:
        content = json.loads(t.text("json", _MAX_JSON_BYTES))
    except (json.JSONDecodeError, RecursionError) as problem:
        raise Rejected("bad_result", "json") from problem
    return Series(uuid=checked_uuid(t.text("uuid")), version=t.text("version"), content=content, frame=t["frame"])


def _event(t: Table) -> Event:
    texts: dict[str, Any] = {name: t.text(name) for name in ("before", "after", "text")}
    return Event(uuid=checked_uuid(t.text("uuid")), **texts,
                 **t.numbers("frame", "type", "atom_id", "x_px", "y_px", "probability"))


_READERS: dict[Kind, Callable[[Table], ResultMessage]] = {
    Kind.map: _map, Kind.atoms: atoms, Kind.statistics: _statistics, Kind.series: _series, Kind.event: _event,
    Kind.heartbeat: heartbeat}


def decode(sections: Sections) -> ResultMessage:
    """Of the kinds map, atoms, statistics, series, event and heartbeat. @throws Rejected"""
    if sections.payload.nbytes:
        raise Rejected("bad_payload_size")
    with only_rejects():
        return _READERS[Kind(sections.kind)](root(sections))

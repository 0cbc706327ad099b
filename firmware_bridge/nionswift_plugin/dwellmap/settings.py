# SPDX-License-Identifier: GPL-3.0-only
"""What the operator chose, kept in dwellmap.json in Nion Swift's configuration folder."""
from __future__ import annotations

import dataclasses
import json
import os
import pathlib
from typing import Any

FILE = "dwellmap.json"
LAYERS = {"order_parameter": "Symmetry breaking", "isotropic": "Isotropic", "mode_1": "PC1", "mode_2": "PC2",
          "mode_3": "PC3"}
CLASSES = {"n": ("Second-species neighbours", 6), "species": ("Species", 2)}  # title, highest one


@dataclasses.dataclass
class Settings:
    """Of one stream: a detector channel, and the analyzer that gets it."""
    name: str = ""     # tells a second stream's panel and data items from the first's
    channel: str = ""  # "a", "b", ... of Nion Swift; "": the first enabled one
    images: str = "tcp://127.0.0.1:5555"   # bound here; the analyzer's stream.input
    results: str = "tcp://127.0.0.1:5556"  # the analyzer's stream.publish
    control: str = "tcp://127.0.0.1:5557"  # the analyzer's stream.control
    composition: float | None = None    # 0..1, expected fraction of the second cation; None: not known
    layer: str = "order_parameter"         # of the map that is shown: a key of LAYERS
    range_pm: float = 30.0                 # colours reach from -range_pm to +range_pm
    classes: str = "n"                     # of the class map: a key of CLASSES


def _checked(values: dict[str, Any], file: pathlib.Path) -> Settings:
    known = {field.name for field in dataclasses.fields(Settings)}
    unknown = sorted(set(values) - known)
    if unknown:
        raise ValueError(f"{file}: {', '.join(unknown)} is no setting; there are {', '.join(sorted(known))}")
    settings = Settings(**values)
    for field in dataclasses.fields(Settings):
        value, default = getattr(settings, field.name), field.default
        if isinstance(default, str) != isinstance(value, str):
            raise ValueError(f"{file}: {field.name} = {value!r} is not of the right type")
    x = settings.composition
    if x is not None and not 0 <= x <= 1:
        raise ValueError(f"{file}: composition = {x!r} must be in 0..1")
    if settings.layer not in LAYERS or settings.classes not in CLASSES:
        raise ValueError(f"{file}: layer must be one of {', '.join(LAYERS)}, classes one of {', '.join(CLASSES)}")
    if not settings.range_pm > 0:
        raise ValueError(f"{file}: range_pm = {settings.range_pm!r} must be above 0")
    return settings


def load(folder: str) -> list[Settings]:
    """One entry a stream; the defaults where there is no file.

    @throws ValueError that says what is wrong in which file
    """
    file = pathlib.Path(folder, FILE)
    if not file.exists():
        return [Settings()]
    try:
        streams = [_checked(values, file) for values in json.loads(file.read_text(encoding="utf-8"))["streams"]]
    except (json.JSONDecodeError, KeyError, TypeError) as problem:
        raise ValueError(f"{file} is not {{\"streams\": [{{...}}, ...]}}: {problem}") from problem
    if not streams or len({s.name for s in streams}) < len(streams):
        raise ValueError(f"{file}: there must be one or more streams, each with a name of its own")
    return streams


def save(folder: str, streams: list[Settings]) -> None:
    """Whole or not at all."""
    file = pathlib.Path(folder, FILE)
    new = file.with_suffix(".new")
    new.write_text(json.dumps({"streams": [dataclasses.asdict(s) for s in streams]}, indent=1), encoding="utf-8")
    os.replace(new, file)

# SPDX-License-Identifier: Apache-2.0
"""What every importer gives: images of one shape in the order of time, and what their file says of them."""
import dataclasses
import datetime
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from .calibration import Place
from .problem import FileProblem, one_line

PIXEL_TYPES = {"uint8": "u8", "uint16": "u16", "uint32": "u32", "int16": "i16", "int32": "i32", "float32": "f32",
               "float64": "f64"}
WIDENED = {"bool": "uint8", "int8": "int16", "float16": "float32", "int64": "float64", "uint64": "float64"}
SIDES_PX = range(8, 16385)
MOST_PIXELS = 2**26


@dataclasses.dataclass
class ImageSeries:
    """None, or an empty text: the file doesn't say."""
    data: Any  # [rows x cols] or [frames x rows x cols]: an array, or an HDF5 dataset, read frame by frame
    format: str
    place: Place = Place()
    name: str = ""
    channel: str = ""
    specimen: str = ""
    rotation_rad: float | None = None
    dwell_us: float | None = None
    line_us: float | None = None
    flyback_us: float | None = None
    high_tension_v: float | None = None
    created: datetime.datetime | None = None  # UTC
    rows_valid: int | None = None  # of the only frame, where its scan was stopped
    essentials: dict = dataclasses.field(default_factory=dict)  # short, for the provenance
    original_metadata: dict = dataclasses.field(default_factory=dict)  # all of it, plain JSON

    @property
    def shape(self) -> tuple[int, int, int]:
        shape = tuple(self.data.shape)
        return (1, *shape) if len(shape) == 2 else shape

    @property
    def dtype(self) -> np.dtype:
        """Of the recording: little-endian, and wider where the stream has no such type."""
        name = np.dtype(self.data.dtype).name
        return np.dtype(WIDENED.get(name, name)).newbyteorder("<")

    def frame(self, k: int) -> np.ndarray:
        """[rows x cols] of dtype; rows that were not scanned are 0.

        @throws FileProblem  values change by the widening
        """
        try:
            raw = np.asarray(self.data[()] if len(self.data.shape) == 2 else self.data[k])
        except (OSError, RuntimeError) as problem:
            raise FileProblem(f"frame {k} can't be read: the file is damaged ({one_line(problem)})") from problem
        image = raw.astype(self.dtype, order="C")
        if raw.dtype.name in ("int64", "uint64") and not np.array_equal(image.astype(raw.dtype), raw):
            raise FileProblem(f"frame {k} has {raw.dtype} values beyond 2^53, that float64 would change: "
                              "save a narrower type")
        if self.rows_valid is not None:
            image[self.rows_valid:] = 0
        return image

    def check(self) -> None:
        """@throws FileProblem  what no recording can hold"""
        dtype, (frames, rows, cols) = np.dtype(self.data.dtype), self.shape
        if WIDENED.get(dtype.name, dtype.name) not in PIXEL_TYPES:
            hint = "save the magnitude or one part" if dtype.kind == "c" else "save numbers, as float32"
            raise FileProblem(f"pixels of type {dtype.name}: {hint}")
        if frames < 1 or rows not in SIDES_PX or cols not in SIDES_PX or rows * cols > MOST_PIXELS:
            raise FileProblem(f"shape {list(self.data.shape)}: needs at least one frame, sides of {SIDES_PX[0]} to "
                              f"{SIDES_PX[-1]} px, at most 2^26 pixels")


def known(value: object, at_least: float = -math.inf, above: float = -math.inf) -> float | None:
    """A number as the stream's start message allows it, else None."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        return None
    return float(value) if value >= at_least and value > above else None


def part(of: object, *path: str) -> dict:
    """The dictionary at this path; empty where there is none."""
    for key in path:
        of = of.get(key) if isinstance(of, Mapping) else None
    return dict(of) if isinstance(of, Mapping) else {}


def plain(value: object) -> Any:
    """The same as JSON can hold it: keys as text, arrays as lists, what is not finite or not known as null."""
    if isinstance(value, Mapping):
        return {str(key): plain(v) for key, v in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [plain(v) for v in value]
    if isinstance(value, (np.ndarray, np.generic)):
        return plain(value.tolist())
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if value is None or isinstance(value, (bool, int, str)) else str(value)

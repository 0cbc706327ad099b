# SPDX-License-Identifier: Apache-2.0
"""From the calibrated axes of a file to nm."""
import dataclasses
import math
from typing import Any

from .problem import FileProblem

MICRO, ANGSTROM = "\N{MICRO SIGN}m", "\N{LATIN SMALL LETTER A WITH RING ABOVE}"
NM = {"nm": 1, "nanometer": 1, "nanometers": 1, "nanometre": 1, "nanometres": 1, "pm": 1e-3, "um": 1e3, MICRO: 1e3,
      "micron": 1e3, "microns": 1e3, "micrometer": 1e3, ANGSTROM: 0.1, "a": 0.1, "angstrom": 0.1, "angstroms": 0.1,
      "mm": 1e6, "m": 1e9}


def nm_per(unit: str | None) -> float | None:
    """None: not a length, or none is given."""
    text = (unit or "").strip().replace("\\u00B5", "\N{MICRO SIGN}")  # ImageJ escapes it
    return NM.get(text.lower().replace("\N{GREEK SMALL LETTER MU}", "\N{MICRO SIGN}"))


@dataclasses.dataclass(frozen=True)
class Axis:
    """position = offset + scale * index, in `unit`; `field` names it in errors."""
    scale: Any
    unit: str
    offset: Any = 0
    field: str = "calibration"

    def nm(self) -> tuple[float, float] | None:
        """Pixel size and position of the first pixel, nm; None: the unit is no length."""
        for name, value in (("scale", self.scale), ("offset", self.offset)):
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
                raise FileProblem(f"{self.field}.{name} = {value!r}: must be a finite number; "
                                  "mend it or give --pixel-nm")
        per_unit = nm_per(self.unit)
        if per_unit is None:
            return None
        if self.scale <= 0:
            raise FileProblem(f"{self.field}.scale = {self.scale!r} {self.unit}: must be above 0; "
                              "mend it or give --pixel-nm")
        return self.scale * per_unit, self.offset * per_unit


@dataclasses.dataclass(frozen=True)
class Place:
    """Pixel size and where the first pixel is, nm; None: not known, and `why`."""
    pixel_size_nm: float | None = None
    offset_x_nm: float | None = None
    offset_y_nm: float | None = None
    why: str = ""


def place(y: Axis | None, x: Axis | None) -> Place:
    """@throws FileProblem  a length that can't be one"""
    if y is None or x is None:
        return Place(why="the file has no calibration")
    y_nm, x_nm = y.nm(), x.nm()
    if y_nm is None or x_nm is None:
        axis = y if y_nm is None else x
        unit = (axis.unit or "").strip()
        return Place(why=f"{axis.field} has the unit {unit!r}, no length" if unit else f"{axis.field} has no unit")
    (size_y_nm, offset_y_nm), (size_x_nm, offset_x_nm) = y_nm, x_nm
    if not math.isclose(size_y_nm, size_x_nm, rel_tol=1e-3):
        return Place(why=f"pixels are not square: {size_x_nm:.6g} nm along x, {size_y_nm:.6g} nm along y")
    return Place(size_x_nm, offset_x_nm, offset_y_nm)

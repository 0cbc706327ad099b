# SPDX-License-Identifier: Apache-2.0
"""What map, atoms and statistics of a frame begin with."""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .tables import Table, checked_uuid


@dataclass(frozen=True)
class Head:
    uuid: str         # of the series
    frame: int
    rows_valid: int   # scanned and received so far
    complete: bool    # no more rows will come
    version: str      # of the analyzer
    unit: str         # of every length that has none in its name: "nm" or "px"
    pixel_size_nm: float | None


def head(t: Table) -> dict[str, Any]:
    return {"uuid": checked_uuid(t.text("uuid")), "version": t.text("version"), "unit": t.text("unit"),
            **t.numbers("frame", "rows_valid", "complete", "pixel_size_nm")}

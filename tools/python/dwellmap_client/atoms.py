# SPDX-License-Identifier: Apache-2.0
"""The atomic columns of a frame."""
from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .envelope import Rejected
from .result_head import Head, head
from .tables import Table

if TYPE_CHECKING:
    import pandas

_MAX_ATOMS = 1_000_000
_COLUMNS = ("id", "x_px", "y_px", "se_x_px", "se_y_px", "amplitude", "se_amplitude", "background", "chi2", "p_second",
            "site", "species", "n", "shells_complete", "flags", "cell_i", "cell_j", "isotropic", "se_isotropic",
            "order_parameter", "se_order_parameter")


class Site(enum.IntEnum):
    cation = 0
    anion = 1
    other = 2


class Flag(enum.IntFlag):
    """Why a column must not be trusted; 0: nothing is wrong."""
    edge = 1         # its window reaches over the edge of the image or an unscanned row
    moved = 2        # the fit left its start far
    weak = 4         # amplitude below three of its standard errors
    misfit = 8       # reduced chi² far above the frame's
    provisional = 16  # near the last scanned row: will be fitted again


@dataclass(frozen=True, eq=False)
class Atoms(Head):
    """`atoms["x_px"]` is a column, one entry an atom; x, y in px from the centre of the top-left pixel.

    All columns of result.fbs: id, x_px, y_px, se_x_px, se_y_px, amplitude, ..., and with several values an atom
    pca, se_pca [atoms × modes] and zigzag [atoms × 3]. NaN, or -1 in `species` and `n`, where not known.
    """
    species_names: tuple[str, ...]  # of the numbers in `species`
    width_px: float                 # of a column, one for the frame
    columns: Mapping[str, np.ndarray]

    def __getitem__(self, column: str) -> np.ndarray:
        return self.columns[column]

    def __len__(self) -> int:
        return len(self.columns["id"])

    def names(self) -> np.ndarray:
        """[atoms] of the species as text, "" where it is not known."""
        known = np.array((*self.species_names, ""))
        index = self.columns["species"].astype(int)
        return known[np.where((index >= 0) & (index < len(self.species_names)), index, len(self.species_names))]

    def to_array(self) -> np.ndarray:
        """A structured array, one record an atom."""
        out = np.empty(len(self), [(name, c.dtype, c.shape[1:]) for name, c in self.columns.items()])
        for name, column in self.columns.items():
            out[name] = column
        return out

    def to_pandas(self) -> pandas.DataFrame:
        """Several values an atom become columns pca_1, pca_2, ...; `species` becomes its name. Needs pandas."""
        import pandas as pd
        flat: dict[str, np.ndarray] = {}
        for name, column in self.columns.items():
            if column.ndim == 1:
                flat[name] = column
            else:
                flat.update({f"{name}_{k + 1}": column[:, k] for k in range(column.shape[1])})
        return pd.DataFrame({**flat, "species": self.names()})


def atoms(t: Table) -> Atoms:
    """Decodes. @throws Rejected"""
    columns = {name: t.array(name) for name in _COLUMNS}
    count, modes = len(columns["id"]), t["modes"]
    if count > _MAX_ATOMS:
        raise Rejected("bad_result", "atoms")
    for name, width in (("pca", modes), ("se_pca", modes), ("zigzag", 3)):
        column = t.array(name)
        if column.size != count * width:
            raise Rejected("bad_result", name)
        columns[name] = column.reshape(count, width)
    for name, column in columns.items():
        if len(column) != count:
            raise Rejected("bad_result", name)
    return Atoms(**head(t), species_names=t.texts("species_names"), width_px=t["width_px"], columns=columns)

# SPDX-License-Identifier: Apache-2.0
"""Results into the formats of other programs. Each function writes files into a folder."""
import math
import pathlib
import shutil

import numpy as np

from .problem import FileProblem
from .results_file import ATOMS, COLUMNS, ERROR_OF, ResultFrame, ResultsFile


def layers(frame: ResultFrame) -> dict[str, np.ndarray]:
    """All maps and their standard errors by name."""
    values = {name: layer.value for name, layer in frame.maps.items()}
    return values | {ERROR_OF + name: layer.sigma for name, layer in frame.maps.items()}


def export_csv(source: pathlib.Path, folder: pathlib.Path) -> None:
    """atoms.csv: the table that dwellmap-analyze --atoms writes, cells that are not known empty."""
    with ResultsFile(source) as results, (folder / "atoms.csv").open("w", encoding="utf-8", newline="") as out:
        print(",".join(COLUMNS), file=out)
        for frame in results:
            for row in zip(*(cells(frame.atoms, name) for name in COLUMNS)):
                print(",".join(row), file=out)


def cells(atoms: np.ndarray, name: str) -> list[str]:
    kind, values = ATOMS[name].kind, atoms[name].tolist()
    if kind == "f":
        return [f"{v:.7g}" if math.isfinite(v) else "" for v in values]
    if kind == "S":
        return [v.decode() for v in values]
    return ["" if v < 0 else str(v) for v in values]


def export_tiff(source: pathlib.Path, folder: pathlib.Path) -> None:
    """0000_LAYER.tif: float32, calibrated as ImageJ does it."""
    try:
        import tifffile
    except ModuleNotFoundError as missing:
        raise FileProblem("TIFF needs tifffile: apt-get install python3-tifffile") from missing
    with ResultsFile(source) as results:
        for k, frame in enumerate(results):
            unit = "nm" if frame.unit == "nm" else "pixel"
            for name, values in layers(frame).items():
                tifffile.imwrite(folder / f"{k:04d}_{name}.tif", values.astype("<f4"), imagej=True,
                                 resolution=(1 / frame.map_pixel,) * 2, metadata={"unit": unit})


def export_copy(suffix: str):
    """A file of results is laid out as EMD is: HyperSpy reads it under that name."""

    def export(source: pathlib.Path, folder: pathlib.Path) -> None:
        with ResultsFile(source) as results:
            for _ in results:  # a copy of a damaged file would be one too
                pass
        shutil.copyfile(source, folder / f"results.{suffix}")

    return export

# SPDX-License-Identifier: Apache-2.0
"""Reads and writes files of results: tools/commands/RESULTS_FILE.md."""
import dataclasses
import datetime
import pathlib
import re
from collections.abc import Iterable, Iterator, Mapping

import h5py
import numpy as np

from .new_hdf5 import NewHdf5
from .problem import FileProblem, one_line

MODES = 6
ATOMS = np.dtype(
    [("frame", "<u8"), ("id", "<i8"), ("x_px", "<f4"), ("y_px", "<f4")]
    + [(name, "<f8") for name in ("x_nm", "y_nm", "se_x_nm", "se_y_nm")]
    + [("amplitude", "<f4"), ("background", "<f4"), ("width_nm", "<f8"), ("site", h5py.string_dtype("utf-8", 8)),
       ("species", h5py.string_dtype("utf-8", 32)), ("n", "i1"), ("complete", "u1"), ("flags", "<u2")]
    + [(name, "<f4") for name in (*(f"score_{k + 1}" for k in range(MODES)), "isotropic", "zigzag_0", "zigzag_1",
                                  "zigzag_2", "order_parameter", "se_isotropic", "se_order_parameter", "p_second",
                                  "se_amplitude", "chi2", "se_x_px", "se_y_px")])
COLUMNS: tuple[str, ...] = ATOMS.names or ()
TEXTS = {"uuid": "", "name": "", "unit": "px", "version": "", "parameters": ""}
LAYER_NAME = re.compile(r"(?!se_)[A-Za-z0-9_-]{1,64}")
ERROR_OF = "se_"  # in front of a layer's name: the group of its standard error


@dataclasses.dataclass
class MapLayer:
    value: np.ndarray  # [rows x cols] float32, NaN where nothing is known
    sigma: np.ndarray  # of the same shape: standard error


@dataclasses.dataclass
class ResultFrame:
    """What came out of one frame. Lengths without a unit in their names, and the maps, are in `unit`: nm or px."""
    uuid: str
    frame: int
    atoms: np.ndarray  # [atoms] of ATOMS; NaN, -1 or "" where not known
    maps: dict[str, MapLayer]
    step_px: int = 1  # image pixels a map pixel
    pixel_size_nm: float | None = None
    name: str = ""
    unit: str = "px"
    version: str = ""
    parameters: str = ""  # TOML

    @property
    def map_pixel(self) -> float:
        """Side of a map's pixel in `unit`; so is `map_start`, the middle of its first one against the image's."""
        if self.unit != "nm":
            return self.step_px
        assert self.pixel_size_nm is not None
        return self.step_px * self.pixel_size_nm

    @property
    def map_start(self) -> float:
        return self.map_pixel * (self.step_px - 1) / 2 / self.step_px


def write_results(path: pathlib.Path, frames: Iterable[ResultFrame], writer: str) -> None:
    """All frames into a new file, which is there when it is whole.

    @throws FileProblem  it exists, or can't be written
    """
    with NewHdf5(path) as new:
        new.file.attrs.update(format="dwellmap results", format_version=np.uint32(1), writer=writer,
                              version_major=np.uint32(0), version_minor=np.uint32(2),
                              created=datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"))
        group = new.file.create_group("frames")
        for k, frame in enumerate(frames):
            write_frame(group.create_group(f"{k:04d}"), frame)
            new.check()
        new.commit()


def write_frame(group: h5py.Group, frame: ResultFrame) -> None:
    group.attrs.update({key: getattr(frame, key) for key in TEXTS})
    group.attrs.update(frame=np.uint64(frame.frame), step_px=np.uint32(frame.step_px))
    if frame.pixel_size_nm is not None:
        group.attrs["pixel_size_nm"] = frame.pixel_size_nm
    group.create_dataset("atoms", data=frame.atoms.astype(ATOMS), dtype=ATOMS)
    maps = group.create_group("maps")
    for name, layer in frame.maps.items():
        if not LAYER_NAME.fullmatch(name):
            raise FileProblem(f"the map layer {name!r} needs a name of letters, digits, _ and -, "
                              f"without {ERROR_OF} in front")
        write_layer(maps.create_group(name), layer.value, frame)
        write_layer(maps.create_group(ERROR_OF + name), layer.sigma, frame)


def write_layer(group: h5py.Group, values: np.ndarray, frame: ResultFrame) -> None:
    """As EMD has it, in the order of axes that HyperSpy leaves as it is: dim0, dim1."""
    group.attrs["emd_group_type"] = np.uint32(1)
    group.create_dataset("data", data=values.astype("<f4")).attrs["units"] = frame.unit
    for k, axis in enumerate("yx"):
        dim = group.create_dataset(f"dim{k}", data=frame.map_start + frame.map_pixel * np.arange(values.shape[k]))
        dim.attrs.update(name=axis, units=frame.unit)


class ResultsFile:
    """Frames of a file of results, read one at a time: `with ResultsFile(path) as results: for frame in results: ...`

    @throws FileProblem  not such a file, or a part of it is missing; it names which
    """

    def __init__(self, path: pathlib.Path):
        self._path = path
        try:
            self._file = h5py.File(path, "r")
        except OSError as problem:
            raise FileProblem(f"{path}: not a whole HDF5 file, or not readable ({one_line(problem)})") from problem
        said = self._file.attrs.get("format"), self._file.attrs.get("format_version")
        if said != ("dwellmap results", 1) or not isinstance(self._file.get("frames"), h5py.Group):
            self._file.close()
            raise FileProblem(f"{path}: not a file of results, version 1 "
                              f"(format = {said[0]!r}, format_version = {said[1]!r}); "
                              "write one with dwellmap-analyze IMAGE... --export FILE.h5")

    def __enter__(self) -> "ResultsFile":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def __len__(self) -> int:
        return len(self._file["frames"])

    def __iter__(self) -> Iterator[ResultFrame]:
        frames = self._file["frames"]
        for name in sorted(frames, key=lambda text: (len(text), text)):
            try:
                yield read_frame(frames[name])
            except (KeyError, TypeError, ValueError, AttributeError, OSError) as problem:
                raise FileProblem(f"{self._path}: /frames/{name}: {one_line(problem)}") from problem


def read_frame(group: h5py.Group) -> ResultFrame:
    attributes, stored = group.attrs, group["atoms"]
    if missing := set(COLUMNS) - set(stored.dtype.names or ()):
        raise ValueError(f"atoms has no column {', '.join(sorted(missing))}")
    atoms = np.empty(len(stored), ATOMS)
    for name in COLUMNS:
        atoms[name] = stored[name]
    maps = {name: MapLayer(layer["data"][()], group["maps"][ERROR_OF + name]["data"][()])
            for name, layer in group["maps"].items() if not name.startswith(ERROR_OF)}
    size = attributes.get("pixel_size_nm")
    texts = {key: str(attributes.get(key, absent)) for key, absent in TEXTS.items()}
    if texts["unit"] not in ("nm", "px") or (texts["unit"] == "nm" and not (size and size > 0)):
        raise ValueError(f"unit = {texts['unit']!r}, pixel_size_nm = {size}: must be px, or nm with a pixel size")
    return ResultFrame(frame=int(attributes["frame"]), step_px=int(attributes["step_px"]), atoms=atoms, maps=maps,
                       pixel_size_nm=None if size is None else float(size), **texts)


def atoms_table(columns: Mapping[str, np.ndarray], count: int) -> np.ndarray:
    """[count] of ATOMS from the columns that are known; the others hold "not known"."""
    table = np.zeros(count, ATOMS)
    for name in COLUMNS:
        if name in columns:
            table[name] = columns[name]
        elif ATOMS[name].kind == "f":
            table[name] = np.nan
        elif ATOMS[name].kind == "i":
            table[name] = -1
    return table

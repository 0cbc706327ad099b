# SPDX-License-Identifier: Apache-2.0
"""Files of Nion Swift: .ndata and .ndata1 (zip), .h5 and .nhdf (HDF5), .npy + .json; and our own .npy + .json."""
import json
import pathlib
import zipfile
from collections.abc import Iterator

import h5py
import numpy as np

from .calibration import Axis, Place, place
from .nion_properties import CALIBRATIONS, image_series
from .problem import FileProblem, one_line
from .series import ImageSeries, plain

NION_KEYS = {*CALIBRATIONS, "datum_dimension_count", "data_source", "data_sources", "version"}


def read_ndata(path: pathlib.Path, size_known: bool) -> Iterator[ImageSeries]:
    try:
        with zipfile.ZipFile(path) as archive:
            if missing := {"data.npy", "metadata.json"} - set(archive.namelist()):
                raise FileProblem(f"has no {' and no '.join(sorted(missing))}: not a file of Nion Swift, or cut off")
            properties = parse(archive.read("metadata.json"), "metadata.json")
            with archive.open("data.npy") as file:
                data = np.lib.format.read_array(file, allow_pickle=False)
                if file.read(1):
                    raise FileProblem("data.npy has more data than its shape says: the file is damaged")
    except (zipfile.BadZipFile, zipfile.LargeZipFile, EOFError, ValueError,
            NotImplementedError, RuntimeError) as problem:
        whole = "data.npy, metadata.json: not a whole zip file of Nion Swift"
        raise FileProblem(f"{whole} ({one_line(problem)})") from problem
    yield image_series(data, properties, f"Nion Swift {path.suffix}", size_known)


def read_h5(path: pathlib.Path, size_known: bool) -> Iterator[ImageSeries]:
    with opened(path) as file:
        if str(file.attrs.get("format", "")).startswith("dwellmap"):
            raise FileProblem(f"is a {file.attrs['format']} file already: nothing to import")
        yield from items(file, {"data": file.get("data")}, size_known)


def read_nhdf(path: pathlib.Path, size_known: bool) -> Iterator[ImageSeries]:
    with opened(path) as file:
        group = file.get("data")
        if not isinstance(group, h5py.Group) or not len(group):
            raise FileProblem("/data is not a group of data sets: not a .nhdf file of Nion Swift")
        yield from items(file, {f"data/{key}": group[key] for key in sorted(group, key=lambda k: (len(k), k))},
                         size_known)


def opened(path: pathlib.Path) -> h5py.File:
    try:
        return h5py.File(path, "r")
    except OSError as problem:
        raise FileProblem(f"is not a whole HDF5 file ({one_line(problem)})") from problem


def items(file: h5py.File, datasets: dict[str, object], size_known: bool) -> Iterator[ImageSeries]:
    for where, data in datasets.items():
        if not isinstance(data, h5py.Dataset) or "properties" not in data.attrs:
            raise FileProblem(f"/{where} is not a data set with an attribute `properties`: not a file of Nion Swift")
        try:
            series = image_series(data, parse(data.attrs["properties"], "properties"), "Nion Swift " +
                                  pathlib.Path(file.filename).suffix, size_known)
        except FileProblem as problem:
            raise FileProblem(f"/{where}: {problem}") from problem
        series.essentials["dataset"] = f"/{where}"
        yield series


def read_npy(path: pathlib.Path, size_known: bool) -> Iterator[ImageSeries]:
    try:
        data = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, EOFError) as problem:
        raise FileProblem(f"is not a whole .npy file ({one_line(problem)})") from problem
    sidecar = path.with_suffix(".json")
    if not sidecar.exists():
        yield ours(data, {}, size_known)
        return
    properties = parse(sidecar.read_bytes(), sidecar.name)
    if NION_KEYS & set(properties):
        yield image_series(data, properties, "Nion Swift .npy", size_known)
    else:
        yield ours(data, properties, size_known)


def ours(data: np.ndarray, sidecar: dict, size_known: bool) -> ImageSeries:
    """A plain array: two axes are an image, three are images in time."""
    if data.ndim not in (2, 3):
        raise FileProblem(f"shape {list(data.shape)}: "
                          "only images [rows, cols] and stacks [frames, rows, cols] are read")
    size, where = sidecar.get("pixel_size_nm"), Place(why="there is no .json beside it with pixel_size_nm")
    if size is not None and not size_known:
        where = place(*[Axis(size, "nm", field="pixel_size_nm")] * 2)
        where = Place(where.pixel_size_nm)  # where the field lies is not in such files
    return ImageSeries(data, ".npy", where, name=str(sidecar.get("name") or ""),
                       channel=str(sidecar.get("channel") or ""), specimen=str(sidecar.get("specimen") or ""),
                       original_metadata=plain(sidecar))


def parse(text: str | bytes, where: str) -> dict:
    try:
        properties = json.loads(text)
    except (UnicodeDecodeError, ValueError) as problem:
        raise FileProblem(f"{where} is not JSON ({one_line(problem)})") from problem
    if not isinstance(properties, dict):
        raise FileProblem(f"{where} is not a JSON object")
    return properties

# SPDX-License-Identifier: Apache-2.0
"""Maps as data items of Nion Swift: one .nhdf, or .npy + .json for each."""
import datetime
import json
import pathlib
import uuid
from collections.abc import Iterator

import numpy as np

from .export_formats import layers
from .new_hdf5 import NewHdf5
from .results_file import ResultFrame, ResultsFile


def titled(source: pathlib.Path) -> Iterator[tuple[str, str, np.ndarray, ResultFrame]]:
    """File name, title, values and frame of every map."""
    with ResultsFile(source) as results:
        for k, frame in enumerate(results):
            for name, values in layers(frame).items():
                yield f"{k:04d}_{name}", f"{name} of {frame.name or 'frame'} {frame.frame}", values.astype("<f4"), frame


def calibrations(frame: ResultFrame) -> tuple[list[dict], dict]:
    unit = "nm" if frame.unit == "nm" else ""
    axis = {"offset": frame.map_start, "scale": frame.map_pixel, "units": unit}
    return [axis, axis], {"offset": 0.0, "scale": 1.0, "units": unit}


def origin(frame: ResultFrame) -> dict:
    return {"dwellmap": {"uuid": frame.uuid, "frame": frame.frame, "version": frame.version,
                         "parameters": frame.parameters}}


def export_nhdf(source: pathlib.Path, folder: pathlib.Path) -> None:
    """results.nhdf: all maps, to be imported by Nion Swift."""
    now = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None).isoformat()
    with NewHdf5(folder / "results.nhdf") as new:
        group = new.file.create_group("data")
        for k, (_, title, values, frame) in enumerate(titled(source)):
            axes, intensity = calibrations(frame)
            properties = {"type": "data-item", "uuid": str(uuid.uuid4()), "created": now,
                          "data_shape": list(values.shape), "data_dtype": "float32", "is_sequence": False,
                          "collection_dimension_count": 0, "datum_dimension_count": 2,
                          "intensity_calibration": intensity, "dimensional_calibrations": axes, "data_modified": now,
                          "metadata": origin(frame), "title": title, "version": 13}
            group.create_dataset(f"{k:06d}", data=values).attrs["properties"] = json.dumps(properties)
        new.commit()


def export_npy(source: pathlib.Path, folder: pathlib.Path) -> None:
    """0000_LAYER.npy and 0000_LAYER.json, as Nion Swift exports and imports them."""
    for name, title, values, frame in titled(source):
        axes, intensity = calibrations(frame)
        element = {"version": 1, "reader_version": 1, "spatial_calibrations": axes, "intensity_calibration": intensity,
                   "is_sequence": False, "collection_dimension_count": 0, "datum_dimension_count": 2, "title": title,
                   "metadata": origin(frame)}
        np.save(folder / f"{name}.npy", values)
        (folder / f"{name}.json").write_text(json.dumps(element), encoding="utf-8")

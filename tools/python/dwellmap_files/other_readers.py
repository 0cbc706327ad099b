# SPDX-License-Identifier: Apache-2.0
"""All other formats (DM3, DM4, EMD of NCEM and Velox, TIA, HyperSpy, ...) by RosettaSciIO, HyperSpy's readers."""
import datetime
import logging
import pathlib
import sys
import warnings
from collections.abc import Callable, Iterator
from typing import Any

from .calibration import Axis, Place, place
from .problem import FileProblem, one_line
from .series import ImageSeries, known, part, plain


def read_other(path: pathlib.Path, size_known: bool) -> Iterator[ImageSeries]:
    name, read = reader(path.suffix)
    options = {"select_type": "images"} if name == "EMD" else {}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = read(str(path), **options)
    except MemoryError:
        raise
    except Exception as problem:  # whatever its readers make of a damaged file
        raise FileProblem(f"is not a whole {name} file ({one_line(problem)})") from problem
    images = [f for f in found if is_images(f)]
    if not images:
        shapes = ", ".join(str(list(f["data"].shape)) for f in found) or "nothing"
        raise FileProblem(f"data: {shapes}; only images and stacks of images are read, no spectra, no diffraction data")
    if len(images) < len(found):
        print(f"{path}: {len(found) - len(images)} of {len(found)} data sets are no images and are left out",
              file=sys.stderr)
    for image in images:
        yield image_series(image, name, size_known)


def reader(suffix: str) -> tuple[str, Callable[..., list[dict]]]:
    """Name of the format and its function that reads."""
    try:
        import importlib

        import rsciio
    except ModuleNotFoundError as missing:
        raise FileProblem(f"files of type {suffix} need RosettaSciIO: pip install rosettasciio "
                          f"(for {sys.executable})") from missing
    logging.getLogger("rsciio").setLevel(logging.CRITICAL)
    extension = suffix[1:].lower()
    plugin = next((p for p in rsciio.IO_PLUGINS if extension in map(str.lower, p["file_extensions"])), None)
    if plugin is None:
        raise FileProblem(f"files of type {suffix or '(none)'} are not known")
    return plugin["name"], importlib.import_module(plugin["api"]).file_reader


def is_images(found: dict) -> bool:
    navigates = [bool(axis.get("navigate")) for axis in found["axes"]]
    return found["data"].ndim in (2, 3) and len(navigates) == found["data"].ndim and not any(navigates[-2:])


def image_series(found: dict, format_: str, size_known: bool) -> ImageSeries:
    general, original = part(found["metadata"], "General"), plain(found["original_metadata"])
    stem = part(found["metadata"], "Acquisition_instrument", "TEM")
    kilovolts, volts = known(stem.get("beam_energy"), above=0), part(original, "Optics").get("AccelerationVoltage")
    y, x = (Axis(a["scale"], str(a.get("units") or ""), a["offset"], f"axis {a.get('name') or 'unnamed'}")
            for a in found["axes"][-2:])
    title = str(general.get("title") or "")
    series = ImageSeries(found["data"], f"{format_} (RosettaSciIO)", Place() if size_known else place(y, x), name=title,
                         channel=str(part(original, "DetectorMetadata").get("DetectorName") or ""),
                         created=created(general),
                         original_metadata={"metadata": plain(found["metadata"]), "original_metadata": original})
    series.high_tension_v = kilovolts * 1e3 if kilovolts else as_number(volts)
    seconds = as_number(part(original, "Scan").get("DwellTime"))  # Velox
    series.dwell_us = seconds * 1e6 if seconds else digiscan_us(original)
    said = {key: general.get(key) for key in ("date", "time", "time_zone", "original_filename")}
    series.essentials = {key: plain(value) for key, value in said.items() if value}
    return series


def digiscan_us(original: dict) -> float | None:
    """The dwell time of a Gatan scan."""
    image: object = next(iter(part(original, "ImageList").values()), {})
    return known(part(image, "ImageTags", "DigiScan").get("Sample Time"), above=0)


def as_number(value: Any) -> float | None:
    try:
        return known(float(value), above=0)
    except (TypeError, ValueError):
        return None


def created(general: dict) -> datetime.datetime | None:
    """Only where the file says how far its clock is from UTC."""
    try:
        moment = datetime.datetime.fromisoformat(f"{general['date']}T{general['time']}{general.get('time_zone', '')}")
    except (KeyError, ValueError):
        return None
    return moment.astimezone(datetime.timezone.utc) if moment.tzinfo else None

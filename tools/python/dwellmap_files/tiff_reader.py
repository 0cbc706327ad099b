# SPDX-License-Identifier: Apache-2.0
"""TIFF images and stacks, with the calibration of Nion Swift, ImageJ, OME or the resolution tags."""
import json
import logging
import pathlib
import sys
import xml.etree.ElementTree as xml
from collections.abc import Iterator

import tifffile

from .calibration import Axis, Place, place
from .nion_properties import image_series
from .problem import FileProblem, one_line
from .series import ImageSeries, plain

IN_TIME = "TZIQC"  # tifffile's axes that may count frames; it calls them channels, C, where a writer said nothing
NM_PER_RESOLUTION_UNIT = {2: 2.54e7, 3: 1e7}  # inch, cm
LARGEST_PIXEL_NM = 1000  # above it the resolution is a printer's


class Complaints(logging.Handler):
    """What tifffile only logs: that pages are missing at the end of a file that was cut off."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        logger = logging.getLogger("tifffile")
        logger.handlers, logger.propagate = [self], False

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(record.getMessage())

    def check(self) -> None:
        if cut := [text for text in self.texts if "page offset" in text or "corrupted" in text]:
            raise FileProblem(f"is not a whole TIFF file ({' '.join(cut[0].split())})")


def read_tiff(path: pathlib.Path, size_known: bool) -> Iterator[ImageSeries]:
    complaints = Complaints()
    try:
        with tifffile.TiffFile(path) as file:
            for number, stack in enumerate(file.series):
                series = read_stack(file, stack, number, size_known)
                complaints.check()
                yield series
    except (FileProblem, MemoryError, GeneratorExit):
        raise
    except Exception as problem:  # whatever tifffile makes of a damaged file
        raise FileProblem(f"is not a whole TIFF file ({one_line(problem)})") from problem


def read_stack(file: tifffile.TiffFile, stack: tifffile.TiffPageSeries, number: int, size_known: bool) -> ImageSeries:
    kept = [(a, n) for a, n in zip(stack.axes, stack.shape) if n > 1 or a in "YX"]
    axes = "".join(a for a, _ in kept)
    if axes[-2:] != "YX" or len(axes) > 3 or not set(axes[:-2]) <= set(IN_TIME):
        raise FileProblem(f"axes {stack.axes} {list(stack.shape)}: only images (YX) and stacks of images in time "
                          "are read, no colours")
    if axes == "CYX":
        print(f"{file.filename}: its {kept[0][1]} channels are taken for images one after the other", file=sys.stderr)
    data = stack.asarray().reshape([n for _, n in kept])
    imagej = dict(file.imagej_metadata or {})
    if "nion.1" in imagej:
        properties = json.loads(imagej["nion.1"])
        if not size_known and len(properties.get("spatial_calibrations") or []) != data.ndim:
            properties.pop("spatial_calibrations", None)
        properties["is_sequence"], properties["collection_dimension_count"] = data.ndim == 3, 0
        properties["datum_dimension_count"] = 2
        return image_series(data, properties, "Nion Swift .tif", size_known)
    page = stack.keyframe
    tags = {tag.name: str(tag.value)[:4096] for tag in page.tags.values()
            if tag.count < 65536 and "Offsets" not in tag.name}
    return ImageSeries(data, "TIFF", Place() if size_known else tiff_place(file, page, number, imagej),
                       original_metadata=plain({"tags": tags, "imagej": imagej, "ome": file.ome_metadata}))


def tiff_place(file: tifffile.TiffFile, page: tifffile.TiffPage, number: int, imagej: dict) -> Place:
    if file.is_ome:
        return ome_place(file.ome_metadata, number)
    per_pixel = [1 / value if value > 0 else 0.0 for value in
                 (ratio(page, "YResolution"), ratio(page, "XResolution"))]
    if imagej.get("unit"):
        y, x = (Axis(size, str(imagej["unit"]), field=f"{name}Resolution") for size, name in zip(per_pixel, "YX"))
        return no_corner(place(y, x))
    unit_nm = NM_PER_RESOLUTION_UNIT.get(int(page.tags["ResolutionUnit"].value) if "ResolutionUnit" in page.tags else 0)
    if unit_nm is None or not all(0 < size * unit_nm < LARGEST_PIXEL_NM for size in per_pixel):
        return Place(why="the tags have no resolution in a unit of length, or that of a printer")
    return no_corner(place(*(Axis(size * unit_nm, "nm", field="XResolution, YResolution") for size in per_pixel)))


def ratio(page: tifffile.TiffPage, tag: str) -> float:
    numerator, denominator = page.tags[tag].value if tag in page.tags else (0, 1)
    return numerator / denominator if denominator else 0.0


def ome_place(text: str, number: int) -> Place:
    pixels = [e for e in xml.fromstring(text).iter() if e.tag.endswith("}Pixels")]
    of = pixels[min(number, len(pixels) - 1)].attrib if pixels else {}
    if "PhysicalSizeX" not in of or "PhysicalSizeY" not in of:
        return Place(why="OME-XML has no PhysicalSizeX and PhysicalSizeY")
    y, x = (Axis(float(of[f"PhysicalSize{a}"]), of.get(f"PhysicalSize{a}Unit", "um"), field=f"PhysicalSize{a}")
            for a in "YX")
    return no_corner(place(y, x))


def no_corner(where: Place) -> Place:
    """Where the field lies is not in such files."""
    return Place(where.pixel_size_nm, why=where.why)

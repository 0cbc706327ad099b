# SPDX-License-Identifier: Apache-2.0
"""Nion Swift's `properties` of a data item, all versions to 13, or what its exports have instead, as an ImageSeries."""
import datetime
from collections.abc import Sequence
from typing import Any

from .calibration import Axis, Place, place
from .problem import FileProblem
from .series import ImageSeries, known, part, plain

# newest first; the last but one is also that of exports
CALIBRATIONS = ("dimensional_calibrations", "spatial_calibrations", "intrinsic_spatial_calibrations")


def image_series(data: Any, properties: dict, format_: str, size_known: bool = False) -> ImageSeries:
    """@param data  [... rows x cols], as the file has it
    @param size_known  the pixel size is given by the operator: the file's calibration is not looked at
    @throws FileProblem  spectra, diffraction patterns, colours, contradictions; it names the field
    """
    source = source_of(properties)
    check_axes(data.shape, source)
    metadata = {**part(properties, "metadata"), **part(source, "metadata")}
    hardware = {**part(properties, "properties"), **part(properties, "hardware_source"),
                **part(metadata, "hardware_source")}
    scan = part(metadata, "scan") or part(properties, "scan")
    title = source.get("title") or properties.get("title") or part(metadata, "description").get("title") or ""
    series = ImageSeries(data, format_, Place() if size_known else image_place(source, len(data.shape)),
                         name=str(title), channel=str(hardware.get("channel_name") or ""), created=created(properties),
                         rotation_rad=known(scan.get("rotation")), original_metadata=plain(properties),
                         high_tension_v=high_tension_v(metadata, hardware),
                         rows_valid=rows_valid(data.shape, hardware, scan))
    series.dwell_us = known(hardware.get("pixel_time_us"), above=0)
    set_line_times(series, hardware, part(scan, "scan_device_properties"))
    named = {"title": title, "hardware_source_id": hardware.get("hardware_source_id"), "scan_id": scan.get("scan_id"),
             "frame_index": hardware.get("frame_index"),
             "session_id": source.get("session_id") or properties.get("session_id"), "fov_nm": scan.get("fov_nm"),
             "defocus_m": part(metadata, "instrument").get("defocus")}
    series.essentials = {key: plain(value) for key, value in named.items() if value not in (None, "")}
    return series


def source_of(properties: dict) -> dict:
    """The part that describes the data: all of it in version 13, `data_source` in 12, `data_sources[0]` in 7 to 11."""
    if isinstance(properties.get("data_source"), dict):
        return properties["data_source"]
    sources = properties.get("data_sources")
    if isinstance(sources, list) and sources and all(isinstance(s, dict) for s in sources):
        if len(sources) > 1:
            raise FileProblem(f"data_sources has {len(sources)} entries: only items with one are read")
        return sources[0]
    return properties


def check_axes(shape: Sequence[int], source: dict) -> None:
    """Only images, or images one after the other."""
    said = source.get("data_shape", source.get("master_data_shape"))
    if said is not None and list(said) != list(shape):
        raise FileProblem(f"data_shape is {said}, but the data has {list(shape)}: the file is damaged")
    in_time = int(bool(source.get("is_sequence", False)))
    rest = len(shape) - in_time
    collection = source.get("collection_dimension_count")
    collection = (2 if rest in (3, 4) else 0) if collection is None else collection  # Nion Swift's own default
    datum = source.get("datum_dimension_count")
    datum = rest - collection if datum is None else datum
    if in_time + collection + datum == len(shape) - 1 and shape[-1] in (3, 4):
        raise FileProblem("data_shape: a colour picture; export the data, not its display")
    kind = (in_time, collection, datum)
    if sum(kind) != len(shape) or kind not in ((0, 0, 2), (1, 0, 2), (0, 1, 2), (0, 2, 0), (1, 2, 0)):
        raise FileProblem(f"datum_dimension_count is {datum}, collection_dimension_count {collection}, "
                          f"data_shape {list(shape)}: only images and sequences of images are read, "
                          "no spectra, no diffraction data")


def image_place(source: dict, axes: int) -> Place:
    key = next((k for k in CALIBRATIONS if source.get(k)), None)
    if key is None:
        return place(None, None)
    entries = source[key]
    if not isinstance(entries, list) or len(entries) != axes or not all(isinstance(e, dict) for e in entries):
        raise FileProblem(f"{key} must have one entry for each of the {axes} axes")
    y, x = (Axis(entry.get("scale", 1.0), str(entry.get("units") or ""), entry.get("offset", entry.get("origin", 0.0)),
                 f"{key}[{axes - 2 + k}]") for k, entry in enumerate(entries[-2:]))
    return place(y, x)


def high_tension_v(metadata: dict, hardware: dict) -> float | None:
    for of in (part(metadata, "instrument"), part(hardware, "autostem"), hardware):
        if (value := known(of.get("high_tension"), above=0)) is not None:
            return value
    return None


def set_line_times(series: ImageSeries, hardware: dict, device: dict) -> None:
    """Nion's line time may leave the flyback out, the stream's never does; contradicting times are left out."""
    imaging_us = series.dwell_us and series.dwell_us * series.shape[2]
    line_us = known(hardware.get("line_time_us"), above=0)
    flyback_us = known(device.get("flyback_time_us", hardware.get("flyback_time_us")), at_least=0)
    pixels = known(device.get("flyback_pixels"), at_least=0)
    if flyback_us is None and pixels is not None and series.dwell_us:
        flyback_us = pixels * series.dwell_us
    if not imaging_us or line_us is None or line_us < imaging_us * (1 - 1e-6):
        return
    if flyback_us is not None and line_us < imaging_us * (1 + 1e-6):
        line_us += flyback_us
    series.line_us = line_us
    series.flyback_us = flyback_us


def rows_valid(shape: Sequence[int], hardware: dict, scan: dict) -> int | None:
    """Rows of the only frame that its scan came to; those below still show the frame before."""
    valid, size = hardware.get("valid_rows", scan.get("valid_rows")), scan.get("scan_size")
    if len(shape) != 2 or not isinstance(valid, int) or not isinstance(size, list) or list(shape) != size:
        return None
    return valid if 0 <= valid < shape[0] else None


def created(properties: dict) -> datetime.datetime | None:
    try:
        if properties.get("created"):
            return datetime.datetime.fromisoformat(properties["created"]).replace(tzinfo=datetime.timezone.utc)
        item = part(properties, "datetime_original") or part(properties, "datetime_modified")
        if "tz" not in item:
            return None
        zone = f"{item['tz'][:3]}:{item['tz'][3:]}"
        return datetime.datetime.fromisoformat(item["local_datetime"] + zone).astimezone(datetime.timezone.utc)
    except (KeyError, TypeError, ValueError):
        return None

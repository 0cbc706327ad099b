# SPDX-License-Identifier: GPL-3.0-only
"""What Nion Swift says of a scan → what the stream says of a series. Every key of the metadata may be missing."""
from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

MAX_PROVENANCE_BYTES = 8192
_NM = {"nm": 1.0, "pm": 1e-3, "um": 1e3, "µm": 1e3, "Å": 0.1, "A": 0.1}
_KEPT_PARAMETERS = ("pixel_time_us", "fov_nm", "center_nm", "rotation_rad", "subscan_pixel_size",
                    "subscan_fractional_size", "subscan_fractional_center", "subscan_rotation")


def positive(value: Any) -> float | None:
    """None for what is no number above 0: not known."""
    ok = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value) and value > 0
    return float(value) if ok else None


def finite(value: Any, otherwise: float = 0.0) -> float:
    ok = isinstance(value, (int, float)) and math.isfinite(value)
    return float(value) if ok else otherwise


def section(metadata: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    inner = metadata.get(name)
    return inner if isinstance(inner, Mapping) else {}


def is_image(xdata: Any, metadata: Mapping[str, Any]) -> bool:
    """Not so: lines, and parts of an image that is put together from several scans (its valid_rows are the part's)."""
    subscan = section(section(metadata, "scan"), "scan_device_parameters").get("subscan_pixel_size")
    return len(xdata.data_shape) == 2 and (subscan is None or tuple(subscan) == tuple(xdata.data_shape))


def pixel_size_nm(calibrations: Sequence[Any]) -> float | None:
    """Of square pixels, from the (y, x) calibrations; None if they are in seconds, not known, or not square."""
    sizes = [positive(c.scale * _NM[c.units]) if c.units in _NM else None for c in calibrations]
    y, x = sizes if len(sizes) == 2 else (None, None)
    return x if x is not None and y is not None and abs(y / x - 1) < 1e-6 else None


@dataclasses.dataclass(frozen=True)
class Scan:
    """What stays the same within a series; another one begins another series."""
    channel: str
    subscan: bool
    rows: int
    cols: int
    pixel_type: str
    pixel_size_nm: float | None
    rotation_rad: float
    center_nm: tuple[float, float]  # (y, x), of the context
    dwell_us: float | None
    composition: float | None

    @staticmethod
    def of(xdata: Any, metadata: Mapping[str, Any], channel: str, subscan: bool, pixel_type: str,
           composition: float | None) -> Scan:
        about = section(metadata, "scan")
        rows, cols = xdata.data_shape
        return Scan(channel, subscan, rows, cols, pixel_type, pixel_size_nm(xdata.dimensional_calibrations),
                    finite(about.get("rotation")), (finite(about.get("center_y_nm")), finite(about.get("center_x_nm"))),
                    positive(section(metadata, "hardware_source").get("pixel_time_us")), composition)

    def difference(self, other: Scan) -> str:
        """For the operator: what changed from `other` to this."""
        names = {"channel": "channel", "subscan": "subscan", "rows": "size", "cols": "size",
                 "pixel_size_nm": "field of view", "rotation_rad": "rotation", "center_nm": "centre",
                 "dwell_us": "dwell time", "composition": "composition", "pixel_type": "pixel type"}
        changed = [text for name, text in names.items() if getattr(self, name) != getattr(other, name)]
        return ", ".join(dict.fromkeys(changed))


def flyback_us(metadata: Mapping[str, Any], dwell_us: float | None) -> float | None:
    about = section(metadata, "scan")
    for group in ("scan_device_parameters", "scan_device_properties"):
        time_us = positive(section(about, group).get("flyback_time_us"))
        pixels = positive(section(about, group).get("flyback_pixels"))
        if time_us is not None:
            return time_us
        if pixels is not None and dwell_us is not None:
            return pixels * dwell_us
    return None


def provenance(metadata: Mapping[str, Any]) -> str:
    """JSON on one line, at most MAX_PROVENANCE_BYTES: which scan it was, and with what it was made."""
    scan, source = section(metadata, "scan"), section(metadata, "hardware_source")
    parameters = section(scan, "scan_device_parameters")
    said: dict[str, Any] = {
        "source": "Nion Swift", "hardware_source_id": source.get("hardware_source_id"), "scan_id": scan.get("scan_id"),
        "frame_index": source.get("frame_index"), "channel_id": source.get("channel_id"),
        "channel_name": source.get("channel_name"), "fov_nm": scan.get("fov_nm"), "rotation": scan.get("rotation"),
        "center_x_nm": scan.get("center_x_nm"), "center_y_nm": scan.get("center_y_nm"),
        "exposure_s": source.get("exposure"), "instrument": section(metadata, "instrument"),
        "parameters": parameters}
    shorter: tuple[dict[str, Any], ...] = ({}, {"parameters": {k: parameters.get(k) for k in _KEPT_PARAMETERS}},
                                           {"parameters": {}}, {"instrument": {}})
    for less in shorter:
        said.update(less)
        text = json.dumps(said, default=str)
        if len(text) <= MAX_PROVENANCE_BYTES:
            return text
    return ""


def start_fields(scan: Scan, metadata: Mapping[str, Any], offsets_nm: tuple[float | None, float | None],
                 ) -> dict[str, Any]:
    """Fields of dwellmap_client.Start for a series of this scan. @param offsets_nm (y, x) of the first pixel"""
    source = section(metadata, "hardware_source")
    flyback = flyback_us(metadata, scan.dwell_us)
    line = None
    if scan.dwell_us is not None and flyback is not None:
        line = max(finite(source.get("line_time_us")), scan.cols * scan.dwell_us + flyback)
    return {"rows": scan.rows, "cols": scan.cols, "pixel_type": scan.pixel_type, "name": "Nion Swift",
            "channel": str(source.get("channel_name") or scan.channel), "pixel_size_nm": scan.pixel_size_nm,
            "rotation_rad": scan.rotation_rad, "dwell_us": scan.dwell_us, "line_us": line, "flyback_us": flyback,
            "high_tension_v": positive(section(metadata, "instrument").get("high_tension")),
            "composition": scan.composition, "offset_y_nm": offsets_nm[0], "offset_x_nm": offsets_nm[1],
            "provenance": provenance(metadata)}

# SPDX-License-Identifier: Apache-2.0
"""What Nion Swift's scan sources fire, as its instrumentation kit documents it: for tests without Nion Swift."""
from types import SimpleNamespace
from typing import Any

import numpy as np


class Event:
    def __init__(self) -> None:
        self.listeners: list[Any] = []

    def listen(self, handler: Any) -> Any:
        self.listeners.append(handler)
        return handler

    def fire(self, *args: Any) -> None:
        for handler in self.listeners:
            handler(*args)


class ScanSource:
    """One reused image array: what is not scanned yet still holds the frame before, as in Nion Swift."""

    def __init__(self, rows: int = 16, cols: int = 12) -> None:
        self.data_channel_updated_event, self.abort_event = Event(), Event()
        self.acquisition_state_changed_event = Event()
        self.image: np.ndarray = np.zeros((rows, cols), np.float32)
        self.scan_id, self.frame_index = "first", 0
        self.scale, self.oblong, self.units = 0.02, 1.0, "nm"
        self.metadata: dict | None = None  # in place of what a scan has

    def describe(self, valid_rows: int, channel: str) -> dict:
        return {"instrument": {"high_tension": 60000.0},
                "scan": {"scan_id": self.scan_id, "center_x_nm": 1.0, "center_y_nm": 2.0, "fov_nm": 0.32,
                         "rotation": 0.5, "scan_device_parameters": {"pixel_time_us": 2.0, "fov_nm": 0.32},
                         "scan_device_properties": {"flyback_pixels": 2}},
                "hardware_source": {"frame_index": self.frame_index, "channel_id": channel, "channel_name": "HAADF",
                                    "pixel_time_us": 2.0, "line_time_us": 24.0, "valid_rows": valid_rows}}

    def fire(self, valid_rows: int, state: str = "partial", channel: str = "a", variant: str = "") -> None:
        metadata = self.describe(valid_rows, channel) if self.metadata is None else self.metadata
        calibrations = [SimpleNamespace(scale=scale, offset=-0.16, units=self.units)
                        for scale in (self.oblong * self.scale, self.scale)]
        xdata = SimpleNamespace(data=self.image, data_shape=self.image.shape, metadata=metadata,
                                dimensional_calibrations=calibrations)
        args = SimpleNamespace(channel_id=channel, data_channel_id=channel + variant, state=state)
        self.data_channel_updated_event.fire(args, xdata)

    def scan(self, value: float, *parts: int) -> None:
        """A whole frame of one value, an event at each of these numbers of rows and one when it is complete."""
        for valid in parts:
            self.image[:valid] = value
            self.fire(valid)
        self.image[:] = value
        self.fire(len(self.image), "complete")

    def next_frame(self) -> None:
        self.frame_index += 1
        self.scan_id = f"scan {self.frame_index}"

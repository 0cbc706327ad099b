# SPDX-License-Identifier: GPL-3.0-only
"""Live data items in Nion Swift. Made and filled on its UI thread; given from any."""
from __future__ import annotations

import dataclasses
import threading
from typing import Any

import numpy as np


@dataclasses.dataclass(frozen=True, eq=False)
class Picture:
    """What an item shows."""
    title: str
    pixels: np.ndarray                 # ours: nobody writes into it any more
    pixel_size_nm: float | None     # of its own pixels
    metadata: dict[str, Any]
    unit: str = ""                     # of the values
    limits: tuple[float, float] | None = None
    color_map_id: str | None = None


class LiveItem:
    """One data item, found again by its reference key. Newest picture wins; at most one waits for the UI thread."""

    def __init__(self, api: Any, key: str) -> None:
        self._api, self._key = api, key
        self._lock = threading.Lock()
        self._waiting: Picture | None = None
        self._item: Any = None
        self._open: Any = None  # keeps the data in memory while it changes
        self._drawn: Any = None  # title, limits and colours that the display has

    def show(self, picture: Picture) -> None:
        with self._lock:
            queued, self._waiting = self._waiting is not None, picture
        if not queued:
            try:
                self._api.queue_task(self._update)
            except IndexError:  # no window yet, or no more
                with self._lock:
                    self._waiting = None

    def rest(self) -> None:
        """Nothing more comes for now: the data goes to the disk. On the UI thread."""
        if self._item is not None:
            self._api.library._document_model.end_data_item_live(self._item._data_item)
            self._open.__exit__(None, None, None)
            self._item = self._open = None

    def _update(self) -> None:
        with self._lock:
            picture, self._waiting = self._waiting, None
        if picture is None:
            return
        self._wake()
        size = picture.pixel_size_nm
        spatial = [self._api.create_calibration(0.0, size, "nm") for _ in range(2)] if size else None
        self._item.set_data_and_metadata(self._api.create_data_and_metadata(
            picture.pixels, self._api.create_calibration(0.0, 1.0, picture.unit), spatial,
            {"dwellmap": picture.metadata}))
        looks = picture.title, picture.limits, picture.color_map_id
        if looks != self._drawn:
            self._dress(picture)
            self._drawn = looks

    def _wake(self) -> None:
        library = self._api.library
        item = library.get_data_item_for_reference_key(self._key, create_if_needed=True)
        if item is self._item:
            return
        self._item, self._drawn = item, None  # a new one, or the operator has deleted the one before
        self._open = library.data_ref_for_data_item(item)
        self._open.__enter__()
        library._document_model.begin_data_item_live(item._data_item)

    def _dress(self, picture: Picture) -> None:
        self._item.title = picture.title
        display = self._api.library._document_model.get_display_item_for_data_item(self._item._data_item)
        for channel in display.display_data_channels if display else []:
            channel.display_limits = picture.limits
            channel.color_map_id = picture.color_map_id

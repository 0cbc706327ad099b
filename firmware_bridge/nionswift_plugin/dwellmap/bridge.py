# SPDX-License-Identifier: GPL-3.0-only
"""One stream, both ways: a channel's rows to an analyzer, its results into three data items."""
from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from dwellmap_client import Frame, State

from .blocks import BlockQueue, RecentFrames
from .commanding import CommandThread
from .painting import DIVERGING, STEPPED, atoms_picture, class_image, map_image
from .receiving import ReceivingThread
from .sending import SendingThread
from .settings import CLASSES, LAYERS, Settings
from .showing import LiveItem, Picture
from .tap import Tap

VERSION = "dwellmap-nionswift 0.1.0"
_WARNINGS_KEPT_S = 30.0
_REST_AFTER_S = 3.0
_USUAL_LATTICE_PM = 300.0  # what a lattice constant counts as where there is no scale


class Bridge:
    """@param api  Nion Swift's; @param changed  called on any thread when the panel has something new to say"""

    def __init__(self, api: Any, settings: Settings, changed: Callable[[], None]) -> None:
        self._api, self.settings, self._changed = api, settings, changed
        self._warning, self._warned_s = "", 0.0
        self._shown_s: float | None = None
        self._last_frame: Frame | None = None
        suffix = f"_{settings.name}" if settings.name else ""
        self._items = {kind: LiveItem(api, f"dwellmap_{kind}{suffix}") for kind in ("map", "atoms", "classes")}
        self._recent = RecentFrames()
        self._blocks = BlockQueue()
        self.tap = Tap(self._blocks, self.warn, settings.channel, settings.composition)
        self._connect()

    def _connect(self) -> None:
        s = self.settings
        self.sending = SendingThread(s.images, self._blocks, self._recent, self.warn, VERSION)
        self.receiving = ReceivingThread(s.results, self._show, self._tick, self.warn)
        self.commands = CommandThread(s.control)
        for thread in (self.sending, self.receiving, self.commands):
            thread.start()

    def _disconnect(self) -> None:
        for thread in (self.commands, self.receiving, self.sending):
            thread.stop()

    def close(self) -> None:
        """On the UI thread. Ends the series that runs."""
        self.tap.detach()
        self._disconnect()
        for item in self._items.values():
            item.rest()

    def reconnect(self) -> None:
        """After other addresses were chosen. A new series begins."""
        self.tap.reset()
        self._disconnect()
        self._connect()

    def reset(self) -> None:
        """A new series, and a new analysis of it."""
        self.tap.reset()
        self.commands.reset()

    def redraw(self) -> None:
        """The last result as it is now chosen to be shown."""
        if self._last_frame is not None:
            self._draw(self._last_frame)

    @property
    def frame(self) -> Frame | None:
        """The newest result."""
        return self._last_frame

    @property
    def dropped(self) -> int:
        return self._blocks.dropped

    @property
    def heard(self) -> bool:
        """Whether the analyzer says that it receives our series."""
        beat = self.receiving.heartbeat
        return bool(self.receiving.connected and beat and beat.uuid and beat.uuid == self.sending.uuid
                    and beat.state == State.live)

    def warn(self, text: str) -> None:
        self._warning, self._warned_s = text, time.monotonic()
        self._changed()

    @property
    def warnings(self) -> list[str]:
        recent = self._warning and time.monotonic() - self._warned_s < _WARNINGS_KEPT_S
        notes = self._last_frame.statistics.note_texts if self._last_frame and self.receiving.connected else ()
        return ([self._warning] if recent else []) + list(notes)

    def _show(self, frame: Frame) -> None:
        self._last_frame, self._shown_s = frame, time.monotonic()
        self._draw(frame)

    def _tick(self) -> None:
        self.commands.connected = self.receiving.connected
        if self._shown_s is not None and time.monotonic() - self._shown_s > _REST_AFTER_S:
            self._shown_s = None
            self._api.queue_task(self._rest)
        self._changed()

    def _rest(self) -> None:
        if self._shown_s is None:
            for item in self._items.values():
                item.rest()

    def _draw(self, frame: Frame) -> None:
        about = {"series": frame.uuid, "frame": frame.number, "rows_valid": frame.rows_valid,
                 "complete": frame.complete, "version": frame.atoms.version, "plug_in": VERSION}
        kept = self._recent.get(frame.uuid, frame.number)
        if kept is not None:
            image, block = kept
            about.update(scan_id=block.scan_id, frame_index=block.frame_index, channel=block.series.scan.channel)
            self._items["atoms"].show(Picture(self._title("Columns"), atoms_picture(frame, image),
                                              frame.map.pixel_size_nm, about))
        step_nm = frame.map.pixel_size_nm and frame.map.pixel_size_nm * frame.map.step_px
        self._items["map"].show(self._map(frame, step_nm, about))
        kind, (title, highest) = self.settings.classes, CLASSES[self.settings.classes]
        self._items["classes"].show(Picture(self._title(title), class_image(frame, kind), step_nm,
                                            {**about, "class": kind}, "", (-1, highest), STEPPED["id"]))

    def _map(self, frame: Frame, step_nm: float | None, about: dict[str, Any]) -> Picture:
        layer = self.settings.layer
        pixels, unit = map_image(frame, layer)
        reach = self.settings.range_pm
        if unit == "px":
            reach *= frame.statistics.lattice["a_px"] / _USUAL_LATTICE_PM
        return Picture(self._title(f"{LAYERS[layer]}, {unit}"), pixels, step_nm,
                       {**about, "layer": layer, "parameters": {"range": reach, "unit": unit}}, unit,
                       (-reach, reach), DIVERGING["id"])

    def _title(self, what: str) -> str:
        name = f" {self.settings.name}" if self.settings.name else ""
        return f"dwellmap{name}: {what}"

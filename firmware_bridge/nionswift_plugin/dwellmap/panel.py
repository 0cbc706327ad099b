# SPDX-License-Identifier: GPL-3.0-only
"""The panel: how the stream is, what is shown of its results, and the operator's commands."""
from __future__ import annotations

import functools
import threading
import time
from collections.abc import Callable
from typing import Any

from dwellmap_client import RecordingState

from .bridge import Bridge
from .report import report
from .settings import CLASSES, LAYERS, Settings

_RANGES_PM = (5.0, 10.0, 20.0, 30.0, 50.0, 100.0)
_CHANNELS = ("", "a", "b", "c", "d")
_EVERY_S = 0.25


class Panel:
    """Delegate of Nion Swift's create_panel. @param keep  is called when a setting was changed"""

    panel_positions = ["left", "right"]
    panel_position = "right"

    def __init__(self, api: Any, settings: Settings, keep: Callable[[], None]) -> None:
        self._api, self._settings, self._keep = api, settings, keep
        name = settings.name
        self.panel_id = f"dwellmap-panel{'-' + name if name else ''}"
        self.panel_name = f"dwellmap {name}".strip()
        self.bridge: Bridge | None = None
        self._lock = threading.Lock()
        self._queued, self._refreshed_s = False, 0.0
        self.labels: list[Any] = []
        self.record: Any = None

    def create_panel_widget(self, ui: Any, window: Any) -> Any:
        column = ui.create_column_widget()
        self.labels = []
        for _ in range(7):
            self.labels.append(ui.create_label_widget(""))
            column.add(self.labels[-1])
        self._add_choices(ui, column)
        self._add_addresses(ui, column)
        row = ui.create_row_widget()
        reset, self.record = ui.create_push_button_widget("Reset"), ui.create_push_button_widget("Record")
        reset.on_clicked, self.record.on_clicked = self._reset, self._record
        row.add(reset)
        row.add(self.record)
        row.add_stretch()
        column.add(row)
        column.add_stretch()
        return column

    def close(self) -> None:
        self.labels, self.record = [], None

    def changed(self) -> None:
        """From any thread; the panel follows at most four times a second."""
        with self._lock:
            if self._queued or not self.labels or time.monotonic() - self._refreshed_s < _EVERY_S:
                return
            self._queued = True
        try:
            self._api.queue_task(self._refresh)
        except IndexError:  # no window yet, or no more
            self._queued = False

    def _refresh(self) -> None:
        self._queued, self._refreshed_s = False, time.monotonic()
        if self.bridge is None or not self.labels:
            return
        for label, text in zip(self.labels, report(self.bridge)):
            if label.text != text:
                label.text = text
        self.record.text = "Stop recording" if self._recording() else "Record"

    def _recording(self) -> bool:
        reply = self.bridge and self.bridge.commands.reply
        return bool(reply and reply.recording.state == RecordingState.recording)

    def _add_choices(self, ui: Any, column: Any) -> None:
        s = self._settings
        self._choice(ui, column, "Map", list(LAYERS), lambda layer: LAYERS[layer], s.layer, self._choose_layer)
        self._choice(ui, column, "Colours to ±", list(_RANGES_PM), "{:g} pm".format, s.range_pm, self._choose_range)
        self._choice(ui, column, "Classes", list(CLASSES), lambda c: CLASSES[c][0], s.classes, self._choose_classes)
        self._choice(ui, column, "Channel", list(_CHANNELS), lambda c: c or "first enabled", s.channel,
                     self._choose_channel)
        self._entry(ui, column, "Expected composition", "" if s.composition is None else f"{s.composition:g}",
                    self._choose_composition)

    def _add_addresses(self, ui: Any, column: Any) -> None:
        for what in ("images", "results", "control"):
            self._entry(ui, column, what.capitalize(), getattr(self._settings, what),
                        functools.partial(self._choose_address, what))

    def _choice(self, ui: Any, column: Any, name: str, items: list[Any], text: Callable[[Any], str], now: Any,
                chosen: Callable[[Any], None]) -> None:
        box = ui.create_combo_box_widget(items if now in items else [*items, now], text)
        box.current_item = now
        box.on_current_item_changed = chosen
        self._line(ui, column, name, box)

    def _entry(self, ui: Any, column: Any, name: str, now: str, entered: Callable[[str], None]) -> None:
        edit = ui.create_line_edit_widget(now)
        edit.on_editing_finished = entered
        self._line(ui, column, name, edit)

    @staticmethod
    def _line(ui: Any, column: Any, name: str, widget: Any) -> None:
        row = ui.create_row_widget()
        row.add(ui.create_label_widget(name))
        row.add_spacing(8)
        row.add(widget)
        row.add_stretch()
        column.add(row)

    def _choose_layer(self, layer: str) -> None:
        if self._set(layer=layer):
            self._wired.redraw()

    def _choose_range(self, range_pm: float) -> None:
        if self._set(range_pm=range_pm):
            self._wired.redraw()

    def _choose_classes(self, classes: str) -> None:
        if self._set(classes=classes):
            self._wired.redraw()

    def _choose_channel(self, channel: str) -> None:
        if self._set(channel=channel):
            self._wired.tap.choose(channel, self._settings.composition)

    def _choose_composition(self, text: str) -> None:
        try:
            x = float(text) if text.strip() else None
        except ValueError:
            x = -1.0
        if x is not None and not 0 <= x <= 1:
            self._wired.warn(f"The expected composition {text} is no number from 0 to 1.")
        elif self._set(composition=x):
            self._wired.tap.choose(self._settings.channel, x)

    def _choose_address(self, what: str, text: str) -> None:
        if self._set(**{what: text.strip()}):
            self._wired.reconnect()

    @property
    def _wired(self) -> Bridge:
        assert self.bridge is not None  # set before the panel can be seen
        return self.bridge

    def _set(self, **values: Any) -> bool:
        """@return whether anything changed"""
        new = {name: value for name, value in values.items() if getattr(self._settings, name) != value}
        for name, value in new.items():
            setattr(self._settings, name, value)
        if new:
            self._keep()
        return bool(new)

    def _reset(self) -> None:
        self._wired.reset()

    def _record(self) -> None:
        commands = self._wired.commands
        if self._recording():
            commands.record_stop()
        else:
            commands.record_start()

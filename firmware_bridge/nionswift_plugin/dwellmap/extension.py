# SPDX-License-Identifier: GPL-3.0-only
"""Where Nion Swift comes in: makes a bridge and a panel for each stream, and gives them the scan source."""
from __future__ import annotations

import logging
from typing import Any

from nion.swift.model import ColorMaps
from nion.utils import Registry

from .bridge import Bridge
from .painting import DIVERGING, STEPPED
from .panel import Panel
from .settings import Settings, load, save

_SOURCE = "scan_hardware_source"
_log = logging.getLogger("dwellmap")


class DwellmapExtension:
    extension_id = "org.dwellmap.nionswift"

    def __init__(self, api_broker: Any) -> None:
        """Runs before there is a document."""
        api = api_broker.get_api("~1.0", ui_version="~1.0")
        for colours in (DIVERGING, STEPPED):
            ColorMaps.load_color_map_from_dict(colours)
        self._folder = api.application.configuration_location
        try:
            streams = load(self._folder)
        except (OSError, ValueError) as problem:
            _log.error("%s. The defaults are used.", problem)
            streams = [Settings()]
        self._streams = streams
        self.panels = [Panel(api, stream, self._keep) for stream in streams]
        self._panel_references = [api.create_panel(panel) for panel in self.panels]
        self.bridges: list[Bridge] = []
        for panel, stream in zip(self.panels, streams):
            panel.bridge = Bridge(api, stream, panel.changed)
            self.bridges.append(panel.bridge)
        self._watch = Registry.listen_component_registered_event(self._registered)
        for source in Registry.get_components_by_type(_SOURCE):
            self._registered(source, {_SOURCE})

    def close(self) -> None:
        self._watch = None
        for bridge in self.bridges:
            bridge.close()
        self.bridges = []

    def _registered(self, component: Any, kinds: set[str]) -> None:
        if _SOURCE in kinds:
            for bridge in self.bridges:
                bridge.tap.attach(component)

    def _keep(self) -> None:
        try:
            save(self._folder, self._streams)
        except OSError as problem:
            _log.error("the settings could not be kept: %s", problem)

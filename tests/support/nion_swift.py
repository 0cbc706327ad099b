# SPDX-License-Identifier: Apache-2.0
"""A real Nion Swift without a window, its simulated microscope looking at our crystal, the plug-in from its archive."""
import asyncio
import os
import pathlib
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from typing import Any

import numpy as np
from nion.instrumentation.test import AcquisitionTestContext
from nion.swift import Facade
from nion.swift.model import PlugInManager
from nion.swift.test import TestContext
from nion.usim_device import DeviceConfiguration
from nion.utils import Registry

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
WAIT_S = 30


def unpack_plugin(folder: pathlib.Path) -> None:
    """As an operator does it: the archive, unpacked in the plug-in folder."""
    archive = folder / "plugin.zip"
    subprocess.run([sys.executable, ROOT / "firmware_bridge/nionswift_plugin/plugin_zip", archive], check=True,
                   stdout=subprocess.DEVNULL)
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(folder)
    sys.path.append(str(folder))


class Crystal:
    """Stands in for the picture that Nion's simulator draws: the images of a stack, one a frame, the upper left part of
    them where a scan is smaller."""

    def __init__(self, images: np.ndarray) -> None:
        self.images, self.drawn = images, 0

    def generate_scan_data(self, instrument: Any, parameters: Any) -> np.ndarray:
        rows, cols = parameters.size
        image = self.images[self.drawn % len(self.images)][:rows, :cols]
        self.drawn += 1
        return np.array(image, np.float32)


class NionSwift:
    """Closes with everything in it. @param folder  becomes the working folder: Nion Swift writes there"""

    def __init__(self, folder: pathlib.Path, images: np.ndarray) -> None:
        os.chdir(folder)
        self._setup = TestContext.TestSetup(set_global=True)
        Facade.initialize()
        configuration = DeviceConfiguration.AcquisitionContextConfiguration()
        self.crystal = Crystal(images)
        configuration.instrument.scan_data_generator.generate_scan_data = self.crystal.generate_scan_data
        self.context = AcquisitionTestContext.AcquisitionTestContext(configuration, is_app=True)
        application = self.context.document_controller.app
        PlugInManager.register_api_broker_fn(
            lambda version, ui_version: Facade._get_api_with_app(version, ui_version, application))
        self.scan = next(iter(Registry.get_components_by_type("scan_hardware_source")))
        self.library = self.context.document_model
        self.extension: Any = None

    def load_plugin(self) -> Any:
        """@return the plug-in's extension"""
        before = len(PlugInManager.extensions)
        PlugInManager.load_plug_in("plug-ins", "dwellmap")
        self.extension = PlugInManager.extensions[before]
        return self.extension

    def open_panel(self) -> Any:
        """@return the widget of the plug-in's panel, as a workspace would make it"""
        panel = self.extension.panels[0]
        return panel.create_panel_widget(Facade.UserInterface("~1.0", self.context.document_controller.ui),
                                         Facade.DocumentWindow(self.context.document_controller))

    def setting(self, size_px: int, pixel_nm: float, dwell_us: float) -> Any:
        """Of the scans from now on, viewed or recorded."""
        parameters = self.scan.get_frame_parameters(0)
        parameters.pixel_size, parameters.pixel_time_us = (size_px, size_px), dwell_us
        parameters.fov_nm = size_px * pixel_nm
        self.scan.set_frame_parameters(0, parameters)
        self.scan.set_current_frame_parameters(parameters)
        self.scan.set_record_frame_parameters(parameters)
        return parameters

    def run(self, seconds: float) -> None:
        """Nion Swift's main loop."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.context.document_controller.periodic()
            time.sleep(0.005)

    def run_until(self, condition: Callable[[], Any], what: str, timeout_s: float = WAIT_S) -> Any:
        """@return what the condition did, once it is true"""
        until = time.monotonic() + timeout_s
        while not (value := condition()):
            if time.monotonic() > until:
                raise AssertionError(f"not within {timeout_s:g} s: {what}")
            self.run(0.02)
        return value

    def item(self, kind: str) -> Any:
        """The plug-in's data item "map", "atoms" or "classes"; None before there is one."""
        return self.library.get_data_item_reference(f"dwellmap_{kind}").data_item

    def close(self) -> None:
        self.scan.abort_playing()
        self.run(0.2)
        if self.extension:
            self.extension.close()
        self.run(0.1)
        self.context.close()
        asyncio.set_event_loop(None)

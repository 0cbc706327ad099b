#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""dwellmap-import on files that other programs wrote: Nion Swift, tifffile, RosettaSciIO. Needs tests/requirements.txt:
run by the Python that tools/setup_python prints."""
import datetime
import json
import pathlib
import sys
import unittest
from typing import Any

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
try:
    import h5py
    import numpy as np
    import tifffile
    from imported import ImportTest
    from nion.data.Calibration import Calibration
    from nion.data.DataAndMetadata import DataDescriptor, new_data_and_metadata
    from nion.instrumentation.test import AcquisitionTestContext
    from nion.swift import Application, Facade
    from nion.swift.model import DataItem, HDF5Handler, ImportExportManager, NDataHandler
    from nion.swift.test import TestContext
    from nion.ui import TestUI
    from nion.usim_device import DeviceConfiguration
    from nion.utils import Geometry
    from nionswift_plugin import TIFF_IO
    from nionswift_plugin.DM_IO import dm3_image_utils
    from rsciio import emd, hspy
except ModuleNotFoundError as missing:
    print(f"test_foreign_files: skipped, {missing} (run it by the Python that tools/setup_python prints)")
    sys.exit(77)

IMAGE = np.random.default_rng(1).integers(0, 250, (16, 20)).astype(np.uint16)
STACK = np.random.default_rng(2).normal(100, 10, (5, 16, 20)).astype(np.float32)
NOW = datetime.datetime(2024, 5, 6, 7, 8, 9)
METADATA = {"instrument": {"high_tension": 6e4}, "scan": {"rotation": 0.25, "scan_id": "one"},
            "hardware_source": {"channel_name": "MAADF", "pixel_time_us": 2.0, "line_time_us": 40.0}}


def extended(data: np.ndarray):
    """The data as Nion Swift has it in memory."""
    axes = [Calibration()] * (data.ndim - 2) + [Calibration(1.0, 0.02, "nm"), Calibration(2.0, 0.02, "nm")]
    return new_data_and_metadata(data, dimensional_calibrations=axes, metadata=METADATA, timestamp=NOW,
                                 data_descriptor=DataDescriptor(data.ndim == 3, 0, 2))


class NionSwift(ImportTest):
    @classmethod
    def setUpClass(cls) -> None:
        Facade.initialize()

    def check_scan(self, path: pathlib.Path, data: np.ndarray, **expected: object) -> None:
        series, = self.imported(path)
        np.testing.assert_array_equal(series.frames, data if data.ndim == 3 else data[None])
        expected = {"pixel_size_nm": 0.02, "offset_y_nm": 1.0, "offset_x_nm": 2.0, "channel": "MAADF", "dwell_us": 2.0,
                    "line_us": 40.0, "high_tension_v": 6e4, "rotation_rad": 0.25, **expected}
        self.assertEqual({key: series.attributes.get(key) for key in expected}, expected)

    def stored(self, data: np.ndarray) -> DataItem.DataItem:
        item = DataItem.new_data_item(extended(data))
        item.title = "flakes"
        self.addCleanup(item.close)
        return item

    def test_what_it_stores(self) -> None:
        for data in (IMAGE, STACK):
            properties = self.stored(data).write_to_dict()
            for handler in (NDataHandler.NDataHandler, HDF5Handler.HDF5Handler):
                suffix = ".ndata" if handler is NDataHandler.NDataHandler else ".h5"
                path = self.folder / f"item{data.ndim}{suffix}"
                storage = handler(str(path))
                storage.write_data(data, NOW)
                storage.write_properties(properties, NOW)
                storage.close()
                self.check_scan(path, data, name="flakes")
                self.assertEqual(self.imported(path)[0].original, json.loads(json.dumps(properties)))

    def test_a_scan_of_its_simulator(self) -> None:
        application = Application.Application(TestUI.UserInterface(), set_global=False)
        application.workspace_dir = ""
        configuration = DeviceConfiguration.AcquisitionContextConfiguration()
        with AcquisitionTestContext.AcquisitionTestContext(configuration, is_app=False) as context:
            scan = context.scan_hardware_source
            parameters = scan.get_frame_parameters(0)
            parameters.pixel_size, parameters.fov_nm, parameters.pixel_time_us = Geometry.IntSize(64, 48), 8, 2
            recorded = scan.record_immediate(parameters)[0]
        item = DataItem.new_data_item(recorded)
        storage = NDataHandler.NDataHandler(str(self.folder / "scan.ndata"))
        storage.write_data(recorded.data, NOW)
        storage.write_properties(item.write_to_dict(), NOW)
        storage.close()
        item.close()
        self.check_scan(self.folder / "scan.ndata", recorded.data, pixel_size_nm=8 / 64, offset_y_nm=-4.0,
                        offset_x_nm=-3.0, channel="HAADF", line_us=100.0, flyback_us=4.0, high_tension_v=1e5,
                        rotation_rad=0.0)

    def test_what_it_exports(self) -> None:
        with TestContext.create_memory_context() as context:
            model = context.create_document_model()
            for data in (IMAGE, STACK):
                item = DataItem.new_data_item(extended(data))
                item.title = "flakes"
                model.append_data_item(item)
                shown = model.get_display_item_for_data_item(item)
                for suffix in ("ndata1", "npy", "nhdf"):
                    path = self.folder / f"export{data.ndim}.{suffix}"
                    ImportExportManager.ImportExportManager().write_display_item(shown, path)
                    self.check_scan(path, data, name="flakes")

    def test_its_tiff(self) -> None:
        writer = TIFF_IO.TIFFIODelegate_ImageJ(None)
        for data in (IMAGE, STACK):
            writer.write_data_and_metadata_stream(extended(data), str(self.folder / "a.tif"))
            # it keeps hardware_source only
            self.check_scan(self.folder / "a.tif", data, high_tension_v=None, rotation_rad=None)

    def test_its_digital_micrograph_files(self) -> None:
        for data in (IMAGE, STACK):
            for version in (3, 4):
                path = self.folder / f"a.dm{version}"
                with path.open("wb") as file:
                    dm3_image_utils.save_image(extended(data), file, version)
                series, = self.imported(path)
                np.testing.assert_array_equal(series.frames, data if data.ndim == 3 else data[None])
                self.assertAlmostEqual(series.attributes["pixel_size_nm"], 0.02, places=7)
                self.assertAlmostEqual(series.attributes["offset_x_nm"], 2.0, places=5)
                self.assertIn("ImageList", series.original["original_metadata"])
                path.write_bytes(path.read_bytes()[:400])
                self.refused(path, "DigitalMicrograph")
                path.write_bytes(b"just a text")
                self.refused(path, "DigitalMicrograph")


class Tiff(ImportTest):
    def size_nm(self, data: np.ndarray = IMAGE, **options: object) -> Any:
        tifffile.imwrite(self.folder / "a.tif", data, **options)
        series, = self.imported(self.folder / "a.tif")
        np.testing.assert_array_equal(series.frames, data if data.ndim == 3 else data[None])
        return series.attributes.get("pixel_size_nm")

    def test_imagej(self) -> None:
        for data in (IMAGE, STACK):
            for unit, scale in (("nm", 0.02), ("um", 2e-5), ("\\u00B5m", 2e-5), ("pm", 20)):
                size = self.size_nm(data, imagej=True, resolution=(1 / scale, 1 / scale), metadata={"unit": unit})
                self.assertAlmostEqual(size, 0.02, places=6, msg=unit)
        self.assertIsNone(self.size_nm(imagej=True, resolution=(50, 50), metadata={"unit": "inch"}))

    def test_ome(self) -> None:
        axes = {"PhysicalSizeX": 0.02, "PhysicalSizeXUnit": "nm", "PhysicalSizeY": 2e-5, "PhysicalSizeYUnit": "\u00b5m"}
        self.assertAlmostEqual(self.size_nm(STACK, ome=True, metadata={"axes": "TYX", **axes}), 0.02)
        self.assertIsNone(self.size_nm(ome=True, metadata={"axes": "YX"}))

    def test_resolution(self) -> None:
        self.assertAlmostEqual(self.size_nm(resolution=(1e7 / 0.02,) * 2, resolutionunit=3), 0.02, places=6)
        self.assertIsNone(self.size_nm(resolution=(72, 72), resolutionunit=2))
        self.assertIn("printer", self.stderr)
        self.assertIsNone(self.size_nm(STACK.astype(">f4"), byteorder=">", photometric="minisblack"))

    def test_what_is_no_stack_of_images(self) -> None:
        for data, options in ((np.zeros((16, 20, 3), np.uint8), {"photometric": "rgb"}),
                              (np.zeros((2, 3, 16, 20), np.uint16), {"imagej": True, "metadata": {"axes": "TCYX"}})):
            tifffile.imwrite(self.folder / "a.tif", data, **options)
            self.refused(self.folder / "a.tif", "axes")
        tifffile.imwrite(self.folder / "a.tif", STACK, imagej=True, metadata={"axes": "TYX"})
        whole = (self.folder / "a.tif").read_bytes()
        for content in (b"text", whole[:6], whole[:300], whole[:3000], whole[:-1500]):
            (self.folder / "b.tif").write_bytes(content)
            self.refused(self.folder / "b.tif", "TIFF")


def signal(data: np.ndarray, navigate: int, unit: str = "nm") -> dict:
    """As RosettaSciIO's writers take it."""
    axes = [{"size": n, "index_in_array": k, "name": "tyx"[k + 3 - data.ndim], "scale": 0.02, "offset": 0.5,
             "units": unit, "navigate": k < navigate, "_type": "UniformDataAxis", "is_binned": False}
            for k, n in enumerate(data.shape)]
    return {"data": data, "axes": axes, "original_metadata": {"user": {"name": "me"}},
            "metadata": {"General": {"title": "flakes"}, "Signal": {"signal_type": ""}}, "attributes": {"_lazy": False},
            "learning_results": {}, "models": {}, "tmp_parameters": {},
            "package_info": {"package": "hyperspy", "package_version": "2"}}


class HyperSpy(ImportTest):
    def test_emd_and_hspy(self) -> None:
        for module, suffix in ((emd, "emd"), (hspy, "hspy")):
            for data in (IMAGE, STACK):
                path = self.folder / f"a{data.ndim}.{suffix}"
                module.file_writer(str(path), signal(data, data.ndim - 2))
                series, = self.imported(path)
                np.testing.assert_array_equal(series.frames, data if data.ndim == 3 else data[None])
                for key, value in (("pixel_size_nm", 0.02), ("offset_x_nm", 0.5), ("offset_y_nm", 0.5)):
                    self.assertAlmostEqual(series.attributes[key], value)
                self.assertEqual(series.attributes["name"], "flakes")

    def test_spectra(self) -> None:
        hspy.file_writer(str(self.folder / "a.hspy"), signal(STACK, 2, "eV"))
        self.refused(self.folder / "a.hspy", "data: [5, 16, 20]", "no spectra")

    def test_velox(self) -> None:
        said = {"BinaryResult": {"PixelSize": {"width": "2e-11", "height": "2e-11"},
                                 "Offset": {"x": "1e-9", "y": "2e-9"}, "PixelUnitX": "m", "PixelUnitY": "m",
                                 "DetectorIndex": "0", "Detector": "HAADF"},
                "Optics": {"AccelerationVoltage": "80000"}, "Scan": {"DwellTime": "2e-06", "FrameTime": "0.5"},
                "Acquisition": {"AcquisitionStartDatetime": {"DateTime": "1714979289"}}, "CustomProperties": {},
                "Core": {}, "Instrument": {}, "Detectors": {"Detector-0": {"DetectorName": "HAADF"}}}
        text = np.frombuffer(json.dumps(said).encode().ljust(4096, b"\0"), np.uint8)
        stack = (STACK * 10).astype(np.uint16)
        with h5py.File(self.folder / "velox.emd", "w") as file:
            file["Version"] = np.array([b'{"format": "Velox", "version": 11}'])
            image = file.create_group("Data/Image/0123")
            image["Data"] = stack.transpose(1, 2, 0)
            image["Metadata"] = np.repeat(text[:, None], len(stack), axis=1)
        series, = self.imported(self.folder / "velox.emd")
        np.testing.assert_array_equal(series.frames, stack)
        expected = {"pixel_size_nm": 0.02, "offset_x_nm": 1.0, "offset_y_nm": 2.0, "high_tension_v": 8e4,
                    "dwell_us": 2.0}
        for key, value in expected.items():
            self.assertAlmostEqual(series.attributes[key], value)
        self.assertEqual(series.original["original_metadata"]["Optics"], said["Optics"])


if __name__ == "__main__":
    unittest.main()

#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The plug-in's way back, without Nion Swift: settings, and results → pictures."""
import pathlib
import sys
import tempfile
import unittest
from types import SimpleNamespace

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
import plugin_parts  # noqa: F401, the first: it finds the others

# isort: split
import numpy as np
from plugin import painting, settings


class Choices(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory(prefix="dwellmap-plugin-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def test_are_kept(self) -> None:
        self.assertEqual(settings.load(self.folder), [settings.Settings()])
        streams = [settings.Settings(composition=0.5, range_pm=10.0), settings.Settings(name="2", channel="b")]
        settings.save(self.folder, streams)
        self.assertEqual(settings.load(self.folder), streams)
        self.assertEqual([f.name for f in pathlib.Path(self.folder).iterdir()], ["dwellmap.json"])

    def test_a_wrong_file_is_told_by_name(self) -> None:
        for text in ("", "[]", '{"streams": []}', '{"streams": [{"colour": 1}]}', '{"streams": [{"channel": 1}]}',
                     '{"streams": [{"composition": 2}]}', '{"streams": [{"range_pm": 0}]}', '{"streams": [{}, {}]}',
                     '{"streams": [{"composition": "x"}]}', '{"streams": [{"layer": "nothing"}]}',
                     '{"streams": [{"classes": "nothing"}]}'):
            pathlib.Path(self.folder, settings.FILE).write_text(text, encoding="utf-8")
            with self.assertRaisesRegex(ValueError, "dwellmap.json", msg=text):
                settings.load(self.folder)


def result(x_px: list, y_px: list, species: list, flags: list, n: list, unit: str = "nm") -> SimpleNamespace:
    """A frame of 40 × 40 px with cations, as painting uses it."""
    value = np.full((20, 20), 0.012, np.float32)
    atoms = {"x_px": np.array(x_px, "f4"), "y_px": np.array(y_px, "f4"), "site": np.zeros(len(n), "u1"),
             "species": np.array(species, "i1"), "n": np.array(n, "i1"), "flags": np.array(flags, "u2")}

    class Columns(dict):
        width_px = 3.0
    return SimpleNamespace(
        atoms=Columns(atoms), maps={"order_parameter": SimpleNamespace(value=value)}, rows_valid=30,
        map=SimpleNamespace(unit=unit, step_px=2), statistics=SimpleNamespace(lattice={"found": True, "a_px": 16.0}))


class Pictures(unittest.TestCase):
    frame = staticmethod(lambda **more: result([8.2, 28.4], [10, 11], [0, 1], [0, 16], [2, 5], **more))

    def test_a_map_is_in_pm_where_there_is_a_scale(self) -> None:
        pixels, unit = painting.map_image(self.frame(), "order_parameter")
        self.assertEqual(unit, "pm")
        np.testing.assert_allclose(pixels, 12)
        pixels, unit = painting.map_image(self.frame(unit="px"), "order_parameter")
        self.assertEqual(unit, "px")
        np.testing.assert_allclose(pixels, 0.012, rtol=1e-6)

    def test_classes_are_those_of_the_nearest_cation_within_reach(self) -> None:
        frame = self.frame()
        got = painting.class_image(frame, "n")
        for row in range(20):
            for col in range(20):
                x, y = 2 * col + 0.5, 2 * row + 0.5
                distances = np.hypot(frame.atoms["x_px"] - x, frame.atoms["y_px"] - y)
                near = distances.min() <= 12
                self.assertEqual(np.isfinite(got[row, col]), near, (row, col))
                if near:
                    self.assertEqual(got[row, col], frame.atoms["n"][distances.argmin()])

    def test_columns_are_drawn_where_they_are_lighter_while_provisional(self) -> None:
        image = np.arange(1600, dtype=np.float32).reshape(40, 40)
        picture = painting.atoms_picture(self.frame(), image)
        self.assertEqual((picture.shape, picture.dtype), ((40, 40, 4), np.uint8))
        self.assertTrue((picture[..., 3] == 255).all())
        first, second = picture[10, 8, :3].astype(int), picture[11, 28, :3].astype(int)
        self.assertGreater(first[0], first[2], "the first species is blue")
        self.assertGreater(second[2], second[0], "the second is red")
        self.assertGreater(second.min(), 150, "and provisional here, hence lighter")
        away = picture[20, 5, :3]
        self.assertEqual(len(set(away.tolist())), 1, "the image is grey")
        self.assertTrue((picture[30:, :, :3] == 0).all(), "nothing where nothing was scanned")

    def test_columns_at_the_edge_do_not_wrap_around(self) -> None:
        corners = result([-0.5, 39.4], [0, 39], [0, 1], [0, 0], [1, 1])
        picture = painting.atoms_picture(corners, np.zeros((40, 40), "f4"))
        self.assertTrue((picture[10:30, 10:30, :3] == picture[20, 20, 0]).all())

    def test_no_columns(self) -> None:
        empty = result([], [], [], [], [])
        self.assertTrue(np.isnan(painting.class_image(empty, "n")).all())
        painting.atoms_picture(empty, np.zeros((40, 40), "f4"))


if __name__ == "__main__":
    unittest.main()

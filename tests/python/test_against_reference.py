# SPDX-License-Identifier: Apache-2.0
"""The statistics of a series against an independent batch analysis (numpy, scipy, scikit-learn) of the same atoms.

usage: test_against_reference.py BIN_DIR REFERENCE_DIR; exit code 77: skipped, says why
"""
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest
from typing import Any

SKIPPED = 77
COMPOSITIONS = (0.05, 0.55, 0.78, 0.95)

try:
    import h5py
    import numpy as np
    import sklearn  # noqa: F401  of the reference, which imports it late
    sys.path.insert(0, sys.argv[2])
    from stemoracle import stats
except (ImportError, IndexError) as missing:
    print(f"skipped: {missing}: needs python3-h5py, numpy, scipy, scikit-learn and the reference")
    sys.exit(SKIPPED)


def simulated_series(bin_dir: pathlib.Path, folder: pathlib.Path) -> tuple[dict, pathlib.Path]:
    """Results of four simulated fields of view, and the library they were written to."""
    images = []
    for x in COMPOSITIONS:
        images.append(str(folder / f"x{x}.npy"))
        subprocess.run([bin_dir / "dwellmap-simulate", "--composition", str(x), "--size", "512", "--frames", "1",
                        "--seed", str(int(100 * x)), "--out", images[-1]], check=True)
    library, results = folder / "series.h5", folder / "results.json"
    subprocess.run([bin_dir / "dwellmap-analyze", *images, "--pixel-nm", "0.02", "--composition",
                    ",".join(map(str, COMPOSITIONS)), "--write-library", library, "--results", results],
                   check=True, stdout=subprocess.DEVNULL)
    return json.loads(results.read_text()), library


class Atoms:
    """All neighbourhoods of one species, as the library holds them."""

    def __init__(self, library: pathlib.Path, species: int):
        offsets, n, x = [], [], []
        with h5py.File(library) as file:
            for field in file["fields"].values():
                mine = field["species"][:] == species
                offsets.append(field["offsets"][:][mine].reshape(mine.sum(), -1))
                n.append(field["n"][:][mine].astype(int))
                x.append(np.full(mine.sum(), field.attrs["composition"]))
        self.offsets, self.n, self.x = map(np.concatenate, (offsets, n, x))


class AgainstReference(unittest.TestCase):
    folder: tempfile.TemporaryDirectory
    results: dict
    atoms: Atoms
    pca: Any
    modes: dict
    breaking: int
    scores: np.ndarray
    estimates: dict[str, dict]

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.results, library = simulated_series(pathlib.Path(sys.argv[1]), pathlib.Path(cls.folder.name))
        cls.atoms = Atoms(library, 1)
        cls.pca = stats.pca(cls.atoms.offsets, parity=True)
        cls.modes = next(p for p in cls.results["pca"] if p["scope"] == "series" and p["species"] == "Re")
        cls.breaking = max((stats.mode_index(cls.pca, f"zz{r}") for r in range(3)), key=lambda m: m[1])[0]
        cls.scores = stats.scores(cls.atoms.offsets, cls.pca)[:, cls.breaking]
        cls.estimates = {e["name"]: e for e in cls.results["regression"][-1]["estimates"]}

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def test_principal_components(self):
        self.assertEqual(self.modes["count"], len(self.atoms.n))
        variance = [m["variance"] for m in self.modes["modes"]]
        np.testing.assert_allclose(variance, self.pca["variance"][:6], rtol=6e-5)  # written with five digits

    def test_scores(self):
        mine = np.array(next(p for p in self.results["population"] if p["species"] == "Re")["symmetry_breaking"])
        self.assertLess(np.abs(np.sort(np.abs(mine)) - np.sort(np.abs(self.scores))).max(), 1e-7)

    def test_mixtures(self):
        for cell in self.results["mixtures"]:
            mine = self.scores[(self.atoms.x == cell["composition"]) & (self.atoms.n == cell["n"])]
            if cell["species"] != "Re" or cell["count"] < 20:
                continue
            self.assertEqual(cell["count"], len(mine))
            batch = stats.gmm_bic(mine)
            for fit in cell["fits"][:2]:
                self.assertGreater(fit["log_likelihood"], batch["fits"][fit["k"]]["ll"] - 1e-3)
            gap = sorted(f["bic"] for f in batch["fits"].values())
            if gap[1] - gap[0] > 2 and batch["best"] < 3:
                self.assertEqual(cell["k"], batch["best"])
                np.testing.assert_allclose(np.sort(np.abs(cell["means"])), np.sort(np.abs(
                    batch["fits"][cell["k"]]["mean"])), atol=5e-3 * mine.std())

    def test_gaussian_process(self):
        surface = self.results["regression"][-1]["gp"]
        inputs = np.stack([self.atoms.n / 6, self.atoms.x], 1)
        cells = stats.cell_stats(inputs, np.abs(self.scores))
        p = surface["parameters"]
        grid = np.array([(n / 6, x) for x in surface["x"] for n in range(7)])
        mean, _, _ = stats.gp_cells(*cells, grid, p["variance"], np.array([p["length_n"], p["length_x"]]),
                                    p["noise_variance"], p["mean"])
        np.testing.assert_allclose(np.ravel(surface["mean"]), mean, rtol=1e-6, atol=1e-9)
        best = stats.gp_fit(*cells)
        self.assertGreater(p["log_likelihood"], best["lml"] - 10)  # another treatment of the constant mean

    def test_regressions(self):
        batch = {"atoms": stats.ols(self.atoms.n, self.atoms.x, np.abs(self.scores)),
                 "folded_common": stats.folded_ml(self.atoms.n, self.atoms.x, self.scores, sigma_by_cell=False),
                 "folded_per_cell": stats.folded_ml(self.atoms.n, self.atoms.x, self.scores)}
        for name, other in batch.items():
            with self.subTest(name):
                rtol = 1e-8 if name == "atoms" else 1e-4
                np.testing.assert_allclose([self.estimates[name][c] for c in ("a", "b", "d")],
                                           [other[c] for c in ("a", "b", "d")], rtol=rtol, atol=1e-8)

    def test_classes(self):
        classes = next(c for c in self.results["kmeans"] if c["species"] == "Re")
        batch = stats.kmeans(self.atoms.offsets[:, :12], classes["k"])
        self.assertLess(classes["inertia"], 1.001 * batch["inertia"])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])

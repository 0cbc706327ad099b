#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""dwellmap-report on results of small simulated images: its page is whole by itself, holds the numbers, survives
whatever is missing.

usage: test_report.py [BIN_DIR]; exit code 77: skipped, says why
"""
import copy
import json
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree as xml

sys.dont_write_bytecode = True
TOOLS = pathlib.Path(__file__).resolve().parent.parent.parent / "tools/python"
sys.path[:0] = [str(TOOLS), str(pathlib.Path(__file__).resolve().parent.parent / "support")]
try:
    import numpy as np
    from dwellmap_report import arrows, descriptors, figure_modes, orient, published, words
    from dwellmap_report.compose import write_report
    from dwellmap_report.figure_process import runs
    from dwellmap_report.plots import use_style, wrap
    from dwellmap_report.results import Results
    from example_results import change, written
except ModuleNotFoundError as missing:
    print(f"test_report: skipped, {missing} (apt-get install python3-matplotlib)")
    sys.exit(77)

BIN = pathlib.Path(sys.argv.pop(1) if len(sys.argv) > 1 else "build/bin").resolve()
ANGLES = np.radians(60 * np.arange(6))
RADIAL = np.column_stack([np.cos(ANGLES), np.sin(ANGLES)]).ravel() / 6**0.5
ZIGZAG = np.tile([0.0, 0.5], 6) * np.repeat([0, 1, 1, 0, 1, 1], 2)
use_style()

COSINES = np.cos(np.radians(60 * np.outer([0, 1, 1, 2, 2, 3], range(6)) - 90 * np.array([[0, 1, 0, 0, 1, 0]]).T))


def of_descriptor(species: str, kind: str, dimension: int) -> dict:
    return {"species": species, "descriptor": kind, "unit": "nm", "names": [f"{kind}{k}" for k in range(dimension)],
            "count": 162, "variance": [4e-6 * 0.4**k for k in range(6)], "explained": [0.6 * 0.4**k for k in range(6)],
            "loadings": np.eye(6, dimension).tolist()}


def of_paper(species: str, compositions: list[float]) -> dict:
    """Places are in the order of a lattice that is turned by 70°: from site 2; the response is the zigzag of row 0.
    The images' own are of lattices turned by 70° and, from site 3, by 10°, with components 2 and 3 in turn."""
    vectors = COSINES / np.linalg.norm(COSINES, axis=1, keepdims=True)
    two = {"means": [-0.02, 0.03], "sigmas": [0.01, 0.02], "weights": [0.4, 0.6]}
    none: dict[str, list[float]] = {"means": [], "sigmas": [], "weights": []}
    cells = [{"x": x, "unlike": n, "count": 30 if n else 3, "prediction": 0.01 * n, **(two if n else none)}
             for x in compositions for n in range(7)]
    alone = [{"image": k, "rotation_rad": np.radians((70, 10)[k % 2]), "count": 81, "response": 1 + k % 2,
              "singular_values": [3, 0.2, 0.1, 0.1, 0.1, 0.1],
              "components": np.roll(vectors[[0, 1 + k % 2, 2 - k % 2, 3, 4, 5]], -2 - k % 2, axis=1).tolist()}
             for k in range(len(compositions))]
    return {"species": species, "count": 162, "singular_values": [4, 0.3, 0.1, 0.1, 0.1, 0.1], "response": 1,
            "components": np.roll(vectors, -2, axis=1).tolist(), "images": alone, "cells": cells,
            "a": 0.004, "b": 0.012, "d": 0.01, "ratio": 0.5}


def example(images: int = 2) -> dict:
    """As written, but the analyses beside the usual one have numbers that are known."""
    results = written(BIN, images)
    for entry in results["descriptors"]:
        change(entry, **of_descriptor(entry["species"], entry["descriptor"], len(entry["names"])))
    for entry in results["paper"]:
        change(entry, **of_paper(entry["species"], [i["composition"] for i in results["series"]]))
    for frame in results["frames"]:
        change(frame["lattice"], rotation_rad=np.radians(70))
    return results


def with_known_numbers() -> dict:
    results = example()
    change(results, version="9.8.7")
    for image in results["series"]:
        change(image, warren_cowley={"alpha": 0.021, "se": 0.012})
    for frame in results["frames"]:
        change(frame, notes=["a note <&>"])
        change(frame["lattice"], a_px=15.8, se_a_px=0.005)
    for estimate in (e for r in results["regression"] for e in r["estimates"]):
        change(estimate, a=1.5e-3, se_a=1e-4, b=4.5e-3, se_b=6e-4, c=None, se_c=None, d=-2e-4, se_d=2e-4, se_ratio=0.07,
               ratio=0.37 if estimate["name"] == "gp_matrix" else 0.5, ratio_low=0.41, ratio_high=0.62)
    return results


class Folder(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory(prefix="dwellmap-report-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def save(self, results: object) -> pathlib.Path:
        path = self.folder / "results.json"
        path.write_text(json.dumps(results), encoding="utf-8")
        return path

    def report(self, results: object) -> str:
        return write_report(self.save(results), self.folder, "1.2.3").read_text(encoding="utf-8")


class Page(unittest.TestCase):
    """Two images, nothing missing."""
    folder: pathlib.Path
    known: dict
    page: str

    @classmethod
    def setUpClass(cls) -> None:
        folder = tempfile.TemporaryDirectory(prefix="dwellmap-report-")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        results = cls.folder / "results.json"
        cls.known = with_known_numbers()
        results.write_text(json.dumps(cls.known), encoding="utf-8")
        cls.page = write_report(results, cls.folder, "1.2.3").read_text(encoding="utf-8")

    def test_needs_nothing_but_itself(self) -> None:
        page = self.page
        self.assertNotIn("http", page)
        self.assertNotIn("<script", page)
        self.assertNotIn("@import", page)
        used = set(re.findall(r'(?:href|src)="([^"]*)"', page)) | set(re.findall(r"url\(([^)]*)\)", page))
        inside = {u for u in used if u.startswith(("#", "data:"))}
        self.assertTrue(all(u.startswith("figures/figure_") for u in used - inside), used - inside)
        ids = re.findall(r' id="([^"]*)"', page)
        self.assertEqual(len(ids), len(set(ids)))
        self.assertLessEqual({u[1:] for u in inside if u.startswith("#")}, set(ids))

    def test_every_figure_is_there_and_to_be_had_alone(self) -> None:
        page = self.page
        self.assertNotIn("Not shown", page)
        for number in ("1", "2", "3", "4", "5", "S1", "S2", "S3", "S4", "S5"):
            self.assertIn(f'id="figure-{number}"', page)
        linked = re.findall(r'href="(figures/[^"]*)"', page)
        self.assertEqual(page.count('<svg style'), len(linked))
        for path in linked:
            self.assertTrue(xml.parse(self.folder / path).getroot().tag.endswith("svg"))

    def test_holds_the_numbers(self) -> None:
        page = self.page.replace(words.SPACE, " ")
        for text in ("0.50 ± 0.07", "0.37 ± 0.07", "0.41 to 0.62", "1.50 ± 0.10 pm", "4.5 ± 0.6 pm", "0.021 ± 0.012",
                     "316.00 ± 0.10 pm", "9.8.7", "1.2.3", "a note &lt;&amp;&gt;", "neighbours = 6",
                     "angles Mo 2.6 mrad", "Mo: 99.19 % of the", "of the rest 69 %", "Mo: 0.50 as published",
                     "Re: −0.50 as published", "by 300.0 pm (Mo)"):
            self.assertIn(text, page)
        rows = re.findall(r"<td>(\w+)</td><td>320 × 320 px<br>20 pm/px</td><td>(.*?)</td><td>(.*?)</td><td>(.*?)</td>"
                          r"<td>(.*?)</td><td>(.*?)</td>", page)
        image, atoms = self.known["series"][0], self.known["frames"][0]["atoms"]
        cations, anions = (sum(at == site and species != 3 for at, species in zip(atoms["site"], atoms["species"]))
                           for site in (0, 1))
        complete = sum(p["image"].count(0) for p in self.known["population"])
        self.assertEqual(rows[0], ("image0", f"{image['composition']:.3f}", f"{image['fraction_second']:.3f}",
                                   str(cations), str(anions), str(complete)))

    def test_the_unbiased_estimate_leads_and_the_papers_follows(self) -> None:
        self.assertLess(self.page.index("<td>folded normal, common width"),
                        self.page.index("<td>least squares, Gaussian process"))
        self.assertRegex(self.page, r"<tr class=first><td>folded normal, common width")


class AsWritten(Folder):
    """Nothing in the place of what the programs wrote."""

    def test_every_figure_is_there(self) -> None:
        self.assertNotIn("Not shown", self.report(written(BIN)))

    def test_a_star_says_that_a_mode_may_be_mixed(self) -> None:
        results = written(BIN)
        labels = {}
        for modes in results["pca"]:
            for mode in modes["modes"]:
                said = arrows.describe(modes["species"], mode)
                self.assertEqual(said.endswith("*"), mode["gap_sigma"] < 4, said)
                labels[said] = said.endswith("*")
        self.assertEqual(set(labels.values()), {False, True})
        page = self.report(results)
        shown = [arrows.describe(m["species"], m["modes"][0]) for m in results["pca"] if m["scope"] != "series"]
        for label in shown:
            self.assertIn(f">{label}<", page)


class Missing(Folder):
    def test_published_components_of_single_images(self) -> None:
        results = example()
        self.assertIn("a, image by image", self.report(results))
        for species in results["paper"]:
            species["images"] = []
        page = self.report(results)
        self.assertNotIn("a, image by image", page)
        self.assertIn("the results have none of single images", page)

    def test_nothing_but_an_image(self) -> None:
        page = self.report({"series": [{}]})
        self.assertGreaterEqual(page.count("Not shown: "), 8)
        self.assertNotIn("<svg", page)
        self.assertIn("statistics.compatibility=paper", page)

    def test_one_image_without_a_scale(self) -> None:
        results = example(1)
        for entry in results["series"] + results["population"] + results["frames"] + results["descriptors"]:
            entry.update(unit="px", length_per_px=1)
        page = self.report(results)
        self.assertIn("there is one image", page)
        self.assertIn("score, px", page)
        self.assertNotRegex(page, r"\bpm\b")

    def test_many_images_go_on_in_a_second_plot(self) -> None:
        titles = [panel.title for panel in figure_modes.figure(Results(example(5))).panels]
        self.assertEqual(sum("(continued)" in t for t in titles), 2)

    def test_one_species(self) -> None:
        results = example()
        for key in ("pca", "population", "mixtures", "kmeans", "regression"):
            results[key] = [e for e in results[key] if e["species"] == "Mo"]
        for series in results["series"]:
            series.update(composition=None, fraction_second=None, cluster_probabilities=[None] * 8)
        self.assertIn("Not shown: no image has two species", self.report(results))

    def test_any_part(self) -> None:
        for seed in range(2):
            with self.subTest(seed=seed):
                results = copy.deepcopy(example())
                thin(results, random.Random(seed))
                self.assertIn("Methods", self.report(results))


def thin(node: dict | list, chance: random.Random) -> None:
    """Takes parts away, or makes them null."""
    for key in list(node) if isinstance(node, dict) else range(len(node)):
        if key != "series" and chance.random() < 0.12:
            node[key] = chance.choice([None, []])
        elif isinstance(node[key], (dict, list)) and len(node[key]) < 60:
            thin(node[key], chance)


def negative(values: list) -> list:
    return [None if v is None else -v for v in values]


class Parts(unittest.TestCase):
    def test_modes_are_turned_with_what_was_measured_along_them(self) -> None:
        expected = example()
        orient.orient(expected)
        turned = copy.deepcopy(expected)
        for modes in (m for m in turned["pca"] if m["scope"] == "series"):
            for mode in modes["modes"]:
                mode["loadings"] = negative(mode["loadings"])
        for p in turned["population"]:
            p["scores"] = [negative(s) for s in p["scores"]]
            p["isotropic"], p["symmetry_breaking"] = negative(p["isotropic"]), negative(p["symmetry_breaking"])
        for fit in (f for m in turned["mixtures"] for f in (m, *m["fits"])):
            fit["means"] = negative(fit["means"])
            for key in ("means", "weights", "sigmas", "se_means", "true_sigmas"):
                if key in fit:
                    fit[key] = fit[key][::-1]
        self.assertNotEqual(turned, expected)
        orient.orient(turned)
        self.assertEqual(turned, expected)

    def test_sign_is_that_of_the_ideal_pattern(self) -> None:
        noise = np.random.default_rng(2).normal(0, 0.05, 12)
        self.assertEqual(orient.sign(RADIAL + noise), 1)
        self.assertEqual(orient.sign(-RADIAL + noise), -1)

    def test_numbers_have_the_digits_their_errors_allow(self) -> None:
        for value, error, text in ((1.4712, 0.0634, "1.47 ± 0.06"), (1.4712, 0.0134, "1.471 ± 0.013"),
                                   (-12.3, 4.0, "−12 ± 4"), (float("nan"), 1, "–"),
                                   (1, float("nan"), "1.000 (error not known)")):
            self.assertEqual(words.measured(value, error).replace(words.SPACE, " "), text)

    def test_rows_are_filled_evenly(self) -> None:
        self.assertEqual([wrap(n, 4) for n in range(1, 9)],
                         [(1, 1), (1, 2), (1, 3), (1, 4), (2, 3), (2, 3), (2, 4), (2, 4)])

    def test_extrapolated_intervals(self) -> None:
        self.assertEqual(runs(np.array([True, False, True, True]), np.arange(4.0)), [(-0.5, 0.5), (1.5, 3.5)])


class OtherAnalyses(unittest.TestCase):
    def test_published_components_stand_on_the_sites_of_the_lattice(self) -> None:
        mo = published.published(Results(example()), "Mo")
        np.testing.assert_allclose(mo.components[1], COSINES[1] / 3**0.5, atol=1e-12)
        self.assertEqual([mo.named(k)[0] for k in (0, 1, 3, 5)],
                         ["isotropic", "symmetry breaking or shift", "shear", "trigonal"])

    def test_published_components_of_an_image_stand_on_the_same_sites(self) -> None:
        mo = published.published(Results(example()), "Mo")
        self.assertEqual([(p.count, p.response) for p in mo.images.values()], [(81, 1), (81, 2)])
        np.testing.assert_allclose(mo.images[0].components, mo.components, atol=1e-12)
        np.testing.assert_allclose(mo.images[1].components, mo.components[[0, 2, 1, 3, 4, 5]], atol=1e-12)

    def test_neighbours_go_by_their_angle_on_the_image(self) -> None:
        for turn, first, distance in ((10, 3, 10), (58, 3, 2), (62, 2, 2), (-100, 5, 20)):
            order, to_jump = published.by_angle(np.radians(turn))
            self.assertEqual(order.tolist(), np.roll(np.arange(6), -first).tolist())
            self.assertAlmostEqual(np.degrees(to_jump), distance)

    def test_published_scores_turn_with_their_component(self) -> None:
        results = example()
        before = published.published(Results(results), "Re")
        results["paper"][1]["components"][1] = [-v for v in results["paper"][1]["components"][1]]
        after = published.published(Results(results), "Re")
        np.testing.assert_allclose(after.components, before.components)
        self.assertEqual(after.cells[1].means.tolist(), [-0.03, 0.02])
        self.assertEqual((after.cells[1].sigmas.tolist(), after.cells[1].weights.tolist()), ([0.02, 0.01], [0.6, 0.4]))

    def test_descriptors_see_a_part_of_a_distortion(self) -> None:
        zigzag = ZIGZAG.reshape(6, 2)
        along = (zigzag * descriptors.HEXAGON).sum(axis=1)
        across = (zigzag * descriptors.turned(descriptors.HEXAGON)).sum(axis=1)
        self.assertAlmostEqual(float(np.linalg.norm(along)), published.RADIAL_PART)
        for kind, loadings, name in (("distances", along, "symmetry breaking or shift"),
                                     ("angles", across, "symmetry breaking"),
                                     ("rotation_invariant", ZIGZAG, "symmetry breaking")):
            found, overlap = descriptors.alike(kind, loadings)
            self.assertEqual((found, round(overlap, 9)), (name, 1))
        basis = descriptors.symmetry_basis()
        np.testing.assert_allclose(basis @ basis.T, np.eye(12), atol=1e-12)
        np.testing.assert_allclose((basis @ ZIGZAG)[3:6], [0, (2 / 3)**0.5, 0.57], atol=5e-3)


class Command(Folder):
    def run_report(self, *arguments: object) -> subprocess.CompletedProcess:
        launcher = self.folder / "dwellmap-report"
        if not launcher.exists():
            launcher.write_bytes((TOOLS / "dwellmap-report").read_bytes())
            (self.folder / "dwellmap_report").symlink_to(TOOLS / "dwellmap_report")
        return subprocess.run([sys.executable, launcher, *map(str, arguments)], capture_output=True, text=True,
                              check=False, env={**os.environ, "PATH": "", "PYTHONDONTWRITEBYTECODE": "1"})

    def test_errors_are_one_line(self) -> None:
        bad, image = self.folder / "bad.json", self.folder / "image.npy"
        bad.write_text('{"a": 1}', encoding="utf-8")
        image.touch()
        for arguments in ([], [bad], [bad, "--out", self.folder], ["none.json", "--out", self.folder],
                          [image, "--out", self.folder], [bad, image, "--out", self.folder],
                          [bad, "--out", bad], [bad, "--out", self.folder, "--colour"]):
            done = self.run_report(*arguments)
            self.assertNotEqual(done.returncode, 0)
            self.assertRegex(done.stderr, r"\Adwellmap-report: [^\n]+\n\Z")

    def test_images_are_analysed_first(self) -> None:
        results, image = self.save({"series": [{}]}), self.folder / "image.npy"
        image.touch()
        analyse = self.folder / "dwellmap-analyze"
        said = self.folder / "said"
        analyse.write_text(f"#!{sys.executable}\nimport shutil, sys\n"
                           f"print(sys.argv[1:], file=open({str(said)!r}, 'w'))\n"
                           f"shutil.copy({str(results)!r}, sys.argv[sys.argv.index('--results') + 1])\n",
                           encoding="utf-8")
        analyse.chmod(0o755)
        out = self.folder / "out"
        passed = ["--composition", "0.5", "--pixel-nm", "0.02", "--set", "a.b=1", "--set", "c=2"]
        done = self.run_report(image, "--out", out, *passed)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertTrue((out / "index.html").is_file())
        self.assertEqual(said.read_text(encoding="utf-8").strip(),
                         str([str(image), "--results", str(out / "results.json"), *passed]))


if __name__ == "__main__":
    unittest.main()

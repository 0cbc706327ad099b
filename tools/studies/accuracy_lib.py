# SPDX-License-Identifier: Apache-2.0
"""Simulated frames with their truth, and how far found columns are from it. Positions are [columns x 2], (x, y), px."""
import dataclasses
import pathlib
import subprocess
import sys

try:
    import numpy as np
    from scipy.spatial import cKDTree
except ModuleNotFoundError as missing:
    sys.exit(f"{missing}: apt-get install python3-scipy")

from cramer_rao import bound_px

PROBE_SIGMA_NM = 0.05
BACKGROUND, BACKGROUND_SLOPE = 0.15, 0.05  # of the Mo peak
MO_CROSS_SECTION_A2 = 0.02
MARGIN_NM = 0.35  # columns nearer to the edge are not scored
TOLERANCE_NM = 0.06  # a column found further away is another one
BINARIES = pathlib.Path(__file__).resolve().parent.parent.parent / "build" / "bin"


@dataclasses.dataclass(frozen=True)
class Scan:
    dose: float = 1e5  # e/A^2
    pixel_nm: float = 0.020
    size_px: int = 512
    composition: float = 0.55  # fraction of Re
    row_jitter_pm: float = 0
    noise_free: bool = False

    @property
    def sigma_px(self):
        return PROBE_SIGMA_NM / self.pixel_nm

    def background(self):
        """The simulator's: [rows x cols] counts, a plane."""
        mo_peak = self.dose * MO_CROSS_SECTION_A2 / (2 * np.pi * self.sigma_px**2)
        ramp = np.linspace(-0.5, 0.5, self.size_px)
        return mo_peak * (BACKGROUND + BACKGROUND_SLOPE * np.add.outer(ramp, ramp))

    def inside(self, xy_px):
        margin_px = MARGIN_NM / self.pixel_nm
        return ((xy_px >= margin_px) & (xy_px <= self.size_px - 1 - margin_px)).all(axis=1)


def run(command, **options):
    """What the command printed; ends the script with what it complained about."""
    try:
        return subprocess.run([str(w) for w in command], check=True, capture_output=True, text=True, **options).stdout
    except FileNotFoundError:
        sys.exit(f"{command[0]} is not there: build it with tools/setup, or give --bin")
    except subprocess.CalledProcessError as failed:
        sys.exit(f"{pathlib.Path(command[0]).name}: {failed.stderr.strip()}")


def simulate(binaries, scan, seed, folder):
    """@return path of the frame; its true columns, as read_table()"""
    frame, truth = folder / "frame.npy", folder / "truth.csv"
    run([binaries / "dwellmap-simulate", "--frames", 1, "--seed", seed, "--out", frame, "--truth", truth,
         "--size", scan.size_px, "--pixel-nm", scan.pixel_nm, "--dose", scan.dose, "--composition", scan.composition,
         "--row-jitter-pm", scan.row_jitter_pm, "--set", f"scan.noise_free={str(scan.noise_free).lower()}",
         "--set", f"scan.probe_sigma_nm={PROBE_SIGMA_NM}", "--set", f"scan.background={BACKGROUND}",
         "--set", f"scan.background_slope={BACKGROUND_SLOPE}"])
    return frame, read_table(truth)


def analyse(binaries, scan, frame):
    """One image, nothing known before it but its pixel size and the composition."""
    atoms = frame.with_name("atoms.csv")
    run([binaries / "dwellmap-analyze", frame, "--pixel-nm", scan.pixel_nm, "--composition", scan.composition,
         "--species", "Mo,Re,S2", "--atoms", atoms])
    return read_table(atoms)


def read_table(path):
    """A CSV with a header line, as a structured array."""
    return np.atleast_1d(np.genfromtxt(path, delimiter=",", names=True, dtype=None, encoding="utf-8"))


def positions(table):
    return np.column_stack([table["x_px"], table["y_px"]])


def match(true_xy, found_xy, tolerance):
    """One to one, the closest pairs first. @return indices into the true, into the found"""
    near = cKDTree(true_xy).sparse_distance_matrix(cKDTree(found_xy), tolerance, output_type="coo_matrix")
    free_true, free_found = np.ones(len(true_xy), bool), np.ones(len(found_xy), bool)
    pairs = []
    for k in np.argsort(near.data, kind="stable"):
        t, f = near.row[k], near.col[k]
        if free_true[t] and free_found[f]:
            free_true[t] = free_found[f] = False
            pairs.append((t, f))
    return np.array(pairs, int).reshape(-1, 2).T


def detection(scan, true_xy, found_xy):
    """@return recall, precision: shares of the columns inside the margin"""
    t, f = match(true_xy, found_xy, TOLERANCE_NM / scan.pixel_nm)
    inside_true, inside_found = scan.inside(true_xy), scan.inside(found_xy)
    return inside_true[t].sum() / inside_true.sum(), inside_found[f].sum() / inside_found.sum()


def pair(scan, truth, found):
    """The true columns inside the margin that were found.

    @return their rows of both tables; error and joint bound, [columns x 2] px
    """
    t, f = match(positions(truth), positions(found), TOLERANCE_NM / scan.pixel_nm)
    keep = scan.inside(positions(truth)[t])
    t, f = t[keep], f[keep]
    bound = bound_px(truth["x_px"], truth["y_px"], truth["amplitude"], scan.sigma_px, scan.background())
    return truth[t], found[f], positions(found)[f] - positions(truth)[t], bound[t]


def rms(values):
    return float(np.sqrt(np.mean(np.square(values))))


def judged(value, goal, met):
    """A figure beside its goal, both as text; bold where it is missed."""
    return f"{value} ({goal})" if met else f"**{value}** ({goal})"


def print_table(head, rows):
    for line in [head, ["---"] * len(head), *rows]:
        print("| " + " | ".join(line) + " |", flush=True)
    print()

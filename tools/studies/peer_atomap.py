# SPDX-License-Identifier: Apache-2.0
"""Columns of an image with atomap; tools/studies/compare_peer runs it in atomap's own environment.

    peer_atomap.py IMAGE.npy OUT.csv [START.csv]

Its way with two sublattices: the bright one is found and fitted, its Gaussians are taken off the image, the faint one
is found and fitted in what is left, and the bright one once more without the faint one. With START.csv
(x_px,y_px,site) nothing is searched: the columns start there. Prints its CPU seconds, imports and files left out.
"""
import sys
import time
import warnings

import atomap.api as am
import numpy as np
from hyperspy.signals import Signal2D
from scipy.ndimage import gaussian_filter

SEPARATION_PX = 6  # of peaks, at 0.020 nm/px
SMOOTH_PX = 1.5  # before the faint ones are searched
BRIGHT_RADIUS, FAINT_RADIUS = 0.4, 0.25  # of the fit, in distances to the next column of the sublattice


def find(image):
    return am.get_atom_positions(Signal2D(image), separation=SEPARATION_PX)


def fit(xy, image, radius, centre_first=False):
    """Free 2D Gaussians, one column at a time; where asked for, from the centre of mass."""
    sublattice = am.Sublattice(xy, image=image, fix_negative_values=image.min() < 0)
    sublattice.find_nearest_neighbors()
    if centre_first:
        sublattice.refine_atom_positions_using_center_of_mass(percent_to_nn=radius, show_progressbar=False)
    sublattice.refine_atom_positions_using_2d_gaussian(percent_to_nn=radius, show_progressbar=False)
    return sublattice


def without(image, sublattice):
    return image - sublattice.get_model_image(show_progressbar=False).data


def two_sublattices(image, bright_start, faint_start):
    bright = fit(find(image) if bright_start is None else bright_start, image, BRIGHT_RADIUS, centre_first=True)
    rest = without(image, bright)
    faint = fit(find(gaussian_filter(rest, SMOOTH_PX)) if faint_start is None else faint_start, rest, FAINT_RADIUS)
    bright = fit(bright.atom_positions, without(image, faint), BRIGHT_RADIUS)
    return bright.atom_positions, faint.atom_positions


def read_start(path):
    table = np.genfromtxt(path, delimiter=",", names=True, dtype=None, encoding="utf-8")
    xy = np.column_stack([table["x_px"], table["y_px"]])
    return [xy[table["site"] == site] for site in ("cation", "anion")]


def main(image_file, out_file, start_file=None):
    image = np.load(image_file).squeeze().astype(float)
    start = read_start(start_file) if start_file else (None, None)
    before = time.process_time()
    found = two_sublattices(image, *start)
    seconds = time.process_time() - before
    with open(out_file, "w", encoding="utf-8") as out:
        out.write("x_px,y_px,site\n")
        for site, columns in zip(("cation", "anion"), found):
            out.writelines(f"{x:.5f},{y:.5f},{site}\n" for x, y in columns)
    print(seconds)


if __name__ == "__main__":
    warnings.filterwarnings("ignore")
    main(*sys.argv[1:])

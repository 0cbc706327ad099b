# SPDX-License-Identifier: Apache-2.0
"""The words around the figures: what was analysed, what was found, how."""
import math

import numpy as np

from .estimates import headline
from .page import table
from .results import ANION, CATION, Image, Results, index, number, numbers, part, parts, texts
from .words import SPACE, UNKNOWN, between, count, escape, fine_unit, fixed, listed, measured, percent


def complete(results: Results, image: Image) -> int | None:
    """Of both species, as many as the statistics had; where these are missing, as many as the last frame has."""
    k = results.images.index(image)
    if results.populations:
        return sum(int(np.sum(p.image == k)) for p in results.populations.values())
    return image.complete


def lattice_parameter(image: Image) -> str:
    lattice = part(image.frame, "lattice")
    unit, factor = fine_unit(image.unit)
    factor *= image.length_per_px
    return measured(number(lattice, "a_px") * factor, number(lattice, "se_a_px") * factor, unit)


def size(image: Image) -> str:
    rows, cols = number(image.series, "rows_px"), number(image.series, "cols_px")
    pixels = f"{fixed(cols, 0)} × {fixed(rows, 0)} px".replace(" ", SPACE)
    scale = f"{1e3 * image.length_per_px:.4g}{SPACE}pm/px" if image.unit == "nm" else "no scale"
    return f"{pixels}<br>{scale}" + (f"<br>{image.frames} frames, the last shown" if image.frames > 1 else "")


def analysed_html(results: Results) -> str:
    head = ["image", "size", f"{escape(results.species[-1])} fraction<br>given", "<br>measured", "cations", "anions",
            "complete neigh&shy;bourhoods", "lattice parameter", "notes"]
    rows = [[escape(i.name), size(i), fixed(number(i.series, "composition"), 3),
             fixed(number(i.series, "fraction_second"), 3), count(i.sites(CATION)), count(i.sites(ANION)),
             count(complete(results, i)), lattice_parameter(i),
             escape("; ".join(texts(i.frame, "notes"))) or UNKNOWN] for i in results.images]
    missing = number(part(results.file, "counters"), "images_failed")
    lost = f"<p>{count(missing)} images could not be analysed and are not part of this report.</p>"
    return table(head, rows) + (lost if missing > 0 else "")


def mode_finding(results: Results, species: str) -> str:
    modes = results.modes(species)
    found = parts(modes, "modes")
    said = []
    for key, name in (("isotropic", "isotropic"), ("symmetry_breaking", "symmetry-breaking")):
        k = index(modes, key)
        if k is not None and 0 <= k < len(found):
            said.append(f"the {name} mode is component {k + 1} with {percent(number(found[k], 'explained'))} of the "
                        f"variance (overlap with the ideal pattern {fixed(number(found[k], 'overlap'), 3)})")
    if not found:
        return ""
    return f"{escape(species)}: " + (listed(said) if said else "no component is like an ideal pattern") + "."


def order_finding(results: Results) -> str:
    said = []
    for i in results.images:
        order = part(i.series, "order")
        s, background, error = (numbers(order, k) for k in ("structure_factor", "background", "structure_factor_se"))
        if s.size == background.size == error.size == 3 and np.isfinite(s).any():
            k = int(np.nanargmax(s))
            said.append(f"{escape(i.name)} {measured(s[k], error[k])} (background {fixed(background[k], 3)})")
    listing = "; ".join(said)
    return f"Half-order structure factor of the positions, strongest of three directions: {listing}." if said else ""


def bimodal_finding(results: Results, species: str) -> str:
    cells = [m for m in parts(results.file, "mixtures") if m.get("species") == species and (index(m, "k") or 0) > 0]
    few, many = ([m for m in cells if low <= number(m, "n") <= high] for low, high in ((0, 1), (4, 6)))
    if not few + many:
        return ""
    return (f"{escape(species)}: the symmetry-breaking score has two or more components in "
            f"{sum(m['k'] > 1 for m in few)} "
            f"of {len(few)} cells with n ≤ 1, and in {sum(m['k'] > 1 for m in many)} of {len(many)} with n ≥ 4.")


def law_finding(results: Results, species: str) -> str:
    e = headline(results, species)
    unit, factor = fine_unit(results.images[0].unit)
    if not e:
        return ""
    a, b = (measured(number(e, k) * factor, number(e, "se_" + k) * factor, unit) for k in "ab")
    left_out = between(number(e, "ratio_low"), number(e, "ratio_high"))
    return (f"{escape(species)}: D grows by a = {a} for each neighbour and b = {b} for each unit of x; "
            f"b/(6a) = {measured(number(e, 'ratio'), number(e, 'se_ratio'))}"
            + (f", {left_out} when one image is left out." if left_out != UNKNOWN else "."))


def cluster_finding(results: Results) -> str:
    said = []
    for i in results.images:
        alpha, se = (number(part(i.series, "warren_cowley"), k) for k in ("alpha", "se"))
        if math.isfinite(alpha):
            verdict = f" ({fixed(abs(alpha) / se, 1)} standard errors from an ideal solution)" if se > 0 else ""
            said.append(f"{escape(i.name)} {measured(alpha, se)}{verdict}")
    return f"Warren–Cowley α₁: {'; '.join(said)}." if said else ""


def findings_html(results: Results) -> str:
    names = results.species
    said = [mode_finding(results, s) for s in names] + [bimodal_finding(results, s) for s in names]
    said += [law_finding(results, s) for s in names] + [order_finding(results), cluster_finding(results)]
    items = "".join(f"<li>{s}</li>" for s in said if s)
    return f"<ul>{items}</ul>" if items else '<p class="absent">Too few complete neighbourhoods for any statistics.</p>'


METHODS = """<p>Columns are found and fitted together in the counts of the image (two-dimensional Gaussians, Poisson
weights), put on a lattice, and called by species by the contrast of the cations. The neighbourhood of a
cation is the vector of the offsets to its N nearest cations, in a fixed order: shell by shell, then
counter-clockwise from the lattice vector a₁. Only complete neighbourhoods of columns without flags
count.</p>
<p><b>Modes</b> are principal components of the offsets, one set for each species of the centre, named by
their overlap with ideal distortions of the six nearest neighbours. A mode's sign is arbitrary: here every
mode is turned to the side of the ideal pattern it is most like, which may be the opposite of the results
file. <b>Scores</b> are projections on unit modes, so they have the unit of a length. <b>Mixtures</b> are
maximum-likelihood Gaussians for each number n of second-species neighbours and each composition x, the
number of components chosen by the Bayesian information criterion, cells with fewer than 20 atoms left
alone. The <b>Gaussian process</b> has a squared-exponential kernel over (n/6, x) with parameters of
maximum likelihood. <b>Classes</b> are found by k-means on the offsets.</p>
<p>After Vasudevan, Ziatdinov, Vlcek, Morozovska, Eliseev, Yang, Gong, Ajayan, Zhou, Chisholm, Kalinin,
“Investigating phase transitions from local crystallographic analysis based on machine learning of atomic
environments” (2020).</p>"""


def methods_html(results: Results, version: str) -> str:
    file = results.file
    neighbours = [int(number(m, "neighbours")) for m in results.pca if number(m, "neighbours") > 0]
    flags = "; ".join(f"{escape(k)}: {escape(v)}" for k, v in part(file, "flag_texts").items())
    counters = ", ".join(f"{escape(k).replace('_', ' ')} {escape(v)}" for k, v in part(file, "counters").items())
    files = ", ".join(escape(i.file) for i in results.images if i.file)
    said = [f"N = {neighbours[0]} neighbours." if neighbours else "", f"Flags of columns: {flags}." if flags else "",
            f"Counted: {counters}." if counters else "", f"Files: {files}." if files else "",
            f"Analysed with dwellmap {escape(file.get('version') or UNKNOWN)}, reported with dwellmap-report "
            f"{escape(version)}."]
    parameters = file.get("parameters")
    settings = f"<pre>{escape(parameters.strip())}</pre>" if isinstance(parameters, str) and parameters.strip() else ""
    return METHODS + "".join(f"<p>{s}</p>" for s in said if s) + settings

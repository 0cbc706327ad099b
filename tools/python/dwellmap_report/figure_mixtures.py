# SPDX-License-Identifier: Apache-2.0
"""Figure 4: clusters, and mixtures of the symmetry-breaking score in each cell (x, n)."""
import math

import numpy as np
from matplotlib.axes import Axes

from .clusters import draw_clusters, order_words
from .estimates import headline
from .plots import (
    GREY,
    LIGHT,
    MARKERS,
    Figure,
    Panel,
    error_bars,
    grid,
    limits,
    ordered_colours,
    panel,
    small_multiples,
)
from .results import FEW, Population, Results, index, number, numbers, part, parts, same
from .words import count, escape, fine_unit

NEIGHBOURS = 7


def cells_of(results: Results, species: str) -> list[dict]:
    return [m for m in parts(results.file, "mixtures") if m.get("species") == species]


def draw_histograms(results: Results, p: Population, letter: str) -> Panel:
    title = (f"{letter}. Symmetry-breaking score of {p.species}, for each composition x and number n of "
             f"{results.species[-1]} neighbours")
    scores = p.symmetry_breaking
    if not results.compositions or not np.isfinite(scores).any():
        return Panel(title, absent="no component of the series breaks the symmetry, or no image has a composition")
    unit, factor = fine_unit(p.unit)
    reach = limits(scores * factor, 99.8)
    rows = len(results.compositions)
    colours = ordered_colours(rows)
    canvas, axes = grid(rows, NEIGHBOURS, (0.9, 0.62), left=0.5, bottom=0.42, gap=(0.06, 0.1))
    for r, x in enumerate(results.compositions):
        for n in range(NEIGHBOURS):
            chosen = (p.n == n) & same(p.composition, x) & np.isfinite(scores)
            cell = results.cell(p.species, x, n)
            draw_histogram(axes[r, n], scores[chosen] * factor, cell, factor, reach, colours[r])
            if r + 1 < rows:
                axes[r, n].set_xticklabels([])
        axes[r, 0].set_ylabel(f"x = {x:.2f}")
    for n in range(NEIGHBOURS):
        axes[0, n].set_title(f"n = {n}")
    axes[-1, NEIGHBOURS // 2].set_xlabel(f"symmetry-breaking score, {unit}")
    return panel(title, canvas, f"histograms-{letter}")


def draw_histogram(ax: Axes, scores: np.ndarray, cell: dict, factor: float, reach: float, colour) -> None:
    ax.set(xlim=(-reach, reach), yticks=[])
    ax.spines["left"].set_visible(False)
    few = scores.size < FEW
    inside = scores[np.abs(scores) <= reach]
    if inside.size:
        bins = int(np.clip(2 * math.sqrt(inside.size), 8, 36))
        ax.hist(inside, bins=bins, range=(-reach, reach), density=True, histtype="stepfilled",
                color=LIGHT if few else colour, alpha=1 if few else 0.45, linewidth=0)
    x = np.linspace(-reach, reach, 161)
    shapes = components(cell, x, factor)
    for shape in shapes:
        ax.plot(x, shape, color="black", lw=0.5, ls=(0, (3, 1.5)))
    if shapes:
        ax.plot(x, np.sum(shapes, axis=0), color="black", lw=0.9)
    ax.text(0.02, 0.98, count(scores.size), transform=ax.transAxes, ha="left", va="top", fontsize=5.5, color=GREY)
    if shapes:
        ax.text(0.98, 0.98, f"k = {len(shapes)}", transform=ax.transAxes, ha="right", va="top", fontsize=5.5)


def components(cell: dict, x: np.ndarray, factor: float) -> list[np.ndarray]:
    """Weighted densities of the fitted Gaussians."""
    of = [numbers(cell, key) for key in ("weights", "means", "sigmas")]
    if not of[0].size == of[1].size == of[2].size:
        return []
    return [w * np.exp(-0.5 * ((x - m * factor) / (s * factor))**2) / (s * factor * math.sqrt(2 * math.pi))
            for w, m, s in zip(*of) if s > 0]


def draw_means(results: Results, species: str, unit: str, letter: str) -> Panel:
    title = f"{letter}. Means of the components for {species}, with their standard errors and the components' widths"
    cells = [c for c in cells_of(results, species) if index(c, "k")]
    compositions = [x for x in results.compositions if any(same(number(c, "composition"), x) for c in cells)]
    if not compositions:
        return Panel(title, absent=f"no cell (x, n) holds the {FEW} atoms a mixture needs")
    unit, factor = fine_unit(unit)
    canvas, axes = small_multiples(len(compositions) + 1, 3, 1.6, gap=(0.4, 0.62))
    colours = dict(zip(results.compositions, ordered_colours(len(results.compositions))))
    for k, x in enumerate(compositions):
        mine = [c for c in cells if same(number(c, "composition"), x)]
        draw_mean(axes[k], mine, factor, colours[x])
        draw_separations(axes[-1], mine, factor, colours[x], MARKERS[k % len(MARKERS)], f"{x:.2f}",
                         0.1 * (k - (len(compositions) - 1) / 2))
        axes[k].set(title=f"x = {x:.2f}", ylabel=f"score, {unit}")
        draw_law(axes[-1], results, species, x, factor, colours[x])
    reach = max(max(np.abs(ax.get_ylim())) for ax in axes[:-1])
    for ax in axes:
        ax.set(xlabel="n", xticks=range(NEIGHBOURS), xlim=(-0.5, 6.5))
    for ax in axes[:-1]:
        ax.set_ylim(-reach, reach)
        ax.axhline(0, color="#444444", lw=0.4)
    axes[-1].set(title="symmetric pair, all x", ylabel=f"D, {unit}", ylim=(0, None))
    if axes[-1].get_legend_handles_labels()[0]:
        axes[-1].legend(title="x", title_fontsize=6.5, ncol=2, handletextpad=0.1, columnspacing=0.6)
    return panel(title, canvas, f"means-{letter}")


def draw_mean(ax: Axes, cells: list[dict], factor: float, colour) -> None:
    """Thin: ± sd of the component. Thick: ± se of its mean. Diamonds: the symmetric pair."""
    for cell in cells:
        n = number(cell, "n")
        means, sigmas, errors = (numbers(cell, k) * factor for k in ("means", "sigmas", "se_means"))
        if not means.size == sigmas.size == errors.size:
            continue
        error_bars(ax, np.full(means.size, n), means, sigmas, fmt="none", ecolor=colour, elinewidth=0.8, alpha=0.6)
        error_bars(ax, np.full(means.size, n), means, errors, fmt="o", ms=2.6, color=colour, elinewidth=2.8)
        d = number(part(cell, "symmetric"), "separation") * factor
        if cell.get("symmetric_pair") and math.isfinite(d):
            ax.plot([n + 0.22, n + 0.22], [-d, d], "D", mfc="none", mec="black", ms=3, mew=0.6)


def draw_separations(ax: Axes, cells: list[dict], factor: float, colour, marker: str, label: str,
                     beside: float) -> None:
    of = np.array([[number(c, "n"), number(part(c, "symmetric"), "separation") * factor,
                    number(part(c, "symmetric"), "se") * factor] for c in cells])
    error_bars(ax, of[:, 0] + beside, of[:, 1], of[:, 2], fmt=marker, ms=3.2, color=colour, elinewidth=0.9, label=label)


def draw_law(ax: Axes, results: Results, species: str, x: float, factor: float, colour) -> None:
    """D = a n + b x + d of the headlined estimate."""
    fitted = headline(results, species)
    n = np.array([0, NEIGHBOURS - 1])
    law = (number(fitted, "a") * n + number(fitted, "b") * x + number(fitted, "d")) * factor
    if np.isfinite(law).all():
        ax.plot(n, law, color=colour, lw=0.7, ls="--", zorder=1)


def pair_words(results: Results, species: str) -> str:
    """Where the population splits, by the difference of BIC."""
    cells = [c for c in cells_of(results, species) if math.isfinite(number(c, "delta_bic") + number(c, "n"))]
    clear = [c for c in cells if number(c, "delta_bic") > 10]
    if not cells:
        return ""
    least = f"; the least n of these is {min(int(number(c, 'n')) for c in clear)}" if clear else ""
    return (f" {escape(species)}: two components are clearly better (BIC lower by more than 10) in {len(clear)} of "
            f"{len(cells)} cells{least}.")


def caption(results: Results) -> str:
    known = [i for i in results.images if math.isfinite(number(part(i.series, "warren_cowley"), "alpha"))]
    words = "; ".join(order_words(i) for i in known)
    return ("(a) Probability that k of an atom and its six neighbours are of the second species, with 68 % intervals, "
            "beside the binomial of an ideal solid solution and what the measured pair order predicts "
            "(quasi-chemical). "
            + (f"Warren–Cowley order of the first shell (0: ideal) and the energy that would explain it: {words}. "
               f"" if words else "")
            + f"Then, for each species: histograms of the symmetry-breaking score (grey: fewer than {FEW} atoms), "
              f"fitted Gaussians dashed, their sum "
            "drawn, k chosen by BIC, number of atoms in the corner; and the components' means: thick bars are standard "
            "errors of the mean, thin bars standard deviations of the component, diamonds the symmetric pair ±D where "
            "the two components are mirror images; dashed lines: the law D = a n + b x + d of the first estimate in "
            "the table. Whether compositions differ is decided by the standard errors, not by the overlap "
            "of standard deviations." + "".join(pair_words(results, s) for s in results.species))


def figure(results: Results) -> Figure:
    panels = [draw_clusters(results)]
    for k, p in enumerate(results.populations.values()):
        panels.append(draw_histograms(results, p, "bd"[k % 2]))
        panels.append(draw_means(results, p.species, p.unit, "ce"[k % 2]))
    if len(panels) == 1:
        panels.append(Panel("b. Mixtures", absent="the results hold no population of atoms"))
    return Figure("4", "Clusters, and mixtures of the symmetry-breaking score", panels, caption(results))

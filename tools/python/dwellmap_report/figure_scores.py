# SPDX-License-Identifier: Apache-2.0
"""Figure 3: modes of the whole series, and their scores against the number of second-species neighbours."""

import numpy as np
from matplotlib.axes import Axes

from .arrows import draw_component
from .plots import LIGHT, MARKERS, TEXT_WIDTH_IN, Figure, Panel, grid, limits, ordered_colours, panel
from .results import FEW, Population, Results, index, numbers, parts, same
from .words import count, escape, fine_unit

NEIGHBOURS = 7  # n = 0 .. 6


def draw_modes(results: Results) -> Panel:
    title = "a. Modes of the series"
    if len(results.images) == 1:
        return Panel(title, absent="there is one image, and its modes are those of Figure 2a")
    sets = [results.modes(s) for s in results.species]
    if not any(parts(modes, "modes") for modes in sets):
        return Panel(title, absent="fewer than 30 complete neighbourhoods, so there are no principal components")
    canvas, axes = grid(1, 3, (2.2, 1.9), left=0.2, bottom=0.38, gap=(0.15, 0))
    for c in range(3):
        axes[0, c].set_title(f"component {c + 1}")
        draw_component(axes[0, c], sets, c)
    return panel(title, canvas, "series-modes")


def columns(results: Results, p: Population) -> list[tuple[str, np.ndarray, bool]]:
    """Title, scores, whether mixtures belong to it: three components, and the symmetry-breaking one if a later one."""
    modes = results.modes(p.species)
    breaking = index(modes, "symmetry_breaking")
    names = [str(m.get("name") or "unnamed") for m in parts(modes, "modes")][:3]
    names += ["unnamed"] * (3 - len(names))
    shown = [(f"score {c + 1}, {names[c]}", p.scores[c], c == breaking) for c in range(3)]
    if breaking not in (0, 1, 2) and np.isfinite(p.symmetry_breaking).any():
        which = "score" if breaking is None else f"score {breaking + 1}"
        shown.append((f"{which}, symmetry breaking", p.symmetry_breaking, True))
    return [c for c in shown if np.isfinite(c[1]).any()]


def strips(results: Results) -> list[tuple[float, object, float, str]]:
    """For each composition: x, colour, place beside n, marker."""
    compositions = results.compositions
    colours = ordered_colours(len(compositions))
    step = 0.8 / max(len(compositions), 1)
    return [(x, colours[k], (k - (len(compositions) - 1) / 2) * step, MARKERS[k % len(MARKERS)])
            for k, x in enumerate(compositions)]


def draw_strip(ax: Axes, at: float, width: float, scores: np.ndarray, colour) -> None:
    """Every atom a dot, spread sideways as far as atoms are dense there; grey when they are few."""
    if scores.size == 0:
        return
    few = scores.size < FEW
    spread = np.full(scores.size, 0.6) if few else density(scores)
    golden = np.mod(np.arange(scores.size) * 0.6180339887, 1) - 0.5  # as good as random, and always the same
    ax.scatter(at + 0.9 * width * spread * golden, scores, s=1.1, color=LIGHT if few else colour, linewidths=0,
               alpha=0.7, rasterized=True)


def density(scores: np.ndarray) -> np.ndarray:
    """At each score, the greatest is 1: a histogram smoothed with a triangle."""
    counts, edges = np.histogram(scores, 24)
    smooth = np.convolve(counts, [0.25, 0.5, 0.25], "same")
    middle = (edges[1:] + edges[:-1]) / 2
    return np.interp(scores, middle, smooth / max(smooth.max(), 1e-12))


def draw_mixture(ax: Axes, at: float, width: float, cell: dict, factor: float) -> None:
    for mean in numbers(cell, "means") * factor:
        ax.plot([at - 0.5 * width, at + 0.5 * width], [mean, mean], color="white", lw=2.2, solid_capstyle="butt")
        ax.plot([at - 0.5 * width, at + 0.5 * width], [mean, mean], color="black", lw=1.1, solid_capstyle="butt")


def draw_scores(results: Results, p: Population, letter: str) -> Panel:
    title = f"{letter}. Scores of {p.species} against the number n of {results.species[-1]} neighbours"
    shown = columns(results, p)
    if not shown or not results.compositions:
        return Panel(title, absent="no scores, or no image has a composition, given or measured")
    unit, factor = fine_unit(p.unit)
    width = (TEXT_WIDTH_IN - 0.55 - 0.4 * (len(shown) - 1)) / len(shown)
    canvas, axes = grid(1, len(shown), (width, 2.2), left=0.45, gap=(0.4, 0))
    step = 0.8 / len(results.compositions)
    for c, (name, scores, has_mixtures) in enumerate(shown):
        ax = axes[0, c]
        for x, colour, beside, _ in strips(results):
            for n in range(NEIGHBOURS):
                chosen = (p.n == n) & same(p.composition, x) & np.isfinite(scores)
                draw_strip(ax, n + beside, step, scores[chosen] * factor, colour)
                if has_mixtures:
                    draw_mixture(ax, n + beside, step, results.cell(p.species, x, n), factor)
        reach = 1.05 * limits(scores * factor, 99.9)
        ax.set(title=name, xlabel=f"n, {results.species[-1]} neighbours of {p.species}", ylabel=f"score, {unit}",
               xticks=range(NEIGHBOURS), xlim=(-0.6, 6.6), ylim=(-reach, reach))
        ax.axhline(0, color="#444444", lw=0.4)
    legend(axes[0, 0], results)
    return panel(title, canvas, f"scores-{letter}")


def legend(ax: Axes, results: Results) -> None:
    for x, colour, _, _ in strips(results):
        ax.plot([], [], "o", color=colour, ms=3, label=f"{x:.2f}")
    ax.legend(title="x", title_fontsize=6.5, loc="best", handletextpad=0.1, borderaxespad=0.1, ncol=2,
              columnspacing=0.6)


def bimodal_words(results: Results, species: str) -> str:
    """In how many compositions the population is split, for each n."""
    cells = [m for m in parts(results.file, "mixtures") if m.get("species") == species and (index(m, "k") or 0) > 0]
    of = {n: [m for m in cells if m.get("n") == n] for n in range(NEIGHBOURS)}
    said = [f"{sum(m['k'] > 1 for m in of[n])} of {len(of[n])} at n = {n}" for n in of if of[n]]
    return f" {escape(species)}, cells in which BIC wants two or more components: {', '.join(said)}." if said else ""


def caption(results: Results) -> str:
    species = [bimodal_words(results, s) for s in results.species]
    few = sum(0 < np.sum((p.n == n) & same(p.composition, x)) < FEW
              for p in results.populations.values() for x in results.compositions for n in range(NEIGHBOURS))
    return ("(a) Principal components over all images together; colours and words as in Figure 2; a positive score "
            "is a distortion along the arrows. (b, c) The score of every "
            "atom, one strip for each composition x, as wide as the atoms are dense; black bars: means of the Gaussian "
            f"mixture with the number of components chosen by BIC. {count(few)} cells (x, n) with fewer than {FEW} "
            f"atoms are "
            "grey: nothing is claimed about their shape." + "".join(species))


def figure(results: Results) -> Figure:
    panels = [draw_scores(results, p, letter) for p, letter in zip(results.populations.values(), "bcdef")]
    return Figure("3", "Modes of the series and their scores", [draw_modes(results)] + panels, caption(results))

# SPDX-License-Identifier: Apache-2.0
"""Figures 5 and S3: Gaussian process of the magnitude of the symmetry-breaking score over (n, x), and over n."""
import dataclasses
import math

import numpy as np
from matplotlib.axes import Axes

from .plots import GREY, Figure, Panel, colour_bar, error_bars, grid, ordered_colours, panel, small_multiples
from .results import FEW, Results, number, numbers, part, parts, same
from .words import count, escape, fine_unit, fixed, length


@dataclasses.dataclass
class Surface:
    """Over [x x n]; lengths in pm or px."""
    n: np.ndarray
    x: np.ndarray
    mean: np.ndarray
    sd: np.ndarray
    cells: np.ndarray  # [cells x 5] n, x, atoms, mean, sd

    @property
    def extrapolated(self) -> np.ndarray:
        return self.sd > 0.5 * np.ptp(self.mean)


def regression(results: Results, species: str) -> dict:
    return results.one("regression", species)


def unit_of(results: Results) -> tuple[str, float]:
    return fine_unit(results.images[0].unit)


def cells_of(gp: dict, factor: float) -> np.ndarray:
    rows = [[number(c, "n"), number(c, "x"), number(c, "count"), number(c, "mean") * factor, number(c, "sd") * factor]
            for c in parts(gp, "cells")]
    cells = np.array(rows).reshape(-1, 5)
    return cells[np.isfinite(cells[:, :4]).all(axis=1)]


def surface(results: Results, species: str) -> Surface | None:
    gp, factor = part(regression(results, species), "gp"), unit_of(results)[1]
    n, x, mean, sd = (numbers(gp, k) for k in ("n", "x", "mean", "sd"))
    if x.size < 2 or n.size < 2 or not mean.shape == sd.shape == (x.size, n.size) or not np.isfinite(mean + sd).all():
        return None
    return Surface(n, x, mean * factor, sd * factor, cells_of(gp, factor))


def draw_surface(results: Results, species: str, letter: str) -> Panel:
    title = f"{letter}. Magnitude of the symmetry-breaking score of {species}"
    gp = surface(results, species)
    if gp is None:
        return Panel(title, absent="the process over (n, x) needs the symmetry-breaking scores of several compositions")
    unit, _ = unit_of(results)
    canvas, axes = grid(1, 2, (2.5, 2.0), gap=(1.05, 0), right=0.65)
    shown = [(gp.mean, "viridis", "mean"), (gp.sd, "magma_r", "standard deviation")]
    for ax, (values, colours, name) in zip(axes[0], shown):
        image = ax.pcolormesh(gp.n, gp.x, values, cmap=colours, shading="nearest", rasterized=True)
        decorate(ax, gp)
        ax.set(title=name, xlabel=f"n, {results.species[-1]} neighbours of {species}", ylabel="x")
        colour_bar(canvas, ax, image, unit)
    return panel(title, canvas, f"surface-{letter}")


def decorate(ax: Axes, gp: Surface) -> None:
    """Dots, larger for more atoms, in cells with data; hatching where the process only extrapolates."""
    for column, n in enumerate(gp.n):
        for low, high in runs(gp.extrapolated[:, column], gp.x):
            for colour, hatch in (("white", "/////"), ("#444444", "//")):
                ax.fill_between([n - 0.5, n + 0.5], low, high, facecolor="none", edgecolor=colour, hatch=hatch,
                                linewidth=0)
    size = 3 + 7 * np.sqrt(gp.cells[:, 2] / max(gp.cells[:, 2].max(initial=1), 1))
    ax.scatter(gp.cells[:, 0], gp.cells[:, 1], s=size**2 / 2, color="white", edgecolors="black", linewidths=0.6)
    ax.set_xticks(gp.n)


def runs(marked: np.ndarray, x: np.ndarray) -> list[tuple[float, float]]:
    """Intervals of x where `marked` holds, each value standing for half the way to its neighbours."""
    edges = np.concatenate([[x[0] - (x[1] - x[0]) / 2], (x[1:] + x[:-1]) / 2, [x[-1] + (x[-1] - x[-2]) / 2]])
    steps = np.flatnonzero(np.diff(np.concatenate([[0], marked.astype(int), [0]])))
    return [(edges[a], edges[b]) for a, b in zip(steps[::2], steps[1::2])]


def process_words(results: Results, species: str) -> str:
    gp = surface(results, species)
    if gp is None:
        return ""
    unit, _ = unit_of(results)
    fitted = part(part(regression(results, species), "gp"), "parameters")
    lengths = (f", correlation lengths {fixed(6 * number(fitted, 'length_n'), 1)} neighbours and "
               f"{fixed(number(fitted, 'length_x'), 2)} in x" if math.isfinite(number(fitted, "length_n")) else "")
    return (f" {escape(species)}: mean {length(gp.mean.min(), unit)} to {length(gp.mean.max(), unit)}, standard "
            f"deviation {length(gp.sd.min(), unit)} to {length(gp.sd.max(), unit)}, {count(gp.cells[:, 2].sum())} "
            f"atoms in {len(gp.cells)} "
            f"cells, {fixed(100 * gp.extrapolated.mean(), 0)} % of the plane is extrapolation{lengths}.")


def figure(results: Results) -> Figure:
    panels = [draw_surface(results, s, "ab"[k]) for k, s in enumerate(results.species)]
    caption = ("Gaussian process of |score| over the number n of second-species neighbours and the composition x: "
               "its mean, and the standard deviation of that mean. Dots: cells with data, larger for more atoms. "
               "Hatched: the standard deviation exceeds half of the range of the mean, so the colour there is "
               "extrapolation, not measurement." + "".join(process_words(results, s) for s in results.species))
    return Figure("5", "Response over local and global composition", panels, caption)


def draw_curves(results: Results, species: str, letter: str) -> Panel:
    title = f"{letter}. Magnitude of the symmetry-breaking score of {species} against n, for each composition"
    found = [c for c in parts(regression(results, species), "gp_by_composition") if numbers(c, "n").size > 0 and
             numbers(c, "n").shape == numbers(c, "mean").shape == numbers(c, "sd").shape]
    if not found:
        return Panel(title, absent="no composition has enough atoms with a symmetry-breaking score")
    unit, factor = unit_of(results)
    cells = cells_of(part(regression(results, species), "gp"), factor)
    canvas, axes = small_multiples(len(found), 4, 1.45, gap=(0.32, 0.62))
    colours = ordered_colours(len(found))
    for ax, curve, colour in zip(axes, found, colours):
        draw_curve(ax, curve, cells, factor, colour)
        ax.set(title=f"x = {fixed(number(curve, 'x'), 2)}", xlabel="n", xticks=range(7), xlim=(-0.4, 6.4))
    top = max(ax.get_ylim()[1] for ax in axes)
    for ax in axes:
        ax.set_ylim(0, top)
    axes[0].set_ylabel(f"|score|, {unit}")
    return panel(title, canvas, f"curves-{letter}")


def draw_curve(ax: Axes, curve: dict, cells: np.ndarray, factor: float, colour) -> None:
    n, mean, sd = (numbers(curve, k) * f for k, f in (("n", 1), ("mean", factor), ("sd", factor)))
    ax.fill_between(n, mean - 2 * sd, mean + 2 * sd, color=colour, alpha=0.15, linewidth=0)
    ax.fill_between(n, mean - sd, mean + sd, color=colour, alpha=0.25, linewidth=0)
    ax.plot(n, mean, color=colour)
    mine = cells[same(cells[:, 1], number(curve, "x"))]
    error = mine[:, 4] / np.sqrt(np.maximum(mine[:, 2], 1))
    for shown, colour_of_cell in ((mine[:, 2] < FEW, GREY), (mine[:, 2] >= FEW, "black")):
        shown = shown & (mine[:, 2] > 1)
        error_bars(ax, mine[shown, 0], mine[shown, 3], error[shown], fmt="o", color=colour_of_cell, ms=2.6,
                   elinewidth=0.8)


def curves(results: Results) -> Figure:
    panels = [draw_curves(results, s, "ab"[k]) for k, s in enumerate(results.species)]
    caption = ("Gaussian process over n alone, one for each composition: mean, bands of one and two standard "
               "deviations; "
               "points are means of the cells with their standard errors, taking the atoms for independent, grey "
               "with fewer "
               f"than {FEW} atoms.")
    return Figure("S3", "Response against the number of neighbours, composition by composition", panels, caption)

# SPDX-License-Identifier: Apache-2.0
"""Figure 2: modes of each image, maps of the scores, joint densities of the first three scores."""

import numpy as np
from matplotlib.axes import Axes

from .arrows import draw_component
from .plots import (
    DIVERGING,
    SPECIES,
    TEXT_WIDTH_IN,
    Figure,
    Panel,
    bare,
    colour_bar_below,
    dot_size,
    grid,
    limits,
    note,
    panel,
    white_to,
)
from .results import Image, Population, Results, parts
from .words import count, escape, fine_unit, listed

ROWS_A_PLOT = 4
COMPONENTS = 3


def chunks(images: list[Image]) -> list[list[Image]]:
    return [images[k:k + ROWS_A_PLOT] for k in range(0, len(images), ROWS_A_PLOT)]


def draw_modes(results: Results, images: list[Image], title: str, key: str) -> Panel:
    sets = [[results.modes(s, image) for s in results.species] for image in images]
    if not any(parts(modes, "modes") for pair in sets for modes in pair):
        return Panel(title, absent="no image has the 30 complete neighbourhoods that principal components need")
    few = len(images) <= 2  # then a row is an image, else a column is
    names, components = [i.label for i in images], [f"component {c + 1}" for c in range(COMPONENTS)]
    rows, columns = (names, components) if few else (components, names)
    width = min(2.2, (TEXT_WIDTH_IN - 0.5) / len(columns) - 0.1)
    canvas, axes = grid(len(rows), len(columns), (width, 1.45), left=0.35, bottom=0.3, gap=(0.1, 0.34))
    for k in range(len(images)):
        for c in range(COMPONENTS):
            draw_component(axes[k, c] if few else axes[c, k], sets[k], c)
    label_grid(axes, rows, columns)
    return panel(title, canvas, key)


def label_grid(axes: np.ndarray, rows: list[str], columns: list[str]) -> None:
    for ax, name in zip(axes[0], columns):
        ax.set_title(name)
    for ax, name in zip(axes[:, 0], rows):
        ax.text(-0.06, 0.5, name, transform=ax.transAxes, rotation=90, ha="right", va="center")


def fields(populations: list[Population]) -> list[tuple[str, list[np.ndarray]]]:
    """What is mapped: title, values of each population. By name where the modes have one, else by component."""
    isotropic = [p.isotropic for p in populations]
    breaking = [p.symmetry_breaking for p in populations]
    named = [("isotropic", isotropic), ("symmetry breaking", breaking),
             ("symmetry breaking × row sign", [p.symmetry_breaking * p.row_parity for p in populations])]
    named = [(t, v) for t, v in named if any(np.isfinite(x).any() for x in v)]
    return named or [(f"component {c + 1}", [p.scores[c] for p in populations]) for c in range(COMPONENTS)]


def draw_map(ax: Axes, image: int, populations: list[Population], values: list[np.ndarray], limit: float) -> None:
    """Dots at the atoms' places, circles for the first species, squares for the second."""
    empty = True
    for k, p in enumerate(populations):
        here = (p.image == image) & np.isfinite(values[k] + p.x + p.y)
        if here.any():
            size = dot_size(ax, sum(int(np.sum(q.image == image)) for q in populations))
            ax.scatter(p.x[here], p.y[here], c=values[k][here], s=size, marker="os"[k % 2], cmap=DIVERGING,
                       vmin=-limit, vmax=limit, linewidths=0, rasterized=True)
            empty = False
    bare(ax)
    ax.set_aspect("equal")
    ax.invert_yaxis()
    if empty:
        note(ax, "no complete\nneighbourhood")


def draw_maps(results: Results, images: list[Image], title: str, key: str) -> Panel:
    populations = list(results.populations.values())
    if not any(p.image.size for p in populations):
        return Panel(title, absent="the results hold no population of atoms with complete neighbourhoods")
    unit, factor = fine_unit(populations[0].unit)
    mapped = fields(populations)
    canvas, axes = grid(len(images), len(mapped), (2.2, 2.2), left=0.3, right=0.1, bottom=0.5, gap=(0.1, 0.1))
    for c, (_, values) in enumerate(mapped):
        values = [v * factor for v in values]
        limit = limits(np.concatenate(values))
        for r, image in enumerate(images):
            draw_map(axes[r, c], results.images.index(image), populations, values, limit)
        colour_bar_below(canvas, axes[-1, c], DIVERGING, limit, f"score, {unit}")
    label_grid(axes, [i.label for i in images], [name for name, _ in mapped])
    return panel(title, canvas, key)


def draw_densities(results: Results) -> Panel:
    title = "c. Joint densities of the first three scores of the series"
    populations = [p for p in results.populations.values() if np.isfinite(p.scores).all(axis=0).sum() >= 30]
    if not populations:
        return Panel(title, absent="fewer than 30 atoms have three scores")
    unit, factor = fine_unit(populations[0].unit)
    canvas, axes = grid(len(populations), 3, (1.95, 1.6), gap=(0.45, 0.62), right=0.15)
    for r, p in enumerate(populations):
        colour = SPECIES[results.species.index(p.species) if p.species in results.species else r % 2]
        for c, (i, j) in enumerate([(0, 1), (0, 2), (1, 2)]):
            draw_density(axes[r, c], factor * p.scores[i], factor * p.scores[j], colour)
            axes[r, c].set(xlabel=f"score {i + 1}, {unit}", ylabel=f"score {j + 1}, {unit}")
        axes[r, 0].set_title(f"{p.species}, {count(p.image.size)} atoms", loc="left")
    return panel(title, canvas, "densities")


def draw_density(ax: Axes, x: np.ndarray, y: np.ndarray, colour: str) -> None:
    known = np.isfinite(x + y)
    x, y = x[known], y[known]
    reach_x, reach_y = limits(x, 99.7), limits(y, 99.7)
    ax.hexbin(x, y, gridsize=(32, 15), extent=(-reach_x, reach_x, -reach_y, reach_y), mincnt=1, cmap=white_to(colour),
              linewidths=0.1, vmin=0)
    ax.axhline(0, color="#444444", lw=0.4)
    ax.axvline(0, color="#444444", lw=0.4)
    ax.set(xlim=(-reach_x, reach_x), ylim=(-reach_y, reach_y))


def caption(results: Results) -> str:
    atoms = [f"{count(p.image.size)} {escape(p.species)}" for p in results.populations.values()]
    a, b = (escape(s) for s in results.species)
    return (f"(a) Principal components of each image's {a}-centred (blue) and {b}-centred (orange) neighbourhoods, "
            "arrows on the six neighbours, longest arrow scaled to the same length; below each: share of the "
            "variance, name by symmetry and "
            "overlap with the ideal pattern (1 is equal); a star where the variance is less than 4 standard errors "
            "from that of another that it could mix with, so that neither their order nor their shape is established. "
            "(b) Scores of the series' modes of "
            + (listed(atoms) or "no") + " atoms with complete neighbourhoods (circles "
            f"{a}, squares {b}); one scale for all images, saturated at the 99th percentile. The symmetry-breaking "
            f"score "
            "alternates from row to row: multiplied by the row's sign it shows domains as patches. (c) Density of "
            "atoms over pairs of scores, dark is dense; lobes and bends are structure that no single mode shows.")


def figure(results: Results) -> Figure:
    groups = list(enumerate(chunks(results.images)))
    more = ["", *[" (continued)"] * len(groups)]
    panels = [draw_modes(results, g, "a. First three modes of each image" + more[k], f"modes{k}") for k, g in groups]
    panels += [draw_maps(results, g, "b. Scores at the places of the atoms" + more[k], f"maps{k}") for k, g in groups]
    return Figure("2", "Modes of distortion and where they are", panels + [draw_densities(results)], caption(results))

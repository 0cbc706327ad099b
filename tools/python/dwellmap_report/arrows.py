# SPDX-License-Identifier: Apache-2.0
"""Modes as arrows on the neighbours, in the lattice frame: a1 to the right."""
import numpy as np
from matplotlib.axes import Axes

from .plots import GREY, LIGHT, SPECIES, bare, note
from .results import number, numbers, parts
from .words import fixed, percent

LONGEST = 0.62  # of the longest arrow of a plot, in units of the nearest neighbour's distance


def places(mean: np.ndarray) -> np.ndarray:
    """[N x 2] of the neighbours, the nearest shell at 1."""
    neighbours = mean.reshape(-1, 2)
    return neighbours / np.hypot(*neighbours[:6].T).mean()


def draw_arrows(ax: Axes, at: np.ndarray, arrows: np.ndarray, colour: str, shift: float = 0) -> None:
    """@param at, arrows [N x 2]  @param shift sideways, so that two species' arrows stay apart"""
    normal = np.column_stack([-arrows[:, 1], arrows[:, 0]]) / np.maximum(np.hypot(*arrows.T), 1e-12)[:, None]
    at = at + shift * normal
    ax.quiver(at[:, 0], at[:, 1], arrows[:, 0], arrows[:, 1], angles="xy", scale_units="xy", scale=1, color=colour,
              width=0.014, headwidth=3.6, headlength=4.2, headaxislength=3.8, zorder=3)


def draw_sites(ax: Axes, at: np.ndarray) -> None:
    ax.plot(*np.vstack([at[:6], at[:1]]).T, color=LIGHT, lw=0.6, zorder=1)
    ax.scatter(at[:, 0], at[:, 1], s=9, color=GREY, zorder=2, linewidths=0)
    ax.plot(0, 0, "o", ms=4, color="#222222", zorder=2)
    reach = np.abs(at).max() + LONGEST + 0.1
    ax.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal")
    bare(ax)


def describe(species: str, mode: dict) -> str:
    """Re 33 %, isotropic 0.99; a star where it may be mixed with the next."""
    name = str(mode.get("name") or "unnamed")
    overlap = "" if name == "unnamed" else f" {fixed(number(mode, 'overlap'), 2)}"
    doubt = "*" if number(mode, "gap_sigma") < 4 else ""
    return f"{species} {percent(number(mode, 'explained'))}, {name}{overlap}{doubt}"


def draw_component(ax: Axes, sets: list[dict], component: int) -> None:
    """The same component of both species: first blue, second orange. @param sets of modes, one a species"""
    drawn = 0
    for k, modes in enumerate(sets):
        mean, found = numbers(modes, "mean"), parts(modes, "modes")
        loadings = numbers(found[component], "loadings") if component < len(found) else np.array([])
        whole = loadings.size >= 12 and loadings.shape == mean.shape and np.isfinite(loadings + mean).all()
        if not whole or not mean.any():
            continue
        at, arrows = places(mean), loadings.reshape(-1, 2)
        if drawn == 0:
            draw_sites(ax, at)
        draw_arrows(ax, at, arrows / np.hypot(*arrows.T).max() * LONGEST, SPECIES[k % 2], 0.035 * (-1)**k)
        ax.text(0.5, -0.02 - 0.085 * drawn, describe(str(modes.get("species")), found[component]),
                transform=ax.transAxes, color=SPECIES[k % 2], ha="center", va="top", fontsize=6)
        drawn += 1
    if drawn == 0:
        note(ax, "no principal\ncomponents")

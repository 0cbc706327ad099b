# SPDX-License-Identifier: Apache-2.0
"""Figures S1 and S2: classes of neighbourhoods found by k-means: where they are, their shapes, how many."""
import numpy as np
from matplotlib.axes import Axes

from .arrows import draw_arrows, draw_sites, places
from .plots import CLASSES, GREY, Figure, Panel, bare, dot_size, note, panel, small_multiples
from .results import Population, Results, index, number, numbers, part, parts
from .words import count, escape, fine_unit, fixed, length


def draw_maps(results: Results, p: Population, letter: str) -> Panel:
    title = f"{letter}. Classes of {p.species}"
    if not (p.kmeans >= 0).any():
        return Panel(title, absent="the atoms have no classes")
    canvas, axes = small_multiples(len(results.images), 4, left=0.1, bottom=0.1, gap=(0.12, 0.3))
    for k, image in enumerate(results.images):
        draw_map(axes[k], p, k, sum(int(np.sum(q.image == k)) for q in results.populations.values()))
        axes[k].set_title(image.label)
    return panel(title, canvas, f"classes-{letter}")


def draw_map(ax: Axes, p: Population, image: int, atoms: int) -> None:
    here = (p.image == image) & np.isfinite(p.x + p.y) & (p.kmeans >= 0)
    bare(ax)
    ax.set_aspect("equal")
    ax.invert_yaxis()
    if not here.any():
        note(ax, f"no {p.species} here")
        return
    colours = np.array(CLASSES)[p.kmeans[here] % len(CLASSES)]
    ax.scatter(p.x[here], p.y[here], c=colours, s=dot_size(ax, atoms), linewidths=0, rasterized=True)


def count_words(p: Population) -> str:
    counts = ", ".join(f"class {c + 1} {count(np.sum(p.kmeans == c))}" for c in range(p.kmeans.max() + 1))
    return f" {escape(p.species)}: {counts} atoms."


def figure_maps(results: Results) -> Figure:
    panels = [draw_maps(results, p, "ab"[k % 2]) for k, p in enumerate(results.populations.values())]
    if not panels:
        panels = [Panel("Classes", absent="the results hold no population of atoms with complete neighbourhoods")]
    words = [count_words(p) for p in results.populations.values() if (p.kmeans >= 0).any()]
    caption = ("Every atom with a complete neighbourhood at its place, coloured by its class (k-means over the whole "
               "series; "
               "shapes and colours of the classes: Figure S2). Rows of alternating classes are the two signs of the "
               "symmetry breaking." + "".join(words))
    return Figure("S1", "Where the classes of neighbourhoods are", panels, caption)


def draw_shapes(results: Results, species: str, letter: str) -> Panel:
    title = f"{letter}. Shapes of the classes of {species}"
    kmeans, mean = results.one("kmeans", species), numbers(results.modes(species), "mean")
    centres = numbers(kmeans, "centres")
    whole = centres.ndim == 2 and centres.shape[1] >= 12 and centres.shape[1:] == mean.shape
    if not whole or not np.isfinite(centres + mean).all():
        return Panel(title, absent="there are no classes of neighbourhoods of this species over the series")
    counts = numbers(kmeans, "counts")
    canvas, axes = small_multiples(len(centres), 4, 1.5, left=0.1, bottom=0.3, gap=(0.12, 0.4))
    unit, factor = fine_unit(results.images[0].unit)
    neighbour = np.hypot(*mean.reshape(-1, 2)[:6].T).mean()
    for k, (ax, centre) in enumerate(zip(axes, centres)):
        at = places(mean)
        draw_sites(ax, at)
        moved = (centre - mean).reshape(-1, 2)
        draw_arrows(ax, at, moved / neighbour * exaggeration(centres - mean, neighbour), CLASSES[k % len(CLASSES)])
        ax.set_title(f"class {k + 1}" + (f", {count(counts[k])} atoms" if counts.size == len(centres) else ""))
        ax.text(0.5, -0.02, f"rms {length(factor * rms(moved), unit)}",
                transform=ax.transAxes, ha="center", va="top", fontsize=6.5, color=GREY)
    return panel(title, canvas, f"shapes-{letter}")


def rms(moved: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.sum(moved**2, axis=1))))


def exaggeration(moved: np.ndarray, neighbour: float) -> float:
    """So that the longest arrow of all classes is half a neighbour distance."""
    longest = np.hypot(moved[:, ::2], moved[:, 1::2]).max()
    return 0.5 * neighbour / max(longest, 1e-12)


def draw_fractions(results: Results) -> Panel:
    title = "c. Share of each class"
    sets = [(s, parts(results.one("kmeans", s), "fractions")) for s in results.species]
    sets = [(s, [f for f in fractions if numbers(f, "fraction").size and np.isfinite(number(f, "composition"))])
            for s, fractions in sets]
    sets = [(s, fractions) for s, fractions in sets if fractions]
    if not sets:
        return Panel(title, absent="there are no classes, or no image has a composition")
    canvas, axes = small_multiples(len(sets), 3, 1.6, gap=(0.5, 0.3))
    for ax, (species, fractions) in zip(axes, sets):
        bottom = np.zeros(len(fractions))
        for c in range(max(numbers(f, "fraction").size for f in fractions)):
            share = np.array([np.nan_to_num(numbers(f, "fraction"))[c] if c < numbers(f, "fraction").size else 0
                              for f in fractions])
            ax.bar(range(len(fractions)), share, bottom=bottom, color=CLASSES[c % len(CLASSES)], width=0.75,
                   edgecolor="white", linewidth=0.6)
            label_bars(ax, share, bottom, c)
            bottom = bottom + share
        ax.set_xticks(range(len(fractions)), [f"{number(f, 'composition'):.2f}" for f in fractions])
        ax.set(title=species, xlabel="x", ylabel="share of the atoms", ylim=(0, 1))
    return panel(title, canvas, "fractions")


def label_bars(ax: Axes, share: np.ndarray, bottom: np.ndarray, c: int) -> None:
    """The class's number in every part of a bar that is high enough, so that colour is not needed."""
    for k in np.flatnonzero(share > 0.07).tolist():
        ax.text(k, bottom[k] + share[k] / 2, str(c + 1), ha="center", va="center", color="black", fontsize=6.5)


def silhouette_words(results: Results, species: str) -> str:
    kmeans = results.one("kmeans", species)
    values = part(kmeans, "silhouettes")
    known = [f"{escape(k)}: {fixed(number(values, k), 2)}" for k in sorted(values) if np.isfinite(number(values, k))]
    k = index(kmeans, "k")
    said = f" {escape(species)}: k = {k}; mean silhouette for k classes " + ", ".join(known) + "."
    return said if k and known else ""


def figure_shapes(results: Results) -> Figure:
    panels = [draw_shapes(results, s, "ab"[k]) for k, s in enumerate(results.species)] + [draw_fractions(results)]
    caption = ("Centres of the classes as displacements of the neighbours from the mean neighbourhood of the series, "
               "in the lattice frame; arrows "
               "of one species share a scale, the longest being half a neighbour distance. Silhouettes near 1 are "
               "separate classes, near 0 a cut through a continuum."
               + "".join(silhouette_words(results, s) for s in results.species))
    return Figure("S2", "Shapes of the classes of neighbourhoods", panels, caption)

# SPDX-License-Identifier: Apache-2.0
"""Figure S5: the published analysis, choice by choice, with the unbiased one beside it."""
import math

import numpy as np
from matplotlib.axes import Axes

from .arrows import LONGEST, draw_arrows, draw_sites
from .descriptors import HEXAGON, RADIAL, arrows, described
from .estimates import FIRST, estimates, headline
from .plots import GREY, MARKERS, SPECIES, Figure, Panel, grid, ordered_colours, panel, small_multiples
from .published import Components, Published, first_shell, published
from .published_words import caption
from .results import FEW, Results, number, same
from .words import fine_unit, fixed, listed, percent

UNLIKE = np.arange(7)
PER_MILLE = 1e3  # scores are shown in thousandths: columns of U are small


def draw_vector(ax: Axes, component: np.ndarray, line: int) -> None:
    """@param line 0: of the first species, 1: of the second"""
    moved = arrows(RADIAL, component, HEXAGON)
    draw_arrows(ax, HEXAGON, moved / np.hypot(*moved.T).max() * LONGEST, SPECIES[line % 2], 0.035 * (-1)**line)


def write_below(ax: Axes, text: str, line: int, step: float, **look) -> None:
    ax.text(0.5, -0.02 - step * line, text, transform=ax.transAxes, color=SPECIES[line % 2], ha="center", va="top",
            fontsize=6, **look)


def share_of(p: Components, k: int) -> str:
    return percent(p.share[0], 2) if k == 0 else percent(p.rest[k])


def draw_components(found: list[Published]) -> Panel:
    canvas, axes = grid(2, 3, (2.2, 1.5), left=0.2, bottom=0.3, gap=(0.15, 0.52))
    for k, ax in enumerate(axes.ravel()):
        draw_sites(ax, HEXAGON)
        answering = [p.species for p in found if p.response == k]
        of = f" of {listed(answering)}" if len(answering) < len(found) else ""
        ax.set_title(f"component {k + 1}" + (f", the response{of}" if answering else ""))
        for line, p in enumerate(found):
            draw_vector(ax, p.components[k], line)
            share = share_of(p, k) + (" of all" if k == 0 else " of the rest")
            name, overlap = p.named(k)
            write_below(ax, f"{p.species} {share}, {name} {fixed(overlap, 2)}", line, 0.085)
    return panel("a. Singular vectors of the six distances, not centred", canvas, "published-components")


def draw_images(results: Results, found: list[Published]) -> Panel:
    """A row an image: its own vectors, beside how much of each is that of the whole series."""
    places = sorted({at for p in found for at in p.images})
    canvas, axes = grid(len(places), 6, (1.05, 1.05), left=0.3, bottom=0.3, gap=(0.06, 0.34))
    for row, at in zip(axes, places):
        row[0].set_ylabel(results.images[at].label, fontsize=6)
        for k, ax in enumerate(row):
            draw_sites(ax, HEXAGON)
            for line, p in enumerate(found):
                if mine := p.images.get(at):
                    draw_vector(ax, mine.components[k], line)
                    overlap = abs(float(mine.components[k] @ p.components[k]))
                    write_below(ax, f"{p.species} {share_of(mine, k)}, {fixed(overlap, 2)}", line, 0.12,
                                weight="bold" if k == mine.response else "normal")
    for k, ax in enumerate(axes[0]):
        ax.set_title(f"component {k + 1}")
    return panel("a, image by image", canvas, "published-images")


def draw_sizes(results: Results, found: list[Published]) -> Panel:
    """A logarithmic scale: the first is the distance itself."""
    canvas, axes = small_multiples(len(found), 2, 1.5, left=0.5, gap=(0.5, 0.3))
    unit, factor = fine_unit(results.images[0].unit)
    at = np.arange(1, 7)
    for k, (ax, p) in enumerate(zip(axes, found)):
        ax.semilogy(at - 0.1, p.rms * factor, "o", color=SPECIES[k % 2], ms=4, label="published: not centred")
        alone = [p.images[i].rms for i in sorted(p.images, key=lambda i: results.images[i].composition)]
        for rms, colour in zip(alone if len(alone) > 1 else [], ordered_colours(len(alone))):
            ax.semilogy(at - 0.1, rms * factor, "_", color=colour, ms=9, mew=0.9, zorder=1)
        d = described(results, p.species, RADIAL)
        if d and len(d.names) == len(at):
            centred = [d.rms * math.sqrt(c.explained) * factor for c in d.components]
            ax.semilogy(at[:len(centred)] + 0.1, centred, "D", mfc="none", mec="black", mew=0.8, ms=3.6,
                        label="centred, Figure S4")
        for x, y, top in zip(at, p.rms * factor, np.max([p.rms, *alone], axis=0) * factor):
            ax.annotate(fixed(y, 1 if y < 100 else 0), (x - 0.1, top), (0, 4), textcoords="offset points", ha="center",
                        fontsize=6, color=SPECIES[k % 2])
        ax.set(title=p.species, xlabel="component", xticks=at, ylabel=f"rms of an atom, {unit}")
        ax.set_ylim(ax.get_ylim()[0], 3 * ax.get_ylim()[1])
        ax.legend(handletextpad=0.2)
    return panel("b. Size of the components of the distances", canvas, "published-sizes")


def strips(cells: list) -> list[tuple[float, object, float, float, str]]:
    """For each composition: x, colour, place beside n, width, marker."""
    compositions = sorted({c.x for c in cells})
    step = 0.8 / max(len(compositions), 1)
    return [(x, colour, (k - (len(compositions) - 1) / 2) * step, step, MARKERS[k % len(MARKERS)])
            for k, (x, colour) in enumerate(zip(compositions, ordered_colours(len(compositions))))]


def draw_mixtures(ax: Axes, p: Published, unit: str, factor: float) -> None:
    fitted = [c for c in p.cells if c.means.size]
    reach = max(float(np.max(np.abs(c.means) + 2.5 * c.sigmas * (c.weights > 0.05))) for c in fitted)
    score = np.linspace(-reach, reach, 241)
    for x, colour, beside, step, marker in strips(p.cells):
        for c in (c for c in fitted if c.x == x):
            wide = 0.46 * step * c.density(score)
            at = c.unlike + beside
            seen = wide > 0.01 * step
            ax.fill_betweenx(score * PER_MILLE, at - wide, at + wide, where=seen, color=colour, alpha=0.5, linewidth=0)
            for mean in c.means * PER_MILLE:
                for ink, width in (("white", 2.2), ("black", 1.1)):
                    ax.plot([at - 0.45 * step, at + 0.45 * step], [mean, mean], solid_capstyle="butt", color=ink,
                            lw=width)
        ax.plot([], [], marker, color=colour, ms=3.4, label=f"{x:.2f}")
    ax.axhline(0, color="#444444", lw=0.4)
    ax.set(xlabel=f"unlike neighbours of {p.species}", ylabel="score × 1000, no unit", xticks=UNLIKE, xlim=(-0.6, 6.6))
    ax.text(-0.02, 1.017, "x =", transform=ax.transAxes, ha="left", va="bottom", fontsize=6.5)
    ax.legend(loc="lower left", bbox_to_anchor=(0.05, 1.0), ncol=8, handlelength=0.7, handletextpad=0.2,
              columnspacing=0.55, borderaxespad=0)
    lengths = ax.secondary_yaxis("right", functions=scales(factor * p.singular_values[p.response] / PER_MILLE))
    lengths.set_ylabel(f"of the distances, {unit}")


def scales(per_score: float) -> tuple:
    return lambda score: score * per_score, lambda length: length / per_score


def draw_magnitudes(ax: Axes, results: Results, p: Published, unit: str, factor: float) -> None:
    """As amplitudes of a zigzag: what the published process predicts, its plane, and the unbiased law."""
    of, shell = headline(results, p.species), first_shell(results, p.species)
    for x, colour, beside, _, marker in strips(p.cells):
        mine = [c for c in p.cells if same(c.x, x) and c.count > 0 and math.isfinite(c.prediction)]
        for c in mine:
            few = c.count < FEW
            ax.plot(c.unlike + 0.3 * beside, c.prediction * p.amplitude * factor, marker, color=colour, ms=3.4, mew=0.7,
                    mfc="white" if few else colour)
        b = number(of, "b") if math.isfinite(number(of, "b")) else 0
        for law, dashes in ((p.law(UNLIKE, x) * p.amplitude, "--"),
                            ((number(of, "a") * p.second(UNLIKE) + b * x + number(of, "d")) * shell, "-")):
            if np.isfinite(law).all():
                ax.plot(UNLIKE, law * factor, dashes, color=colour, lw=0.9, zorder=1)
    for dashes, name in (("--", "published plane of |score|"), ("-", "unbiased D")):
        ax.plot([], [], dashes, color=GREY, lw=0.9, label=name)
    ax.axhline(0, color="#444444", lw=0.4)
    ax.set(xlabel=f"unlike neighbours of {p.species}", ylabel=f"amplitude of a zigzag, {unit}", xticks=UNLIKE,
           xlim=(-0.5, 6.5))
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncol=2, columnspacing=1, handlelength=1.8, borderaxespad=0)


def draw_scores(results: Results, p: Published, letter: str) -> Panel:
    title = f"{letter}. Score of {p.species} against unlike neighbours: two Gaussians always, and their magnitude"
    if not any(c.means.size for c in p.cells):
        return Panel(title, absent=f"no cell (x, n) holds the {FEW} atoms a mixture needs")
    unit, factor = fine_unit(results.images[0].unit)
    canvas, axes = grid(1, 2, (2.82, 2.1), left=0.45, gap=(1.0, 0))
    draw_mixtures(axes[0, 0], p, unit, factor)
    draw_magnitudes(axes[0, 1], results, p, unit, factor)
    return panel(title, canvas, f"published-scores-{letter}")


def draw_ratio(ax: Axes, rows: dict[str, dict], p: Published) -> None:
    """Thick: ± se. Thin: when one image is left out. The published has neither. @param rows by label"""
    ax.axvline(p.sense * p.ratio, color=GREY, lw=0.6, ls=":")
    ax.plot(p.sense * p.ratio, 0, "D", mfc="white", mec="black", ms=4.5, mew=1)
    for at, e in enumerate(rows.values(), 1):
        ratio, error, low, high = (number(e, k) for k in ("ratio", "se_ratio", "ratio_low", "ratio_high"))
        first = e.get("name") == FIRST
        colour = SPECIES[0] if first else "#444444"
        ax.plot([low, high], [at + 0.25] * 2, color=colour, lw=0.7)
        ax.plot([ratio - error, ratio + error], [at, at], color=colour, lw=2.4, solid_capstyle="butt", alpha=0.5)
        ax.plot(ratio, at, "o", color=colour, ms=4 if first else 3)
    ax.axvline(0, color="#444444", lw=0.4)
    ax.set(title=p.species, xlabel="b/(6a)", ylim=(len(rows) + 0.6, -0.6))


def draw_ratios(results: Results, found: list[Published], letter: str) -> Panel:
    title = f"{letter}. Global against local, by the published choice and by others"
    found = [p for p in found if math.isfinite(p.ratio)]
    if not found:
        return Panel(title, absent="b, the effect of the composition, needs images of several compositions")
    of = [{str(e.get("label")): e for e in estimates(results, p.species)[::-1]} for p in found]
    labels = list(dict.fromkeys(label for rows in of for label in rows))
    canvas, axes = grid(1, len(found), (2.5, 1.75), left=1.8, gap=(0.3, 0))
    for k, (ax, p, rows) in enumerate(zip(axes[0], found, of)):
        draw_ratio(ax, {label: rows.get(label, {}) for label in labels}, p)
        ax.set_yticks(range(len(labels) + 1), ["published: |score|, distances", *labels])
        ax.tick_params(axis="y", length=0, labelleft=k == 0)
    return panel(title, canvas, "published-ratios")


def figure(results: Results) -> Figure:
    title = "The published analysis, choice by choice"
    found = [p for s in results.species if (p := published(results, s))]
    if not found:
        missing = ("the results do not have it: dwellmap-analyze --set statistics.compatibility=paper adds it, for "
                   "species with 30 complete neighbourhoods")
        return Figure("S5", title, [Panel("The published analysis", absent=missing)], "")
    panels = [draw_components(found)]
    if len(results.images) > 1 and any(p.images for p in found):
        panels.append(draw_images(results, found))
    panels.append(draw_sizes(results, found))
    panels += [draw_scores(results, p, "cd"[k]) for k, p in enumerate(found)]
    last = draw_ratios(results, found, "cde"[len(found)])
    return Figure("S5", title, [*panels, last], caption(results, found, "" if last.absent else "cde"[len(found)]))

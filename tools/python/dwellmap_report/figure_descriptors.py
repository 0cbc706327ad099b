# SPDX-License-Identifier: Apache-2.0
"""Figure S4: principal components of descriptors other than offsets, each in its own coordinates."""
import numpy as np
from matplotlib.axes import Axes

from .arrows import LONGEST, draw_arrows, draw_sites, places
from .descriptors import FREE, HEXAGON, NAMED, RADIAL, TANGENTIAL, Described, arrows, described
from .plots import SPECIES, Figure, Panel, grid, note, panel, small_multiples
from .results import Results, number, numbers, parts
from .words import count, escape, fine_unit, fixed, listed, percent

TITLES = {RADIAL: "distances", TANGENTIAL: "angles", FREE: "rotation-invariant", NAMED: "symmetry-adapted"}
SHOWN = 3
Table = dict[str, list[Described | None]]  # of each descriptor, one entry a species


def table_of(results: Results) -> Table:
    return {kind: [described(results, s, kind) for s in results.species] for kind in TITLES}


def draw_explained(results: Results, table: Table) -> Panel:
    title = "a. Explained variance"
    offsets = [[number(m, "explained") for m in parts(results.modes(s), "modes")] for s in results.species]
    sets = [("offsets", offsets)]
    sets += [(TITLES[kind], [[c.explained for c in d.components] if d else [] for d in both])
             for kind, both in table.items()]
    canvas, axes = small_multiples(len(sets), 5, 1.15, left=0.42, gap=(0.16, 0.3))
    for ax, (name, both) in zip(axes, sets):
        for k, shares in enumerate(both):
            at = np.arange(1, len(shares) + 1) + 0.2 * (2 * k - 1)
            ax.bar(at, shares, width=0.38, color=SPECIES[k % 2], label=results.species[k])
        ax.set(title=name, xlabel="component", xticks=range(1, 7), xlim=(0.4, 6.6))
        if not any(both):
            note(ax, "none")
    top = max(ax.get_ylim()[1] for ax in axes)
    for k, ax in enumerate(axes):
        ax.set_ylim(0, top)
        ax.tick_params(labelleft=k == 0)
    axes[0].set_ylabel("share of the variance")
    axes[-1].legend(handlelength=0.8, handletextpad=0.4, borderaxespad=0)
    return panel(title, canvas, "descriptors-explained")


def label(ax: Axes, species: int, d: Described, k: int, top: float) -> None:
    """Re 33 %, isotropic 0.99; a star where it may be mixed with another."""
    c = d.components[k]
    overlap = "" if c.name == "unnamed" else f" {fixed(c.overlap, 2)}"
    ax.text(0.5, top, f"{d.species} {percent(c.explained)}, {c.name}{overlap}{'*' if c.mixed else ''}",
            transform=ax.transAxes, color=SPECIES[species % 2], ha="center", va="top", fontsize=6)


def draw_one(ax: Axes, results: Results, kind: str, both: list[Described | None], k: int) -> None:
    line = 0
    for s, d in enumerate(both):
        if d is None or k >= len(d.components):
            continue
        neighbours = len(d.names) // (2 if kind == FREE else 1)
        mean = numbers(results.modes(d.species), "mean")
        known = mean.size == 2 * neighbours and np.isfinite(mean).all() and mean.any()
        at = places(mean) if known else HEXAGON  # the first shell, where the others' places are not known
        if line == 0:
            draw_sites(ax, at)
        moved = arrows(kind, d.components[k].loadings[:len(at) * (2 if kind == FREE else 1)], at)
        draw_arrows(ax, at, moved / np.hypot(*moved.T).max() * LONGEST, SPECIES[s % 2], 0.035 * (-1)**s)
        label(ax, s, d, k, -0.02 - 0.085 * line)
        line += 1
    if line == 0:
        note(ax, "no principal\ncomponents")


def draw_components(results: Results, table: Table) -> Panel:
    title = "b. Leading components on the neighbours"
    canvas, axes = grid(3, SHOWN, (2.2, 1.5), left=0.35, bottom=0.3, gap=(0.1, 0.34))
    for row, kind in zip(axes, (RADIAL, TANGENTIAL, FREE)):
        for k, ax in enumerate(row):
            draw_one(ax, results, kind, table[kind], k)
        row[0].text(-0.06, 0.5, TITLES[kind], transform=row[0].transAxes, rotation=90, ha="right", va="center")
    for k, ax in enumerate(axes[0]):
        ax.set_title(f"component {k + 1}")
    return panel(title, canvas, "descriptors-components")


def draw_symmetry(both: list[Described | None]) -> Panel:
    title = "c. Leading components over the symmetry-adapted distortions"
    found = [(s, d) for s, d in enumerate(both) if d]
    if not found:
        return Panel(title, absent="no species has the 30 complete neighbourhoods that principal components need")
    names = found[0][1].names
    rows = np.arange(len(names))
    canvas, axes = grid(1, SHOWN, (1.95, 1.8), left=0.85, bottom=0.62, gap=(0.15, 0))
    for k, ax in enumerate(axes[0]):
        for line, (s, d) in enumerate((s, d) for s, d in found if k < len(d.components)):
            ax.barh(rows + 0.2 * (2 * s - 1), d.components[k].loadings, height=0.38, color=SPECIES[s % 2])
            label(ax, s, d, k, -0.24 - 0.075 * line)
        ax.axvline(0, color="#444444", lw=0.5)
        ax.set(title=f"component {k + 1}", xlabel="loading", xlim=(-1.05, 1.05), ylim=(len(names) - 0.4, -0.6))
        ax.tick_params(axis="y", length=0)
        ax.set_yticks(rows, [n.replace("_", " ") for n in names] if k == 0 else [])
        ax.grid(axis="y", color="#eceef0", lw=0.5)
    return panel(title, canvas, "descriptors-symmetry")


def spread(d: Described, kind: str) -> str:
    if kind == TANGENTIAL:
        return f"{fixed(1e3 * d.rms, 1)} mrad"
    unit, factor = fine_unit(d.unit)
    return f"{fixed(d.rms * factor, 1 if unit == 'pm' else 3)} {unit}"


def caption(table: Table) -> str:
    said = []
    for kind, both in table.items():
        of = [f"{escape(d.species)} {spread(d, kind)}, {d.components[0].name} {percent(d.components[0].explained)}"
              for d in both if d]
        if of:
            said.append(f"{TITLES[kind]} {' and '.join(of)}")
    atoms = listed([f"{count(d.count)} {escape(d.species)}" for d in table[RADIAL] if d]) or "the"
    return (f"Neighbourhoods of {atoms} atoms over the whole series, described otherwise than by offsets. (a) Shares "
            "of the variance, beside those of the offsets. (b) Components in the lattice frame, longest arrow scaled "
            "to the same length: a distance changes along its bond, an angle across it, an offset freely once the "
            "neighbourhood is turned back onto the ideal lattice; below each: share, the distortion it is most like "
            "and the overlap with what the descriptor sees of that one; a star where the variance is less than 4 "
            "standard errors from another one's, so that the two may be mixed. (c) Loadings on the irreducible "
            "distortions of the first shell from the ideal lattice of each image, so that the change of the lattice "
            "parameter with composition is not in them. "
            "Distances are blind to a rotation, and a zigzag changes them exactly as a shift of the centre does; "
            "angles are blind to breathing, and see the rotation of the neighbourhood against the lattice, which the "
            "rotation-invariant offsets take out. Zigzags are orthogonal to the translations in (c): two thirds of "
            "the square of an ideal one lie on a translation, one third on the zigzags. "
            "Root of the total variance, and the leading component's share: " + "; ".join(said) + ".")


def figure(results: Results) -> Figure:
    title = "Other descriptors of the neighbourhoods"
    table = table_of(results)
    if not any(d for both in table.values() for d in both):
        missing = "the results have no other descriptors, or no species has 30 complete neighbourhoods"
        return Figure("S4", title, [Panel("Other descriptors", absent=missing)], "")
    return Figure("S4", title, [draw_explained(results, table), draw_components(results, table),
                                draw_symmetry(table[NAMED])], caption(table))

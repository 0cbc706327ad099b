# SPDX-License-Identifier: Apache-2.0
"""The published analysis in the results, with its components in the lattice frame and its lengths beside ours."""
import dataclasses
import math
from typing import Any

import numpy as np

from .descriptors import HEXAGON, RADIAL, alike, arrows
from .orient import sign
from .results import Results, index, number, numbers, part, parts

DISTANCES = 6
RADIAL_PART = math.sqrt(3) / 2  # of an ideal zigzag: what six distances change by, to what six neighbours move by
NEAR_THE_JUMP = math.radians(5)


@dataclasses.dataclass
class Cell:
    """Atoms with as many unlike neighbours, in the images of one composition; lengths in units of the score."""
    x: float
    unlike: int
    count: int
    prediction: float
    means: np.ndarray
    sigmas: np.ndarray
    weights: np.ndarray

    def density(self, score: np.ndarray) -> np.ndarray:
        """Of the two Gaussians, largest 1; zero without a mixture."""
        z = (score[:, None] - self.means) / self.sigmas
        total = (self.weights / self.sigmas * np.exp(-0.5 * z**2)).sum(axis=1)
        return total / max(float(total.max(initial=0)), 1e-300)


@dataclasses.dataclass
class Components:
    """X = U S V', of the whole series or of one image."""
    count: int
    singular_values: np.ndarray  # [6] length
    components: np.ndarray       # [6 x 6] rows, by site of the lattice from a1, counter-clockwise
    response: int

    @property
    def share(self) -> np.ndarray:
        """Of the sum of squares."""
        return self.singular_values**2 / np.sum(self.singular_values**2)

    @property
    def rest(self) -> np.ndarray:
        """Of what the first component leaves; the first: NaN."""
        squares = self.singular_values**2
        return np.concatenate([[math.nan], squares[1:] / max(float(squares[1:].sum()), 1e-300)])

    @property
    def rms(self) -> np.ndarray:
        """Of an atom, length."""
        return self.singular_values / math.sqrt(self.count)

    def named(self, k: int) -> tuple[str, float]:
        return alike(RADIAL, self.components[k])


@dataclasses.dataclass
class Published(Components):
    species: str
    images: dict[int, Components]  # by place in the series; those with 30 atoms
    cells: list[Cell]
    a: float                       # score, for each unlike neighbour
    b: float
    d: float
    ratio: float                   # b/(6a), of its own a
    sense: int                     # 1 where unlike neighbours are of the second species, else -1

    @property
    def amplitude(self) -> float:
        """Of an ideal zigzag with a score of 1, length."""
        return float(self.singular_values[self.response]) / RADIAL_PART

    def second(self, unlike: Any) -> Any:
        """How many of six are of the second species; a number or an array."""
        return unlike if self.sense > 0 else DISTANCES - unlike

    def law(self, unlike: np.ndarray, x: float) -> np.ndarray:
        """|score|; b is not known of one composition."""
        return self.a * unlike + (self.b * x if math.isfinite(self.b) else 0) + self.d


def first_shell(results: Results, species: str) -> float:
    """Share of our unit symmetry-breaking mode that is on the six nearest: 1 when there are no others."""
    modes = results.modes(species)
    k, found = index(modes, "symmetry_breaking"), parts(modes, "modes")
    loadings = numbers(found[k], "loadings") if k is not None and k in range(len(found)) else np.array([])
    return float(np.linalg.norm(loadings[:2 * DISTANCES])) if loadings.size > 2 * DISTANCES else 1.0


def rotations(results: Results) -> dict[str, float]:
    """Of the lattice frame against +x, by image; those that the results know."""
    known = {i.name: number(part(i.frame, "lattice"), "rotation_rad") for i in results.images}
    return {name: r for name, r in known.items() if math.isfinite(r)}


def by_angle(rotation: float) -> tuple[np.ndarray, float]:
    """Sites in the order of their angle on the image, −π to π, and how near one is to where it jumps."""
    angle = np.remainder(rotation + np.radians(60 * np.arange(6)) + math.pi, 2 * math.pi) - math.pi
    return np.argsort(angle), math.pi - float(np.abs(angle).max())


def jumping(results: Results) -> list[str]:
    """Images in which noise changes the order of the neighbours."""
    return [name for name, r in rotations(results).items() if by_angle(r)[1] < NEAR_THE_JUMP]


def are_turned(results: Results) -> bool:
    """Whether the first place is another site in another image."""
    return len({int(by_angle(r)[0][0]) for r in rotations(results).values()}) > 1


def cell_of(entry: dict, side: int) -> Cell | None:
    """None if its place is not known."""
    x, unlike = number(entry, "x"), index(entry, "unlike")
    if unlike is None or not math.isfinite(x):
        return None
    means, sigmas, weights = (numbers(entry, k) for k in ("means", "sigmas", "weights"))
    sizes_agree = means.size == sigmas.size == weights.size
    if not sizes_agree or not np.isfinite(means + weights).all() or not (sigmas > 0).all():
        means = sigmas = weights = np.array([])
    order = slice(None, None, side)  # by their means
    return Cell(x, unlike, index(entry, "count") or 0, number(entry, "prediction"),
                side * means[order], sigmas[order], weights[order])


def components(entry: dict, rotation: float) -> tuple[Components, np.ndarray] | None:
    """Turned to the sides of the ideal patterns, and which of them were: -1.

    None if the entry doesn't have them whole.
    """
    values, columns = numbers(entry, "singular_values"), numbers(entry, "components")
    response, count = index(entry, "response"), index(entry, "count") or 0
    whole = values.shape == (DISTANCES,) and columns.shape == (DISTANCES, DISTANCES) and count > 0
    if not whole or response is None or response not in range(DISTANCES):
        return None
    if not np.isfinite(columns.sum() + values.sum()) or not values.all():
        return None
    order = by_angle(rotation)[0]
    sites = np.empty_like(columns)
    sites[:, order] = columns
    sides = np.array([sign(arrows(RADIAL, c, HEXAGON).ravel()) for c in sites])
    return Components(count, values, sides[:, None] * sites, response), sides


def of_images(entry: dict, count: int) -> dict[int, Components]:
    found = {index(e, "image"): components(e, number(e, "rotation_rad")) for e in parts(entry, "images")
             if math.isfinite(number(e, "rotation_rad"))}
    return {at: whole[0] for at in range(count) if (whole := found.get(at))}


def published(results: Results, species: str) -> Published | None:
    """None if the results don't have it whole."""
    entry = next((p for p in parts(results.file, "paper") if p.get("species") == species), {})
    found = components(entry, next(iter(rotations(results).values()), math.pi / 6))
    if found is None:
        return None
    whole, sides = found
    cells = [cell_of(c, int(sides[whole.response])) for c in parts(entry, "cells")]
    return Published(**vars(whole), species=species, images=of_images(entry, len(results.images)),
                     cells=[c for c in cells if c is not None], a=number(entry, "a"), b=number(entry, "b"),
                     d=number(entry, "d"), ratio=number(entry, "ratio"),
                     sense=-1 if species == results.species[-1] else 1)

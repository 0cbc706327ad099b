# SPDX-License-Identifier: Apache-2.0
"""Descriptors of neighbourhoods other than offsets: their components as arrows, and what these are most like."""
import dataclasses
import functools

import numpy as np

from .orient import patterns, sign
from .results import Results, index, numbers, parts, texts

RADIAL, TANGENTIAL, FREE, NAMED = "distances", "angles", "rotation_invariant", "symmetry"
ANGLE = np.radians(60 * np.arange(6))
HEXAGON = np.column_stack([np.cos(ANGLE), np.sin(ANGLE)])
ALIKE = 0.7  # overlap below which a component has no name
SPANS = {"isotropic": [0], "rotation": [1], "shear": [2, 3], "translation": [4, 5]}  # rows of patterns()
ZIGZAGS = [6, 7, 8]


@dataclasses.dataclass
class Component:
    """Of one species and descriptor, over the whole series."""
    loadings: np.ndarray
    explained: float
    mixed: bool  # its variance is less than 4 standard errors from that of another
    name: str
    overlap: float


@dataclasses.dataclass
class Described:
    species: str
    unit: str
    names: list[str]
    count: int
    rms: float  # root of the total variance
    components: list[Component]


def turned(sites: np.ndarray) -> np.ndarray:
    """By 90°, counter-clockwise."""
    return np.column_stack([-sites[:, 1], sites[:, 0]])


def arrows(kind: str, loadings: np.ndarray, sites: np.ndarray) -> np.ndarray:
    """[N x 2] distances along the bonds, angles across them, offsets as they are."""
    if kind == FREE:
        return loadings.reshape(-1, 2)
    along = sites / np.hypot(*sites.T)[:, None]
    return loadings[:, None] * (along if kind == RADIAL else turned(along))


def seen(kind: str) -> np.ndarray:
    """[9 x dim] what a descriptor has of the ideal patterns; unit vectors, zero where it is blind to one."""
    ideal = patterns().reshape(-1, 6, 2)
    if kind == FREE:
        return patterns()
    of = np.einsum("pki,ki->pk", ideal, HEXAGON if kind == RADIAL else turned(HEXAGON))
    size = np.linalg.norm(of, axis=1, keepdims=True)
    return np.where(size > 1e-9, of / np.maximum(size, 1e-9), 0)


def alike(kind: str, loadings: np.ndarray) -> tuple[str, float]:
    """Name of the distortion that the first shell's loadings are most like, and the overlap."""
    ideal = seen(kind)
    v = loadings[:ideal.shape[1]]
    v = v / max(float(np.linalg.norm(v)), 1e-12)
    on = ideal @ v
    overlap = {name: float(np.linalg.norm(on[rows])) for name, rows in SPANS.items()}
    overlap["symmetry breaking"] = float(np.abs(on[ZIGZAGS]).max())
    if kind == RADIAL:  # six distances change alike in both
        overlap.pop("symmetry breaking")
        overlap["symmetry breaking or shift"] = overlap.pop("translation")
    if kind in (RADIAL, TANGENTIAL):
        overlap["trigonal"] = abs(float(v @ [1, -1, 1, -1, 1, -1])) / 6**0.5
    name = max(overlap, key=overlap.__getitem__)
    return (name if overlap[name] > ALIKE else "unnamed"), overlap[name]


@functools.cache
def symmetry_basis() -> np.ndarray:
    """[12 x 12] the irreducible distortions, in the order of the descriptor's names; orthonormal rows."""
    shear, translation, zigzag = patterns()[2:4], patterns()[4:6], patterns()[6:]
    alternate = np.array([1, -1] * 3)[:, None] / 6**0.5
    sliding = [(alternate * axis).ravel() for axis in ([1, 0], [0, 1])]
    zigzag = zigzag - zigzag @ translation.T @ translation
    left, _, right = np.linalg.svd(zigzag, full_matrices=False)
    trigonal = (alternate * HEXAGON).ravel()
    return np.vstack([patterns()[:2], trigonal, translation, left @ right, shear, sliding])


def is_mixed(variance: np.ndarray, k: int, count: int) -> bool:
    others = np.delete(variance, k)
    error = np.sqrt(2 / max(count, 1)) * np.hypot(variance[k], others)
    return bool((np.abs(variance[k] - others) < 4 * error).any())


def component(kind: str, loadings: np.ndarray, explained: float, mixed: bool) -> Component:
    """Turned to the side of the ideal pattern that it is most like."""
    on = loadings @ symmetry_basis() if kind == NAMED else loadings
    kind = FREE if kind == NAMED else kind
    name, overlap = alike(kind, on)
    side = sign(arrows(kind, on[:12 if kind == FREE else 6], HEXAGON).ravel())
    return Component(side * loadings, explained, mixed, name, overlap)


def described(results: Results, species: str, kind: str) -> Described | None:
    """None if the results don't have it whole."""
    entry = next((d for d in parts(results.file, "descriptors")
                  if d.get("species") == species and d.get("descriptor") == kind), {})
    names, count = texts(entry, "names"), index(entry, "count") or 0
    loadings, variance, explained = (numbers(entry, k) for k in ("loadings", "variance", "explained"))
    fits = len(names) == 12 if kind == NAMED else len(names) >= (12 if kind == FREE else 6)
    whole = fits and variance.shape == explained.shape and loadings.shape == (variance.size, len(names))
    known = np.isfinite([loadings.sum(), variance.sum(), explained.sum()]).all()
    if not whole or not known or not (explained[:1] > 0).any():
        return None
    found = [component(kind, loadings[k], float(explained[k]), is_mixed(variance, k, count))
             for k in range(variance.size)]
    return Described(species, str(entry.get("unit")), names, count, float(np.sqrt(variance[0] / explained[0])), found)

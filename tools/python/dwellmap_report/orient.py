# SPDX-License-Identifier: Apache-2.0
"""A mode's sign is arbitrary. Here it is made the same for all species and images: that of the ideal pattern it is
most like, so that the isotropic mode points outwards everywhere. Loadings, scores and mixtures turn together."""
import functools

import numpy as np

from .results import index, numbers, parts

TURNED = ("weights", "means", "sigmas", "se_means", "true_sigmas")


@functools.cache
def patterns() -> np.ndarray:
    """[9 x 12] isotropic, rotation, two shears, two translations, three zigzags of six neighbours; unit vectors."""
    angle = np.radians(60 * np.arange(6))
    radial = np.column_stack([np.cos(angle), np.sin(angle)])
    tangential = np.column_stack([-np.sin(angle), np.cos(angle)])
    found = [radial, tangential, radial * [1, -1], radial[:, ::-1]]
    found += [np.tile([1.0, 0], (6, 1)), np.tile([0, 1.0], (6, 1))]
    for k in range(3):
        zigzag = np.tile(tangential[k], (6, 1))
        zigzag[[k, k + 3]] = 0
        found.append(zigzag)
    flat = np.array([f.ravel() for f in found])
    return flat / np.linalg.norm(flat, axis=1, keepdims=True)


def sign(loadings: np.ndarray) -> int:
    if loadings.size < 12 or not np.isfinite(loadings[:12]).all():
        return 1
    overlap = patterns() @ loadings[:12]
    return -1 if overlap[np.argmax(np.abs(overlap))] < 0 else 1


def negated(values: object) -> object:
    return [-v if isinstance(v, (int, float)) else v for v in values] if isinstance(values, list) else values


def orient(file: dict) -> None:
    """Turns, in place, every mode of the file and what was measured along the modes of the series."""
    joint = any(m.get("scope") == "series" for m in parts(file, "pca"))
    for modes in parts(file, "pca"):
        signs = [sign(numbers(m, "loadings")) for m in parts(modes, "modes")]
        for mode, turned in zip(parts(modes, "modes"), signs):
            if turned < 0:
                mode["loadings"] = negated(mode["loadings"])
        if modes.get("scope") == "series" or not joint:
            turn_scores(file, modes, signs)


def turn_scores(file: dict, modes: dict, signs: list[int]) -> None:
    def flipped(key: str) -> bool:
        k = index(modes, key)
        return k is not None and 0 <= k < len(signs) and signs[k] < 0

    for population in (p for p in parts(file, "population") if p.get("species") == modes.get("species")):
        scores = population.get("scores")
        if isinstance(scores, list):
            population["scores"] = [negated(s) if k < len(signs) and signs[k] < 0 else s for k, s in enumerate(scores)]
        for key in ("isotropic", "symmetry_breaking"):
            if flipped(key):
                population[key] = negated(population.get(key))
    if flipped("symmetry_breaking"):
        for mixture in (m for m in parts(file, "mixtures") if m.get("species") == modes.get("species")):
            for fit in [mixture, *parts(mixture, "fits")]:
                turn_mixture(fit)


def turn_mixture(fit: dict) -> None:
    """Components stay in the order of their means."""
    fit["means"] = negated(fit.get("means"))
    for key in TURNED:
        if isinstance(fit.get(key), list):
            fit[key] = fit[key][::-1]

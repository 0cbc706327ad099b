# SPDX-License-Identifier: Apache-2.0
"""Small results as of dwellmap-analyze: images of a 9 x 9 lattice, two species, symmetry breaking that grows with n."""
import math

import numpy as np

A_NM, PIXEL_NM = 0.316, 0.02
NAMES = ["Mo", "Re"]
ANGLES = np.radians(60 * np.arange(6))
IDEAL = A_NM * np.column_stack([np.cos(ANGLES), np.sin(ANGLES)]).ravel()
RADIAL = IDEAL / np.linalg.norm(IDEAL)
ZIGZAG = np.tile([0.0, 0.5], 6) * np.repeat([0, 1, 1, 0, 1, 1], 2)
SHEAR = RADIAL * np.tile([1.0, -1.0], 6)


def image(name: str, x: float, rng: np.random.Generator) -> dict:
    size, bins = 32, 21
    g = [[0.06, 0.0], [0.03, 0.052], [-0.03, 0.052]]
    clusters = [math.comb(7, k) * x**k * (1 - x)**(7 - k) for k in range(8)]
    return {
        "file": f"{name}.npy", "name": name, "unit": "nm", "length_per_px": PIXEL_NM, "rows_px": 128, "cols_px": 128,
        "species": [*NAMES, "S2"], "composition": x, "fraction_second": x + 0.01, "cluster_counts": [9] * 8,
        "cluster_probabilities": clusters, "cluster_low": [0.9 * p for p in clusters],
        "cluster_high": [1.1 * p for p in clusters], "cluster_binomial": clusters, "cluster_quasichemical": clusters,
        "warren_cowley": {"alpha": 0.021, "se": 0.012}, "ordering_energy": {"kT": -0.02, "se": 0.015},
        "preview": {"rows": 16, "cols": 16, "step_px": 8, "grey": rng.integers(0, 256, 256).tolist()},
        "a": A_NM,
        "fourier": {"size": size, "step_per_px": 0.01, "grey": rng.integers(0, 256, size**2).tolist(),
                    "peaks": [{"gx_per_px": u, "gy_per_px": v, "splitting_significance": 5} for u, v in g],
                    "half_order": [{"gx_per_px": u / 2, "gy_per_px": v / 2, "significance": 4} for u, v in g]},
        "neighbour_histogram": {"neighbours": 6, "bins": bins, "bin_a": 0.2,
                                "counts": rng.integers(0, 3, bins**2).tolist()},
        "order": {"structure_factor": [0.3, 0.01, 0.02], "background": [0.001] * 3, "structure_factor_se": [0.01] * 3}}


def frame(name: str) -> dict:
    species = [0, 1] * 40 + [2] * 70 + [3]
    return {"file": f"{name}.npy", "unit": "nm", "length_per_px": PIXEL_NM, "notes": ["a note <&>"],
            "lattice": {"a_px": A_NM / PIXEL_NM, "se_a_px": 0.005},
            "atoms": {"species": species, "site": [0] * 80 + [1] * 71, "complete": [1] * 50 + [0] * 101}}


def population(species: str, images: int, rng: np.random.Generator) -> dict:
    i, j = (g.ravel() for g in np.mgrid[0:9, 0:9])
    cells = {"image": np.repeat(np.arange(images), i.size), "x": np.tile(A_NM * (i + j / 2), images),
             "y": np.tile(A_NM * j * 0.866, images), "row_parity": np.tile(np.where(j % 2, -1, 1), images)}
    count = images * i.size
    n = rng.integers(0, 7, count)
    breaking = 1e-3 * (2 * n * cells["row_parity"] + rng.normal(0, 2, count))
    isotropic = 1e-3 * rng.normal(0, 10, count)
    scores = [isotropic, breaking, 1e-3 * rng.normal(0, 3, count)]
    lists = {k: v.tolist() for k, v in {**cells, "n": n, "class": n % 3}.items()}
    return {"species": species, "unit": "nm", **lists, "scores": [s.tolist() for s in scores],
            "symmetry_breaking": breaking.tolist(), "isotropic": isotropic.tolist()}


def modes(species: str, scope: str) -> dict:
    named = [(RADIAL, "isotropic"), (ZIGZAG, "symmetry breaking"), (SHEAR, "shear")]
    return {"scope": scope, "species": species, "neighbours": 6, "count": 162, "mean": IDEAL.tolist(),
            "isotropic": 0, "symmetry_breaking": 1,
            "modes": [{"loadings": v.tolist(), "explained": 0.4 - 0.1 * k, "name": name, "overlap": 0.99,
                       "gap_sigma": 3 * k} for k, (v, name) in enumerate(named)]}


def mixture(species: str, x: float, n: int) -> dict:
    d = 2e-3 * n
    split = n > 2
    return {"species": species, "composition": x, "n": n, "count": 30, "k": 2 if split else 1,
            "weights": [0.4, 0.6] if split else [1], "means": [-d, d] if split else [0.0], "delta_bic": 20.0 * (n - 2),
            "sigmas": [2e-3, 3e-3] if split else [2e-3], "se_means": [4e-4, 5e-4] if split else [4e-4],
            "symmetric": {"separation": d, "se": 4e-4, "sigma": 2e-3}, "symmetric_pair": split}


def kmeans(species: str, compositions: list[float]) -> dict:
    centres = [IDEAL + s * 0.01 * ZIGZAG for s in (-1, 0, 1)]
    return {"scope": "series", "species": species, "k": 3, "silhouettes": {"2": 0.3, "3": 0.4}, "counts": [54] * 3,
            "centres": [c.tolist() for c in centres],
            "fractions": [{"composition": x, "fraction": [0.3, 0.3, 0.4]} for x in compositions]}


def regression(species: str, compositions: list[float]) -> dict:
    n, x = list(range(7)), np.linspace(0, 1, 11)
    estimate = {"a": 1.5e-3, "se_a": 1e-4, "b": 4.5e-3, "se_b": 6e-4, "c": None, "se_c": None, "d": -2e-4, "se_d": 2e-4,
                "ratio": 0.5, "se_ratio": 0.07, "ratio_low": 0.41, "ratio_high": 0.62, "count": 162}
    cells = [{"n": k, "x": c, "count": 12, "mean": 2e-3 * k, "sd": 2e-3} for k in n for c in compositions]
    return {"species": species, "response": "|score| of the symmetry-breaking mode",
            "gp": {"n": n, "x": x.tolist(), "mean": [[1e-3 * (k + c) for k in n] for c in x],
                   "sd": [[1e-2 * c for _ in n] for c in x], "cells": cells,
                   "parameters": {"length_n": 0.5, "length_x": 0.4}},
            "gp_by_composition": [{"x": c, "n": n, "mean": [2e-3 * k for k in n], "sd": [4e-4] * 7}
                                  for c in compositions],
            "estimates": [{**estimate, "name": "gp_matrix", "label": "Gaussian process matrix", "ratio": 0.37},
                          {**estimate, "name": "folded_common", "label": "folded normal, one width"}]}


def example(images: int = 2) -> dict:
    rng = np.random.default_rng(1)
    x = [round(0.15 + 0.1 * k, 2) for k in range(images)]
    names = [f"image{k}" for k in range(images)]
    return {"version": "9.8.7", "parameters": "[statistics]\nneighbours = 6\n", "counters": {"images_failed": 1},
            "flag_texts": {"1": "at the edge"}, "frames": [frame(name) for name in names],
            "series": [image(name, c, rng) for name, c in zip(names, x)],
            "pca": [modes(s, scope) for scope in ["series", *(f"{name}.npy" for name in names)] for s in NAMES],
            "population": [population(s, images, rng) for s in NAMES],
            "mixtures": [mixture(s, c, n) for s in NAMES for c in x for n in range(7)],
            "kmeans": [kmeans(s, x) for s in NAMES], "regression": [regression(s, x) for s in NAMES]}

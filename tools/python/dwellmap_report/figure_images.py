# SPDX-License-Identifier: Apache-2.0
"""Figure 1: each image, its Fourier transform, and where the neighbours of its cations stand."""
import math
from collections.abc import Callable

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm

from .plots import GREY, Figure, Panel, bare, note, panel, scale_bar, small_multiples
from .results import Image, Results, index, integers, number, numbers, part, parts
from .words import count, escape

BRAGG, HALF = "#0072b2", "#d55e00"


def size(of: dict, key: str) -> int:
    return max(index(of, key) or 0, 0)


def raster(of: dict, key: str, rows: int, cols: int) -> np.ndarray | None:
    values = numbers(of, key)
    values = np.nan_to_num(values)
    return values.reshape(rows, cols) if rows > 0 and cols > 0 and values.size == rows * cols else None


def draw_micrograph(ax: Axes, image: Image) -> bool:
    preview = part(image.series, "preview")
    rows, cols = size(preview, "rows"), size(preview, "cols")
    grey = raster(preview, "grey", rows, cols)
    if grey is None:
        return False
    step = number(preview, "step_px")
    extent = cols * (step if step > 0 else 1) * image.length_per_px
    ax.imshow(grey.astype(np.uint8), cmap="gray", vmin=0, vmax=255)
    scale_bar(ax, extent, image.unit)
    bare(ax)
    return True


def draw_fourier(ax: Axes, image: Image) -> bool:
    fourier = part(image.series, "fourier")
    width = size(fourier, "size")
    power, step = raster(fourier, "grey", width, width), number(fourier, "step_per_px") / image.length_per_px
    if power is None or not step > 0:
        return False
    low, high = -(width // 2 + 0.5) * step, (width - width // 2 - 0.5) * step
    ax.imshow(power, cmap="Greys", extent=(low, high, high, low), vmin=np.percentile(power, 50), vmax=255,
              interpolation="none")
    peaks, half = ([np.array([number(p, k) / image.length_per_px for k in ("gx_per_px", "gy_per_px")])
                    for p in parts(fourier, key)] for key in ("peaks", "half_order"))
    reach = min(high, 2.3 * max([float(np.hypot(*g)) for g in peaks], default=math.inf))
    for g in half:
        circles(ax, g, reach, edgecolors=HALF, linestyles=":")
    for g in peaks:
        circles(ax, g, reach, edgecolors=BRAGG)
    ax.set(xlim=(-reach, reach), ylim=(reach, -reach), xlabel=f"1/{image.unit}")
    return True


def circles(ax: Axes, g: np.ndarray, reach: float, **look) -> None:
    """Around a peak and its opposite."""
    if np.all(np.abs(g) < reach):
        ax.scatter([g[0], -g[0]], [g[1], -g[1]], s=42, facecolors="none", linewidths=0.9, **look)


def draw_neighbours(ax: Axes, image: Image) -> bool:
    histogram = part(image.series, "neighbour_histogram")
    bins = size(histogram, "bins")
    counts, a = raster(histogram, "counts", bins, bins), number(image.series, "a")
    half = bins * number(histogram, "bin_a") * a / 2
    if counts is None or not half > 0:
        return False
    shown = np.where(counts > 0, counts, np.nan)
    if np.isfinite(shown).any():
        ax.imshow(shown, origin="upper", extent=(-half, half, -half, half), cmap="viridis_r",
                  norm=LogNorm(1, max(float(np.nanmax(shown)), 2)), interpolation="none")
    sites = ideal_sites() * a
    sites = sites[np.abs(sites).max(axis=1) < half]
    ax.scatter(sites[:, 0], sites[:, 1], s=60, facecolors="none", edgecolors=GREY, linewidths=0.5)
    ax.plot(0, 0, "+", color=GREY, ms=6)
    ax.set(xlim=(-half, half), ylim=(-half, half), xlabel=f"along a₁, {image.unit}")
    return True


def ideal_sites() -> np.ndarray:
    """The first three shells of the hexagonal lattice, [18 x 2] in units of a, a1 to the right."""
    shells = [(1, 0), (math.sqrt(3), 30), (2, 0)]
    angles = np.radians([[first + 60 * k for k in range(6)] for _, first in shells]).ravel()
    return np.repeat([r for r, _ in shells], 6)[:, None] * np.column_stack([np.cos(angles), np.sin(angles)])


def draw(images: list[Image], title: str, paint: Callable[[Axes, Image], bool], missing: str, key: str) -> Panel:
    labels = paint is not draw_micrograph
    canvas, axes = small_multiples(len(images), 4, left=0.45 if labels else 0.1, bottom=0.35 if labels else 0.05,
                                   gap=(0.3, 0.6) if labels else (0.1, 0.3))
    painted = [paint(ax, image) for ax, image in zip(axes, images)]
    if not any(painted):
        plt.close(canvas)
        return Panel(title, absent=missing)
    axes[0].set_ylabel(axes[0].get_xlabel().replace("along", "across"))
    for ax, image, done in zip(axes, images, painted):
        ax.set_title(image.label)
        ax.locator_params(nbins=5)
        if not done:
            note(ax, missing)
    return panel(title, canvas, key)


def peak_words(image: Image) -> str:
    fourier = part(image.series, "fourier")
    split = [p for p in parts(fourier, "peaks") if number(p, "splitting_significance") > 3]
    half = [p for p in parts(fourier, "half_order") if number(p, "significance") > 3]
    found = []
    if peaks := parts(fourier, "peaks"):
        found.append(f"{len(split)} of {len(peaks)} lattice peaks split" if split else "no peak split")
    if parts(fourier, "half_order"):
        found.append(f"{len(half)} half-order peaks above 3 standard errors")
    return f"{escape(image.name)}: {', '.join(found)}" if found else ""


def caption(results: Results) -> str:
    atoms = [integers(part(i.series, "neighbour_histogram"), "counts", 0).sum() for i in results.images]
    words = [w for w in map(peak_words, results.images) if w]
    return ("(a) The images. (b) Their power spectra (logarithmic, dark is strong) with the lattice peaks found "
            "(circles) and the three half-order places where a doubled cell would show (dotted). (c) Places of the "
            "neighbours of every cation, in the lattice frame (logarithmic; circles: ideal sites); a split or wide "
            "spot "
            f"is lowered symmetry or disorder. {count(sum(atoms))} neighbours in {len(results.images)} images. "
            + ("; ".join(words) + ". " if words else "")
            + "Half-order intensity of an image comes mostly from alloy contrast; that of the positions does not.")


def figure(results: Results) -> Figure:
    images = results.images
    panels = [draw(images, "a. Images", draw_micrograph, "no preview of the image in the results", "images"),
              draw(images, "b. Power spectra", draw_fourier, "no Fourier transform in the results", "fourier"),
              draw(images, "c. Neighbours of the cations", draw_neighbours, "no neighbour histogram in the results",
                   "neighbours")]
    title = "Images, their Fourier transforms, and the neighbours of their cations"
    return Figure("1", title, panels, caption(results))

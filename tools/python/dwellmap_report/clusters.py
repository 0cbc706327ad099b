# SPDX-License-Identifier: Apache-2.0
"""How the second species is spread: probabilities of clusters of seven atoms, beside two theories."""
import numpy as np
from matplotlib.axes import Axes

from .plots import LIGHT, Panel, error_bars, panel, small_multiples
from .results import Image, Results, number, numbers, part
from .words import escape, measured

BINOMIAL, CHEMICAL = "#d55e00", "#009e73"


def draw_clusters(results: Results) -> Panel:
    title = "a. Clusters of seven atoms"
    images = [i for i in results.images if numbers(i.series, "cluster_probabilities").size == 8 and
              np.isfinite(numbers(i.series, "cluster_probabilities")).all()]
    if not images:
        return Panel(title, absent="no image has two species with complete neighbourhoods")
    canvas, axes = small_multiples(len(images), 4, 1.35, gap=(0.32, 0.62))
    for ax, image in zip(axes, images):
        draw_cluster(ax, image)
        ax.set(title=image.label, xlabel=f"{results.species[-1]} among 7 atoms")
    axes[0].set_ylabel("probability")
    axes[0].legend(loc="best", handlelength=1.2, borderaxespad=0)
    return panel(title, canvas, "clusters")


def draw_cluster(ax: Axes, image: Image) -> None:
    k = np.arange(8)
    p, low, high, binomial, chemical = (numbers(image.series, "cluster_" + key) for key in
                                        ("probabilities", "low", "high", "binomial", "quasichemical"))
    ax.bar(k, p, width=0.75, color=LIGHT, label="measured")
    if low.shape == high.shape == p.shape:
        error_bars(ax, k, p, np.stack([p - low, high - p]), fmt="none", ecolor="black", elinewidth=0.9, capsize=1.5)
    if binomial.size == 8:
        ax.plot(k, binomial, "o-", color=BINOMIAL, mfc="none", ms=3.5, lw=0.7, label="ideal (binomial)")
    if chemical.size == 8:
        ax.plot(k, chemical, "x", color=CHEMICAL, ms=3.5, label="quasi-chemical")
    ax.set(xticks=k, ylim=(0, None))


def order_words(image: Image) -> str:
    cowley, energy = part(image.series, "warren_cowley"), part(image.series, "ordering_energy")
    alpha = measured(number(cowley, "alpha"), number(cowley, "se"))
    kt = measured(number(energy, "kT"), number(energy, "se"), "kT")
    return f"{escape(image.name)}: α₁ = {alpha}, ordering energy {kt}"

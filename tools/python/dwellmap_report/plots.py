# SPDX-License-Identifier: Apache-2.0
"""How every plot looks, and how it becomes SVG for the page. Widths are those of the text on A4, so print is 1:1."""
import dataclasses
import html
import io
import math
import re
from typing import Any

import matplotlib
import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Colormap, LinearSegmentedColormap, Normalize
from matplotlib.figure import Figure as Canvas
from matplotlib.patches import Rectangle

TEXT_WIDTH_IN = 7.2
RASTER_DPI = 220  # of clouds of points
SPECIES = ["#0072b2", "#d55e00"]  # first, second cation
CLASSES = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#8c6d31", "#999999"]
MARKERS = "os^Dv<P>"
GREY, LIGHT = "#8a8f96", "#c9cdd2"
DIVERGING = LinearSegmentedColormap.from_list(
    "blue to orange", ["#08306b", "#2171d0", "#8ab8ea", "#e4e4df", "#f5b073", "#d9640c", "#7a2802"])

STYLE: dict[Any, Any] = {
    "svg.fonttype": "none", "font.family": ["DejaVu Sans"], "font.size": 7, "axes.titlesize": 7.5,
    "axes.labelsize": 7, "axes.linewidth": 0.6, "axes.edgecolor": "#444444", "axes.spines.top": False,
    "axes.spines.right": False, "xtick.labelsize": 6.5, "ytick.labelsize": 6.5, "xtick.major.width": 0.6,
    "ytick.major.width": 0.6, "xtick.major.size": 2.5, "ytick.major.size": 2.5, "axes.titlepad": 4,
    "axes.labelpad": 2.5, "legend.fontsize": 6.5, "legend.frameon": False, "lines.linewidth": 1.0,
    "hatch.linewidth": 0.5, "axes.axisbelow": True, "image.interpolation": "none", "figure.dpi": 72}


@dataclasses.dataclass
class Panel:
    """A plot, or why it is not there."""
    title: str
    svg: str = ""
    width_in: float = TEXT_WIDTH_IN
    absent: str = ""


@dataclasses.dataclass
class Figure:
    number: str
    title: str
    panels: list[Panel]
    caption: str  # HTML


def use_style() -> None:
    matplotlib.use("svg")
    matplotlib.rcParams.update(STYLE)


def grid(rows: int, cols: int, cell_in: tuple[float, float], *, left: float = 0.45, right: float = 0.1,
         top: float = 0.25, bottom: float = 0.4, gap: tuple[float, float] = (0.3, 0.3)) -> tuple[Canvas, np.ndarray]:
    """Axes of cell_in = (width, height) inches; `gap` between columns, between rows. @return canvas, [rows x cols]"""
    width = left + right + cols * cell_in[0] + (cols - 1) * gap[0]
    height = top + bottom + rows * cell_in[1] + (rows - 1) * gap[1]
    canvas = plt.figure(figsize=(width, height))
    axes = np.empty((rows, cols), object)
    for r in range(rows):
        for c in range(cols):
            x = left + c * (cell_in[0] + gap[0])
            y = bottom + (rows - 1 - r) * (cell_in[1] + gap[1])
            axes[r, c] = canvas.add_axes((x / width, y / height, cell_in[0] / width, cell_in[1] / height))
    return canvas, axes


def wrap(count: int, most: int) -> tuple[int, int]:
    """Rows and columns for `count` small multiples, at most `most` in a row, rows filled evenly."""
    rows = math.ceil(count / most)
    return rows, math.ceil(count / rows)


def small_multiples(count: int, most: int, height_in: float | None = None, *, left: float = 0.45, right: float = 0.1,
                    gap: tuple[float, float] = (0.3, 0.3), **margins) -> tuple[Canvas, list[Axes]]:
    """`count` axes that wrap, as wide as the text lets them, but no wider than half of it; square without a height."""
    rows, cols = wrap(count, most)
    shown = max(cols, 2)
    width = (TEXT_WIDTH_IN - left - right - (shown - 1) * gap[0]) / shown
    canvas, axes = grid(rows, cols, (width, height_in or width), left=left, right=right, gap=gap, **margins)
    for spare in axes.ravel()[count:]:
        spare.remove()
    return canvas, list(axes.ravel()[:count])


def panel(title: str, canvas: Canvas, key: str) -> Panel:
    """The plot as SVG that can stand inside HTML. @param key unique in the page: makes the ids so"""
    out = io.StringIO()
    width = float(canvas.get_figwidth())
    with matplotlib.rc_context({"svg.hashsalt": key}):
        canvas.savefig(out, format="svg", dpi=RASTER_DPI, metadata={"Date": None, "Creator": None})
    plt.close(canvas)
    return Panel(title, _for_html(out.getvalue(), title), width)


def _for_html(svg: str, title: str) -> str:
    svg = svg[svg.index("<svg"):]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'<style type="text/css">\*\{[^}]*\}</style>', "", svg)
    svg = re.sub(r' xmlns(:xlink)?="[^"]*"', "", svg)
    # Numbered anew in every plot, and never referred to.
    svg = re.sub(r' id="(?:[A-Za-z][A-Za-z0-9.]*_\d{1,4}|image[0-9a-f]+)"', "", svg)
    svg = re.sub(r'<svg [^>]*?viewBox="([^"]*)"[^>]*>', r'<svg class="plot" role="img" viewBox="\1">', svg, count=1)
    return svg.replace("'DejaVu Sans'", "'DejaVu Sans', Verdana, Arial, sans-serif").replace(
        '">', f'"><title>{html.escape(title)}</title>', 1)


def ordered_colours(count: int) -> list:
    """One for each composition, from small to large."""
    return [plt.get_cmap("viridis")(0.8 * k / max(count - 1, 1)) for k in range(count)]


def error_bars(ax: Axes, x: np.ndarray, y: np.ndarray, error: np.ndarray, **look) -> None:
    """As Axes.errorbar; no bar where the error is not known. @param error [points], or [2 x points] below and above"""
    known = np.isfinite(x + y)
    if known.any():
        ax.errorbar(x[known], y[known], np.maximum(np.nan_to_num(error[..., known]), 0), **look)


def bare(ax: Axes) -> None:
    """A picture: no ticks, no frame."""
    ax.set_xticks([])
    ax.set_yticks([])
    for spine in ax.spines.values():
        spine.set_visible(False)


def colour_bar_below(canvas: Canvas, ax: Axes, colours: Colormap, limit: float, label: str) -> None:
    """From -limit to limit, for a whole column of maps."""
    box, height = ax.get_position(), canvas.get_figheight()
    where = (box.x0 + 0.2 * box.width, box.y0 - 0.14 / height, 0.6 * box.width, 0.07 / height)
    bar = canvas.colorbar(ScalarMappable(Normalize(-limit, limit), colours), cax=canvas.add_axes(where),
                          orientation="horizontal")
    bar.set_label(label)
    bar.outline.set_linewidth(0.4)


def colour_bar(canvas: Canvas, ax: Axes, image, label: str) -> None:
    box = ax.get_position()
    width = canvas.get_figwidth()
    bar = canvas.colorbar(image, cax=canvas.add_axes((box.x1 + 0.06 / width, box.y0, 0.09 / width, box.height)))
    bar.set_label(label)
    bar.outline.set_linewidth(0.4)


def note(ax: Axes, text: str) -> None:
    """Says in place of a plot why there is none."""
    bare(ax)
    ax.text(0.5, 0.5, text, transform=ax.transAxes, ha="center", va="center", color=GREY)


def canvas_of(ax: Axes) -> Canvas:
    assert isinstance(ax.figure, Canvas)  # there are no subfigures
    return ax.figure


def scale_bar(ax: Axes, extent: float, unit: str) -> None:
    """A bar of a round length, about a fifth of `extent`, in the lower left corner."""
    power = 10.0**math.floor(math.log10(extent / 5))
    length = max(m * power for m in (1, 2, 5) if m * power <= extent / 5 * 1.001)
    inch = 1 / (ax.get_position().height * canvas_of(ax).get_figheight())
    x0, width = 0.08 * inch, max(length / extent, 0.34 * inch)
    ax.add_patch(Rectangle((0, 0), 2 * x0 + width, 0.29 * inch, transform=ax.transAxes, color="black", alpha=0.6, lw=0))
    middle = x0 + width / 2
    ends = [middle - length / extent / 2, middle + length / extent / 2]
    ax.plot(ends, [0.08 * inch] * 2, transform=ax.transAxes, color="white", lw=2.4, solid_capstyle="butt")
    ax.text(middle, 0.12 * inch, f"{length:g} {unit}", transform=ax.transAxes, color="white", ha="center", va="bottom",
            fontsize=7, fontweight="bold")


def dot_size(ax: Axes, atoms: int) -> float:
    """Points² of dots that nearly touch where `atoms` of a lattice fill the axes."""
    side = 72 * ax.get_position().width * canvas_of(ax).get_figwidth()
    return 0.75 * side**2 / max(atoms, 40)


def limits(values: np.ndarray, share: float = 99) -> float:
    """Half width of a scale around zero that holds `share` % of the values."""
    known = np.abs(values[np.isfinite(values)])
    return max(float(np.percentile(known, share)), 1e-12) if known.size else 1.0


def white_to(colour: str) -> Colormap:
    return LinearSegmentedColormap.from_list("white to " + colour, ["#ffffff", colour])

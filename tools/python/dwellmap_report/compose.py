# SPDX-License-Identifier: Apache-2.0
"""The report: all figures and words of one results file, written into a folder."""
import pathlib

from . import (
    figure_classes,
    figure_descriptors,
    figure_images,
    figure_mixtures,
    figure_modes,
    figure_process,
    figure_published,
    figure_scores,
)
from .estimates import estimates_html
from .orient import orient
from .page import page, svg_name
from .plots import Figure, use_style
from .results import Results, load
from .sections import analysed_html, findings_html, methods_html
from .words import escape

FIGURES = [figure_images.figure, figure_modes.figure, figure_scores.figure, figure_mixtures.figure,
           figure_process.figure, figure_classes.figure_maps, figure_classes.figure_shapes, figure_process.curves,
           figure_descriptors.figure, figure_published.figure]


def title(results: Results) -> str:
    return f"Local crystallography of {'–'.join(results.species)}: " + (
        results.images[0].name if len(results.images) == 1 else f"a series of {len(results.images)} images")


def html(results: Results, figures: list[Figure], version: str) -> str:
    before = [("analysed", "What was analysed", analysed_html(results)),
              ("findings", "Findings in numbers", findings_html(results))]
    after = [("estimates", "Local against global", estimates_html(results)),
             ("methods", "Methods, parameters and version", methods_html(results, version))]
    names = ", ".join(i.name for i in results.images)
    lead = escape(f"Images: {names}. dwellmap {results.file.get('version', '')}.")
    return page(title(results), lead, before, figures, after)


def replace(path: pathlib.Path, text: str) -> None:
    """Nothing half-written is left behind."""
    part = path.with_name(path.name + ".part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)


def write_svgs(folder: pathlib.Path, figures: list[Figure]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("figure_*.svg"):
        old.unlink()
    names = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
    for figure in figures:
        for k, panel in enumerate(figure.panels):
            if panel.svg:
                size = f'{names} width="{panel.width_in}in"'
                replace(folder / svg_name(figure, k), panel.svg.replace("<svg ", f"<svg {size} ", 1))


def write_report(results_file: pathlib.Path, folder: pathlib.Path, version: str) -> pathlib.Path:
    """@return the page"""
    results = load(results_file)
    orient(results.file)
    use_style()
    figures = [draw(results) for draw in FIGURES]
    write_svgs(folder / "figures", figures)
    index = folder / "index.html"
    replace(index, html(results, figures, version))
    return index

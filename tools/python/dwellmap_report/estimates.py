# SPDX-License-Identifier: Apache-2.0
"""Local against global: the law D = a n + b x + d, estimated in several ways, never as a bare number."""
import math

from .page import table
from .results import Results, index, number, parts
from .words import UNKNOWN, between, count, escape, fine_unit, measured

FIRST, PAPER = "folded_common", "gp_matrix"
WHY = ("Estimates that regress |score|, the paper's own among them, are biased: where the two signs overlap, taking "
       "the "
       "magnitude folds one onto the other, so |score| stays above zero at small n whatever D is, and flattens the "
       "slopes; the folded-normal likelihood fits D itself, and the paper's regression of the Gaussian process' matrix "
       "also gives cells without atoms the weight of measured ones.")


def estimates(results: Results, species: str) -> list[dict]:
    found = [e for e in parts(results.one("regression", species), "estimates") if math.isfinite(number(e, "a"))]
    return sorted(found, key=lambda e: (e.get("name") != FIRST, e.get("name") == PAPER))


def headline(results: Results, species: str) -> dict:
    """The estimate that is quoted: {} if there is none."""
    return next((e for e in estimates(results, species) if e.get("name") == FIRST), {})


def row(estimate: dict, unit: str, factor: float) -> list[str]:
    lengths = [measured(number(estimate, k) * factor, number(estimate, "se_" + k) * factor, unit) for k in "abd"]
    outer = measured(number(estimate, "c") * factor, number(estimate, "se_c") * factor, unit)
    label = escape(estimate.get("label") or estimate.get("name") or UNKNOWN)
    label += "<br>the paper's own" if estimate.get("name") == PAPER and "paper" not in label else ""
    label += f"<br>(outer shells: c = {outer} an atom)" if outer != UNKNOWN else ""
    return [label, *lengths, measured(number(estimate, "ratio"), number(estimate, "se_ratio")),
            between(number(estimate, "ratio_low"), number(estimate, "ratio_high")), count(index(estimate, "count"))]


def estimates_html(results: Results) -> str:
    unit, factor = fine_unit(results.images[0].unit)
    head = ["estimate", "a, per neighbour", "b, per unit of x", "d", "b/(6a) ± se", "b/(6a), one image left out",
            "atoms"]
    tables = []
    for species in results.species:
        rows = [row(e, unit, factor) for e in estimates(results, species)]
        if rows:
            first = 0 if headline(results, species) else None
            tables.append(f"<p><b>{escape(species)}</b></p>" + table(head, rows, first))
    if not tables:
        return ('<p class="absent">Not shown: separating n from x needs the symmetry-breaking scores of several '
                "compositions.</p>")
    return ("<p>The magnitude of the symmetry breaking as D = a n + b x + d: n second-species neighbours of six act "
            "locally, the composition x of the whole image globally, so b/(6a) is the global effect in units of the "
            "largest local one. Beside its standard error stands the range of b/(6a) when one image at a time is "
            "left out, the only guard for b, since x has one value for each image.</p>"
            + "".join(tables) + f"<p>{WHY}</p>")

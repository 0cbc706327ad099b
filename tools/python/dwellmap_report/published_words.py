# SPDX-License-Identifier: Apache-2.0
"""What the published analysis finds, in numbers, and where and why it differs from the unbiased one beside it."""
import math
from collections.abc import Callable

from .estimates import estimates, headline
from .published import Published, are_turned, first_shell, jumping
from .results import FEW, Results, index, number, parts, same
from .words import SPACE, count, escape, fine_unit, fixed, length, listed, measured, percent


def each(found: list[Published], say: Callable[[Published], str]) -> str:
    """Of every species what there is to say: 3 cells (Mo) and 4 cells (Re)."""
    return listed([f"{said} ({escape(p.species)})" for p in found if (said := say(p))])


def in_turn(found: list[Published], say: Callable[[Published], str]) -> str:
    """The same for what is longer."""
    return ". ".join(f"{escape(p.species)}: {said}" for p in found if (said := say(p)))


def rest_words(p: Published) -> str:
    shares = [percent(v) for v in p.rest[1:]]
    return (f"{percent(p.share[0], 2)} of the sum of squares in component 1, of the rest {listed(shares)} in "
            "components 2 to 6")


def mixture_words(results: Results, p: Published) -> str:
    """Of the cells with two Gaussians, how many need them."""
    judged = []
    for cell in (c for c in p.cells if c.means.size):
        mine = next((m for m in parts(results.file, "mixtures") if m.get("species") == p.species and
                     m.get("n") == p.second(cell.unlike) and same(number(m, "composition"), cell.x)), {})
        judged.append(index(mine, "k") or 0)
    judged = [k for k in judged if k > 0]
    return f"{sum(k == 1 for k in judged)} of {len(judged)} cells" if judged else ""


def slope_words(results: Results, p: Published) -> str:
    unit, factor = fine_unit(results.images[0].unit)
    ours, ours_factor = headline(results, p.species), factor * first_shell(results, p.species)
    theirs = fixed(p.sense * p.a * p.amplitude * factor, 2 if unit == "pm" else 4) + SPACE + unit
    a = measured(number(ours, "a") * ours_factor, number(ours, "se_a") * ours_factor, unit)
    return f"{theirs} against an unbiased {a}"


def ratio_words(results: Results, p: Published) -> str:
    if not math.isfinite(p.ratio):
        return ""
    of = {str(e.get("name")): e for e in estimates(results, p.species)}
    said = [measured(number(of.get(name, {}), "ratio"), number(of.get(name, {}), "se_ratio"))
            for name in ("gp_matrix", "folded_common", "second_shell")]
    return (f"{fixed(round(p.sense * p.ratio, 2) + 0.0, 2)} as published, {said[0]} by the same regression on the "
            f"scores of the offsets, {said[1]} unbiased, {said[2]} with the outer shells told apart")


def order_words(results: Results) -> str:
    said = ""
    if names := jumping(results):
        said += (f" In {listed([escape(n) for n in names])} a neighbour stands within 5° of where the angle jumps "
                 "from π to −π, so that noise changes the order of the distances, and the components mix.")
    if are_turned(results):
        said += (" The lattices of the images are turned by more than the order allows: the same place is another "
                 "neighbour in another image, and the arrows are those of the first.")
    return said


def differences(results: Results, found: list[Published]) -> list[str]:
    unit, factor = fine_unit(results.images[0].unit)
    s_unit = each(found, lambda p: length(p.singular_values[p.response] * factor, unit))
    cells = each(found, lambda p: mixture_words(results, p))
    own = "3a" if len(results.images) > 1 else "2a"
    said = ["Components: distances are not centred, so the first vector is the mean distance itself, and breathing "
            "is inside it; and six distances change alike in a zigzag and in a shift of the centre against its "
            f"neighbours, which offsets tell apart (Figure {own}), so noise of the centre adds to the response.",
            f"Scores: they are columns of U, without a unit, and shrink as one over the root of the number of atoms; "
            f"a score of 1 is here a change of the distances by {s_unit}, which the scales on the right undo.",
            "Neighbours: n counts those unlike the centre, so around the second species it runs backwards, n = 6 − "
            "unlike, and a changes its sign; b/(6a) is given here for neighbours of the second species.",
            "Mixtures: two Gaussians are fitted whatever the data say, where BIC, for the scores of the offsets, is "
            f"content with one in {cells}; a second component there is not supported by the data." if cells else "",
            "Slope: |score| folds the two signs onto each other where they overlap, so it stays above zero when D "
            "goes to zero, and a tends to come out flat: for each neighbour of the second species the amplitude of "
            "a zigzag grows by " + each(found, lambda p: slope_words(results, p)) + "."]
    if ratios := in_turn(found, lambda p: ratio_words(results, p)):
        said.append("Ratio: b/(6a) comes without an error, from predictions that give cells without atoms the weight "
                    "of measured ones; b rests on one composition for each image, and collects what the outer "
                    "shells do, whose composition follows that of the image. " + ratios + ".")
    return [s for s in said if s]


def caption(results: Results, found: list[Published], last: str) -> str:
    atoms = each(found, lambda p: f"{count(p.count)} atoms")
    few = sum(0 < c.count < FEW for p in found for c in p.cells)
    alone = any(p.images for p in found)
    of = "" if len(results.images) == 1 else " of all images together" + (
        "" if alone else " (the results have none of single images)")
    rows = (" Image by image: the singular vectors of each image alone; below each its share, as above, and how far it "
            "is that of all images together (the size of their scalar product); bold: the response."
            ) if alone and len(results.images) > 1 else ""
    ratios = (f" ({last}) b/(6a): thick bars standard errors, thin bars when one image is left out; blue: the unbiased "
              "estimate.") if last else ""
    items = "".join(f"<li>{d}</li>" for d in differences(results, found))
    return (f"The choices of the published analysis, at the positions found here ({atoms}, none nearer to the edge "
            "than 3 % of the side; the paper fits the filtered image, which adds a bias of its own that is not shown). "
            f"(a) Singular vectors{of}: the distances to the six nearest cations, in the order of their angle on the "
            "image, drawn as changes of distance in the lattice frame; below each: share of the sum of squares, the "
            "distortion it is most like and the overlap with that one's distances. "
            f"{in_turn(found, rest_words)}.{order_words(results)}{rows} (b) Their sizes for one atom, s/√atoms, "
            f"{'dashes: of each image alone, dark for small x; ' if rows else ''}beside the centred components where "
            "those are of six distances too. Then, for each species, left: the two "
            "Gaussians of each composition x and number of unlike neighbours (width: density, largest 1; bars: their "
            f"means; {count(few)} cells with 1 to {FEW - 1} atoms have none); right: the Gaussian process of "
            f"|score| in the cells that have atoms (open: fewer than {FEW}), its plane, and the unbiased D of the "
            f"first row in ‘Local against global’, in the first shell.{ratios} Where it differs from the unbiased "
            f"analysis, and why:<ul>{items}</ul>")

# SPDX-License-Identifier: Apache-2.0
"""The results file of dwellmap-analyze. Any part of it may be missing or null: then it is empty, or NaN."""
import dataclasses
import functools
import json
import math
import pathlib
from typing import Any

import numpy as np

CATION, ANION = 0, 1  # atoms.site
FEW = 20  # atoms in a cell below which nothing is said about its distribution


class NotResults(Exception):
    """The file is not one of results; the text says why."""


def number(of: dict, key: str) -> float:
    value = of.get(key)
    return float(value) if isinstance(value, (int, float)) else math.nan


def numbers(of: dict, key: str) -> np.ndarray:
    """Array of the values, null as NaN; one dimension less than the lists are deep where these differ in length."""
    value = of.get(key)
    try:
        return np.array(value if isinstance(value, list) else [], float)
    except (TypeError, ValueError):
        return np.array([])


def integers(of: dict, key: str, missing: int = -1) -> np.ndarray:
    values = numbers(of, key)
    return np.where(np.isfinite(values), values, missing).astype(int)


def part(of: dict, key: str) -> dict:
    value = of.get(key)
    return value if isinstance(value, dict) else {}


def parts(of: dict, key: str) -> list[dict]:
    value = of.get(key)
    return [p for p in value if isinstance(p, dict)] if isinstance(value, list) else []


def texts(of: dict, key: str) -> list[str]:
    value = of.get(key)
    return [str(t) for t in value] if isinstance(value, list) else []


def index(of: dict, key: str) -> int | None:
    value = of.get(key)
    return value if isinstance(value, int) else None


@dataclasses.dataclass
class Image:
    """One image of the series with its last frame."""
    series: dict
    frame: dict
    frames: int

    @property
    def file(self) -> str:
        return str(self.series.get("file", ""))

    @property
    def name(self) -> str:
        return str(self.series.get("name") or pathlib.PurePath(self.file).stem or "image")

    @property
    def unit(self) -> str:
        return "nm" if self.series.get("unit", self.frame.get("unit")) == "nm" else "px"

    @property
    def length_per_px(self) -> float:
        known = (number(of, "length_per_px") for of in (self.series, self.frame))
        return next((v for v in known if v > 0), 1.0)

    @property
    def composition(self) -> float:
        """The given one, else the measured one."""
        given = number(self.series, "composition")
        return given if math.isfinite(given) else number(self.series, "fraction_second")

    @property
    def label(self) -> str:
        return f"{self.name}, x = {self.composition:.2f}" if math.isfinite(self.composition) else self.name

    @property
    def complete(self) -> int | None:
        """Cations of the last frame with a complete neighbourhood."""
        flags = integers(part(self.frame, "atoms"), "complete")
        return int(np.sum(flags == 1)) if flags.size else None

    def sites(self, site: int) -> int | None:
        """How many columns of the last frame are of this kind, vacancies not counted; None if the file doesn't say."""
        atoms = part(self.frame, "atoms")
        kind, species = integers(atoms, "site"), integers(atoms, "species")
        if kind.size == 0 or kind.shape != species.shape:
            return None
        return int(np.sum((kind == site) & (species != 3)))


@dataclasses.dataclass
class Population:
    """The atoms of one species with a complete neighbourhood; arrays of one length."""
    species: str
    unit: str
    image: np.ndarray
    composition: np.ndarray
    x: np.ndarray
    y: np.ndarray
    n: np.ndarray
    kmeans: np.ndarray
    row_parity: np.ndarray
    scores: np.ndarray  # [3 x atoms]
    symmetry_breaking: np.ndarray
    isotropic: np.ndarray


class Results:
    def __init__(self, file: dict):
        self.file = file
        self.images = [self._image(s) for s in parts(file, "series")]
        known = (math.isfinite(i.composition) for i in self.images)
        self.compositions = sorted({i.composition for i, is_known in zip(self.images, known) if is_known})
        self.pca = parts(file, "pca")

    def _image(self, series: dict) -> Image:
        frames = [f for f in parts(self.file, "frames") if f.get("file") == series.get("file")]
        return Image(series, frames[-1] if frames else {}, len(frames))

    @property
    def species(self) -> list[str]:
        """Names of the two cations."""
        named = next((texts(i.series, "species") for i in self.images if len(texts(i.series, "species")) > 1), [])
        return named[:2] if named else ["first species", "second species"]

    def one(self, key: str, species: str) -> dict:
        """The entry of this species, of the whole series, in a list that has one for each."""
        found = [e for e in parts(self.file, key) if e.get("species") == species]
        whole = [e for e in found if e.get("scope", "series") == "series"]
        return (whole or (found if len(self.images) == 1 else []) or [{}])[0]

    def modes(self, species: str, image: Image | None = None) -> dict:
        """Principal components of the series, or of one image."""
        if image is None:
            return self.one("pca", species)
        return next((p for p in self.pca if p.get("species") == species and p.get("scope") == image.file), {})

    def cell(self, species: str, composition: float, n: int) -> dict:
        """The mixture of the atoms with n second-species neighbours in the images of one composition."""
        return next((m for m in parts(self.file, "mixtures") if m.get("species") == species and
                     m.get("n") == n and same(number(m, "composition"), composition)), {})

    @functools.cached_property
    def populations(self) -> dict[str, Population]:
        return {str(p.get("species")): self._population(p) for p in parts(self.file, "population")}

    def _population(self, entry: dict) -> Population:
        image = integers(entry, "image")
        count = image.size

        def values(key: str) -> np.ndarray:
            v = numbers(entry, key)
            return v if v.shape == (count,) else np.full(count, np.nan)

        def whole(key: str) -> np.ndarray:
            v = values(key)
            return np.where(np.isfinite(v), v, -1).astype(int)

        of_image = np.array([i.composition for i in self.images] + [math.nan])
        image = np.where((image >= 0) & (image < len(self.images)), image, -1)
        scores = numbers(entry, "scores")
        return Population(
            species=str(entry.get("species")), unit="nm" if entry.get("unit") == "nm" else "px", image=image,
            composition=of_image[image], x=values("x"), y=values("y"), n=whole("n"), kmeans=whole("class"),
            row_parity=values("row_parity"), symmetry_breaking=values("symmetry_breaking"),
            isotropic=values("isotropic"),
            scores=scores if scores.shape == (3, count) else np.full((3, count), np.nan))


def same(a: Any, b: float) -> Any:
    """Whether compositions are the same, numbers or arrays."""
    return abs(a - b) < 1e-4


def load(path: pathlib.Path) -> Results:
    try:
        file = json.loads(path.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, ValueError) as problem:
        raise NotResults(f"{path} is not JSON: {problem}") from problem
    if not isinstance(file, dict) or not parts(file, "series"):
        raise NotResults(f"{path} has no series[]: write it with dwellmap-analyze IMAGE... --results {path.name}")
    return Results(file)

# SPDX-License-Identifier: Apache-2.0
"""The command line of dwellmap-import."""
import argparse
import math
import pathlib
import sys
import time

from .problem import FileProblem, Parser, run


def pixel_nm(text: str) -> float:
    value = float(text)
    if not (math.isfinite(value) and value > 0):
        raise argparse.ArgumentTypeError(f"{text}: must be above 0")
    return value


def parse(arguments: list[str], version: str) -> argparse.Namespace:
    parser = Parser(prog="dwellmap-import", allow_abbrev=False, description=(
        "Images of other programs as a recording: each image or stack becomes a series of it. Reads Nion Swift's "
        ".ndata, .ndata1, .h5, .nhdf and .npy + .json, .tif, and with RosettaSciIO installed .dm3, .dm4, .emd, .ser, "
        "..."))
    parser.add_argument("files", nargs="+", type=pathlib.Path, metavar="FILE")
    parser.add_argument("--out", required=True, type=pathlib.Path, metavar="RECORDING.h5", help="new file")
    parser.add_argument("--pixel-nm", type=pixel_nm, metavar="P",
                        help="pixel size of all images, nm; instead of the files'")
    parser.add_argument("--channel", metavar="NAME",
                        help="only the images of this detector; it names those of files that don't")
    parser.add_argument("--compress", action="store_true", help="smaller, and slower to write (shuffle and deflate)")
    parser.add_argument("--version", action="version", version=f"dwellmap-import {version}")
    return parser.parse_args(arguments)


class Progress:
    """A line a second on stderr, while one file takes longer than that."""

    def __init__(self, path: pathlib.Path):
        self._path, self._next_s = path, time.monotonic() + 1

    def __call__(self, done: int, of: int) -> None:
        if time.monotonic() >= self._next_s:
            self._next_s = time.monotonic() + 1
            print(f"{self._path}: {done} of {of} frames", file=sys.stderr)


def add_file(path: pathlib.Path, recording, options: argparse.Namespace) -> None:
    from .calibration import Place
    from .read import read

    added, others = 0, set()
    for series in read(path, options.pixel_nm is not None):
        if options.channel and series.channel not in ("", options.channel):
            others.add(series.channel)
            continue
        added += 1
        series.channel = options.channel or series.channel
        if options.pixel_nm is not None:
            series.place = Place(options.pixel_nm)
        elif series.place.pixel_size_nm is None:
            print(f"{path}: pixel size not known ({series.place.why}); give --pixel-nm", file=sys.stderr)
        if series.rows_valid is not None:
            print(f"{path}: only its first {series.rows_valid} rows were scanned", file=sys.stderr)
        try:
            name = recording.add(series, path.name, Progress(path))
        except FileProblem as problem:
            raise FileProblem(f"{path}: {problem}") from problem
        frames, rows, cols = series.shape
        print(f"series {name}: {path.name}, {frames} x {rows} x {cols} {series.dtype.name}"
              + (f", {series.place.pixel_size_nm:.6g} nm/px" if series.place.pixel_size_nm else ""))
    if not added:
        raise FileProblem(f"{path}: no image of channel {options.channel}; "
                          f"it has {', '.join(sorted(others)) or 'no images'}")


def convert(options: argparse.Namespace, version: str) -> None:
    from .recording_file import RecordingFile  # only now: --help works without h5py

    with RecordingFile(options.out, f"dwellmap-import {version}", options.compress) as recording:
        for path in options.files:
            add_file(path, recording, options)
        recording.commit()


def main(arguments: list[str], version: str) -> None:
    options = parse(arguments, version)
    run("dwellmap-import", lambda: convert(options, version))

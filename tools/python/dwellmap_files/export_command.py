# SPDX-License-Identifier: Apache-2.0
"""The command line of dwellmap-export."""
import argparse
import os
import pathlib
import shutil
import tempfile

from .problem import FileProblem, Parser, run

FORMATS = ("csv", "h5", "tiff", "nhdf", "npy", "emd")


def formats(text: str) -> list[str]:
    chosen = text.split(",")
    if unknown := [f for f in chosen if f not in FORMATS]:
        raise argparse.ArgumentTypeError(f"{', '.join(unknown) or 'nothing'}: formats are {','.join(FORMATS)}")
    return chosen


def parse(arguments: list[str], version: str) -> argparse.Namespace:
    parser = Parser(prog="dwellmap-export", allow_abbrev=False, description=(
        "Results for other programs: csv (the atoms), tiff (ImageJ; a map each), nhdf and npy (+ json) for Nion Swift, "
        "emd (HyperSpy: all maps), h5 (all)."))
    parser.add_argument("source", type=pathlib.Path, metavar="RESULTS.h5", help="written by dwellmap-analyze --export")
    parser.add_argument("--out", required=True, type=pathlib.Path, metavar="DIR",
                        help="folder; files of the same names in it are replaced")
    parser.add_argument("--format", type=formats, default=["csv", "tiff"], metavar="F[,F...]",
                        help=f"of {','.join(FORMATS)}; csv,tiff if not given")
    parser.add_argument("--version", action="version", version=f"dwellmap-export {version}")
    return parser.parse_args(arguments)


def convert(options: argparse.Namespace) -> None:
    """All files are made in a folder of their own, and moved when they are whole."""
    from .export_formats import export_copy, export_csv, export_tiff  # only now: --help works without h5py
    from .export_nion import export_nhdf, export_npy
    from .results_file import ResultsFile

    writers = {"csv": export_csv, "h5": export_copy("h5"), "tiff": export_tiff, "nhdf": export_nhdf, "npy": export_npy,
               "emd": export_copy("emd")}
    with ResultsFile(options.source):
        pass
    options.out.mkdir(parents=True, exist_ok=True)
    folder = pathlib.Path(tempfile.mkdtemp(prefix=".dwellmap-export-", dir=options.out))
    try:
        for name in options.format:
            writers[name](options.source, folder)
        for path in sorted(folder.iterdir()):
            os.replace(path, options.out / path.name)
            print(options.out / path.name)
    except (RuntimeError, ValueError) as problem:  # HDF5's way to say that the disk is full
        raise FileProblem(f"cannot write to {options.out}: {problem}") from problem
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main(arguments: list[str], version: str) -> None:
    options = parse(arguments, version)
    run("dwellmap-export", lambda: convert(options))

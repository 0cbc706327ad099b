# SPDX-License-Identifier: Apache-2.0
"""The command line of dwellmap-report."""
import argparse
import pathlib
import shutil
import subprocess
import sys
from typing import NoReturn


class Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        sys.exit(f"{self.prog}: {message} (see --help)")


def fail(message: object) -> NoReturn:
    sys.exit(f"dwellmap-report: {message}")


def parse(arguments: list[str], version: str) -> argparse.Namespace:
    parser = Parser(prog="dwellmap-report", allow_abbrev=False, description=(
        "The figures of the paper for your data: one HTML page with vector plots, DIR/index.html."))
    parser.add_argument("input", nargs="+", type=pathlib.Path, metavar="RESULTS.json|IMAGE|RECORDING", help=(
        "a results file of dwellmap-analyze; or images, or a recording, that dwellmap-analyze is run on first"))
    parser.add_argument("--out", required=True, type=pathlib.Path, metavar="DIR", help="folder of the report")
    parser.add_argument("--version", action="version", version=f"dwellmap-report {version}")
    passed = parser.add_argument_group("passed on to dwellmap-analyze, when it is run")
    passed.add_argument("--composition", help="fraction of the second cation, one for all images or X,X,... in order")
    passed.add_argument("--pixel-nm", help="pixel size, nm")
    passed.add_argument("--species", help="names of the cations and of the anion: Mo,Re,S2")
    passed.add_argument("--config", help="settings, TOML")
    passed.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="one setting")
    options = parser.parse_args(arguments)
    if len(options.input) > 1 and any(is_results(p) for p in options.input):
        parser.error("give one results file, or images")
    return options


def is_results(path: pathlib.Path) -> bool:
    return path.suffix.lower() == ".json"


def analyse(options: argparse.Namespace, launcher: pathlib.Path) -> pathlib.Path:
    """Runs dwellmap-analyze. @return the results it wrote"""
    beside = launcher.with_name("dwellmap-analyze")
    program = str(beside) if beside.exists() else shutil.which("dwellmap-analyze")
    if program is None:
        fail(f"dwellmap-analyze is neither in {launcher.parent} nor in PATH; give a results file instead")
    results = options.out / "results.json"
    command = [program, *map(str, options.input), "--results", str(results)]
    for name in ("composition", "pixel_nm", "species", "config"):
        if getattr(options, name) is not None:
            command += ["--" + name.replace("_", "-"), getattr(options, name)]
    for setting in options.set:
        command += ["--set", setting]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        fail((done.stderr.strip().splitlines() or [f"dwellmap-analyze ended with {done.returncode}"])[-1])
    return results


def main(arguments: list[str], launcher: pathlib.Path, version: str) -> None:
    options = parse(arguments, version)
    try:
        from .compose import write_report  # only now: --help works without matplotlib
        from .results import NotResults
    except ModuleNotFoundError as missing:
        fail(f"{missing}: apt-get install python3-matplotlib")
    try:
        if unread := next((p for p in options.input if not p.exists()), None):
            fail(f"{unread} does not exist")
        options.out.mkdir(parents=True, exist_ok=True)
        results = options.input[0] if is_results(options.input[0]) else analyse(options, launcher)
        print(write_report(results, options.out, version))
    except NotResults as problem:
        fail(problem)
    except OSError as problem:
        fail(f"{problem.filename}: {problem.strerror}")

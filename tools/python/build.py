#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Puts the package dwellmap_client, whole, into a folder: our files, and in `wire` what flatc makes of the schemas.

The folder can be put on PYTHONPATH or given to pip (`pip install build/python`).
"""
import argparse
import pathlib
import re
import shutil
import subprocess
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
SCHEMAS = [ROOT / "firmware_bridge/wire" / name for name in ("frame.fbs", "result.fbs", "command.fbs")]


def relocated(code: str) -> str:
    """flatc's module as one of ours: tables are imported from beside it, and the short functions are left
    out, of which `Start` and `End` would hide the tables of that name."""
    code = code.replace("from dwellmap.wire.", "from .")
    return re.sub(r"^def (Start|End|Add\w+)\(builder.*\n    return .*\n?", "", code, flags=re.MULTILINE)


def generate(flatc: str, into: pathlib.Path) -> None:
    into.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([flatc, "--python", "-I", str(SCHEMAS[0].parent), "-o", folder, *map(str, SCHEMAS)], check=True)
        for module in pathlib.Path(folder, "dwellmap/wire").glob("*.py"):
            (into / module.name).write_text(relocated(module.read_text(encoding="utf-8")), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path, help="where the package goes, as build/python")
    parser.add_argument("--flatc", default="flatc", help="the FlatBuffers compiler")
    options = parser.parse_args()
    package = options.folder / "dwellmap_client"
    package.mkdir(parents=True, exist_ok=True)
    for name in ("pyproject.toml", "README.md", "example.py"):
        shutil.copyfile(HERE / name, options.folder / name)
    for module in (HERE / "dwellmap_client").glob("*.py"):
        shutil.copyfile(module, package / module.name)
    generate(options.flatc, package / "wire")


if __name__ == "__main__":
    main()

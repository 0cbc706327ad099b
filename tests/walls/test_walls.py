# SPDX-License-Identifier: Apache-2.0
"""The walls between the rooms: a source that includes a header of a room which its own may not see does not compile.

usage: test_walls.py BUILD_DIR
"""
import json
import pathlib
import re
import shlex
import subprocess
import sys
import unittest
from concurrent.futures import ThreadPoolExecutor

BUILD = pathlib.Path(sys.argv[1])
ROOT = pathlib.Path(__file__).resolve().parent.parent.parent

# Every room with the rooms that it sees beside itself; all see include/dwellmap. A room sees only rooms above it, so
# that nothing points back.
SEES = {
    "base": "",
    "wire": "base",
    "recording": "wire base",
    "stream": "recording wire",
    "simulator": "base",
    "image": "base",
    "fit": "image base",
    "columns": "fit image base",
    "atoms": "base",
    "frame": "columns fit image atoms base",
    "mixtures": "base",
    "regression": "base",
    "classes": "base",
    "views": "atoms base",
    "store": "recording wire",
    "series": "mixtures regression classes views store atoms base",
    "page": "series mixtures regression classes views store stream wire image atoms base",
    "app": "page frame series mixtures regression classes views store stream recording wire image atoms base",
}


def commands() -> dict[str, tuple[list[str], str]]:
    """Of each room the command that compiles one of its sources, without source and output, and its folder."""
    found: dict[str, tuple[list[str], str]] = {}
    for entry in json.loads((BUILD / "compile_commands.json").read_text(encoding="utf-8")):
        room = re.search(r"/dwellmap_(\w+)\.dir/", entry["command"])
        if room and room[1] in SEES and room[1] not in found:
            words = [w for w in shlex.split(entry["command"]) if w != "ccache"]
            words = words[:words.index("-o")] if "-o" in words else words
            found[room[1]] = ([*words, "-fsyntax-only", "-x", "c++", "-"], entry["directory"])
    return found


def header_of(room: str) -> str:
    """One that exists, as it is included."""
    entrance = BUILD / "rooms" / room / room
    return f"{room}/{sorted(p.name for p in entrance.glob('*.hpp'))[0]}"


class Walls(unittest.TestCase):
    def test_the_rooms_are_in_order(self) -> None:
        above: set[str] = set()
        for room, sees in SEES.items():
            self.assertLessEqual(set(sees.split()), above, f"{room} sees a room that is not above it")
            above.add(room)

    def test_an_include_across_a_wall_does_not_compile(self) -> None:
        of = commands()
        self.assertEqual(set(of), set(SEES), "rooms of the build and of this table")
        pairs = [(a, b) for a in SEES for b in SEES if b not in SEES[a].split()]  # with each room and itself: compiles

        def compiles(pair: tuple[str, str]) -> subprocess.CompletedProcess[str]:
            words, folder = of[pair[0]]
            return subprocess.run(words, cwd=folder, input=f'#include "{header_of(pair[1])}"\n', text=True,
                                  capture_output=True, check=False)

        with ThreadPoolExecutor() as pool:
            for (room, other), run in zip(pairs, pool.map(compiles, pairs)):
                with self.subTest(room=room, includes=header_of(other)):
                    if other == room:
                        self.assertEqual(run.returncode, 0, run.stderr)
                    else:
                        self.assertIn(f"{header_of(other)}: No such file", run.stderr)

    def test_no_include_climbs_over_a_wall(self) -> None:
        for folder in ("include", "firmware_bridge", "pipeline", "tools"):
            for source in [*(ROOT / folder).rglob("*.hpp"), *(ROOT / folder).rglob("*.cpp")]:
                self.assertNotRegex(source.read_text(encoding="utf-8"), r'#include\s*"[^"]*\.\./', str(source))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])

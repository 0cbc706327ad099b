# SPDX-License-Identifier: Apache-2.0
"""Results of dwellmap-analyze on small simulated images of two species, with the analyses beside the usual one."""
import copy
import functools
import json
import pathlib
import subprocess
import tempfile

SIZE_PX, PIXEL_NM = 320, 0.02
COMPOSITIONS = (0.4, 0.55, 0.45, 0.5, 0.6)  # of the images, in their order


@functools.cache
def _results(bin_dir: pathlib.Path, images: int) -> dict:
    with tempfile.TemporaryDirectory(prefix="dwellmap-results-") as name:
        folder, compositions = pathlib.Path(name), COMPOSITIONS[:images]
        files = [folder / f"image{k}.npy" for k in range(images)]
        for file, x in zip(files, compositions):
            subprocess.run([bin_dir / "dwellmap-simulate", "--size", str(SIZE_PX), "--pixel-nm", str(PIXEL_NM),
                            "--composition", str(x), "--frames", "1", "--seed", "3", "--out", file],
                           check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        subprocess.run([bin_dir / "dwellmap-analyze", *files, "--pixel-nm", str(PIXEL_NM),
                        "--composition", ",".join(map(str, compositions)),
                        "--set", "statistics.compatibility=paper", "--results", folder / "results.json"],
                       check=True, stdout=subprocess.DEVNULL)
        return json.loads((folder / "results.json").read_text(encoding="utf-8"))


def written(bin_dir: pathlib.Path, images: int = 2) -> dict:
    """@param images at most 5"""
    return copy.deepcopy(_results(bin_dir, images))


def change(part: dict, **known: object) -> None:
    """Puts values that a test knows in the place of written ones.

    @throws KeyError  the programs write no such field
    """
    for key, value in known.items():
        of, put = part[key], value
        if isinstance(of, list) and isinstance(put, list) and of and put:
            of, put = of[0], put[0]
        if isinstance(of, dict) and isinstance(put, dict) and not set(put) <= set(of):
            raise KeyError(f"{key}: {sorted(set(put) - set(of))}")
    part.update(known)

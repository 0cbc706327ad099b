# SPDX-License-Identifier: GPL-3.0-only
"""dwellmap beside Nion Swift: hands the rows that are scanned to an analyzer, and shows what it finds.

Everything goes through sockets (dwellmap_client); scanning is only watched, never started, slowed or changed.
"""
import pathlib
import sys

from nion.swift.model import PlugInManager

_bundled = pathlib.Path(__file__).resolve().parent / "lib"  # of the zip archive: dwellmap_client
if _bundled.is_dir() and str(_bundled) not in sys.path:
    sys.path.append(str(_bundled))

try:
    import dwellmap_client  # noqa: F401
except ModuleNotFoundError as missing:
    raise PlugInManager.RequirementsException(
        f"dwellmap needs {missing.name}: pip install pyzmq flatbuffers, in Nion Swift's Python") from missing

from . import extension  # noqa: E402,F401  Nion Swift looks for classes *Extension in a plug-in's modules

# SPDX-License-Identifier: Apache-2.0
"""The real programs for tests in Python: simulated images, an analyzer that is sent images. sys.argv[1]: BIN_DIR."""
import contextlib
import pathlib
import socket
import subprocess
import sys
import tempfile
import unittest
from collections.abc import Iterator
from typing import Any

import numpy as np
from dwellmap_client import FrameSender

BIN = pathlib.Path(sys.argv[1])
SIZE_PX, FRAMES, PIXEL_NM = 256, 3, 0.02
WAIT_S = 20


def free_endpoint() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"tcp://127.0.0.1:{probe.getsockname()[1]}"


@contextlib.contextmanager
def running(command: str, *arguments: object) -> Iterator[subprocess.Popen]:
    process = subprocess.Popen([BIN / command, *map(str, arguments)], stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(timeout=WAIT_S)


class Folder(unittest.TestCase):
    """A folder with a simulated stack of images."""
    folder: pathlib.Path
    file: pathlib.Path
    images: np.ndarray

    @classmethod
    def setUpClass(cls) -> None:
        folder = tempfile.TemporaryDirectory(prefix="dwellmap-client-")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        cls.file = cls.folder / "images.npy"
        subprocess.run([BIN / "dwellmap-simulate", "--size", str(SIZE_PX), "--frames", str(FRAMES), "--out", cls.file],
                       check=True, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        cls.images = np.load(cls.file)


class WithAnalyzer(Folder):
    def setUp(self) -> None:
        self.sender = FrameSender("tcp://127.0.0.1:*", wait_s=WAIT_S)
        self.addCleanup(self.sender.close)
        self.results_at, self.control_at = free_endpoint(), free_endpoint()
        self.stack = contextlib.ExitStack()
        self.addCleanup(lambda: self.stack.close())
        self.start_analyzer()

    def start_analyzer(self) -> None:
        self.stack.enter_context(running(
            "dwellmap", "--set", f"stream.input={self.sender.endpoint}", "--set", f"stream.publish={self.results_at}",
            "--set", f"stream.control={self.control_at}", "--set", "web.port=0", "--set",
            f"recording.folder={self.folder}"))
        self.assertTrue(self.sender.wait_for_subscriber(WAIT_S), "the analyzer did not come")

    def begin(self, **known: Any) -> str:
        return self.sender.start(SIZE_PX, SIZE_PX, pixel_size_nm=PIXEL_NM, composition=0.55, **known)

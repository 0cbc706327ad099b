# SPDX-License-Identifier: Apache-2.0
"""What is wrong with a file, as one line for the operator; and the command lines' way to say it."""
import argparse
import signal
import sys
from typing import NoReturn


class FileProblem(Exception):
    """One line: which file, which field of it, what to do."""


def one_line(problem: BaseException) -> str:
    return " ".join(str(problem).split()) or type(problem).__name__


class Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        sys.exit(f"{self.prog}: {message} (see --help)")


def run(program: str, work) -> NoReturn:
    """Calls work(); problems become one line and exit code 1. Interrupted, it clears up as after a problem."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        work()
    except FileProblem as problem:
        sys.exit(f"{program}: {one_line(problem)}")
    except ModuleNotFoundError as missing:
        sys.exit(f"{program}: {one_line(missing)}: apt-get install python3-numpy python3-h5py python3-tifffile")
    except MemoryError:
        sys.exit(f"{program}: out of memory")
    except OSError as problem:
        where = f"{problem.filename}: " if problem.filename else ""
        sys.exit(f"{program}: {where}{problem.strerror or one_line(problem)}")
    except KeyboardInterrupt:
        sys.exit(130)
    sys.exit(0)

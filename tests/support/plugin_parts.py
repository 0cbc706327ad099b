# SPDX-License-Identifier: Apache-2.0
"""The plug-in's modules without Nion Swift, as the package `plugin`, and the client they use.

Exit 77 where something is missing.
"""
import pathlib
import subprocess
import sys
import tempfile
import types

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
_client = tempfile.TemporaryDirectory(prefix="dwellmap-plugin-")
sys.path.insert(0, _client.name)
_package = types.ModuleType("plugin")  # the package without its __init__, which is Nion Swift's
_package.__path__ = [str(ROOT / "firmware_bridge/nionswift_plugin/dwellmap")]
sys.modules["plugin"] = _package
try:
    subprocess.run([sys.executable, ROOT / "tools/python/build.py", _client.name], check=True)
    import dwellmap_client  # noqa: F401
    import plugin.painting  # noqa: F401
    import zmq  # noqa: F401
except (FileNotFoundError, ModuleNotFoundError) as missing:
    print(f"{pathlib.Path(sys.argv[0]).name}: skipped, {missing} (apt-get install flatbuffers-compiler "
          "python3-flatbuffers python3-scipy python3-zmq)")
    sys.exit(77)

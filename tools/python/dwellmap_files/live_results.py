# SPDX-License-Identifier: Apache-2.0
"""Results as dwellmap_client receives them, for files of results."""
import numpy as np

from .results_file import ERROR_OF, MODES, MapLayer, ResultFrame, atoms_table

SITES = np.array(["cation", "anion", "other"])
SHORTER = {"se_pca", "pca", "zigzag", "site", "species", "shells_complete", "cell_i", "cell_j"}


def from_client(frame, name: str = "", parameters: str = "") -> ResultFrame:
    """@param frame  a dwellmap_client.Frame: the atoms and the map of one frame"""
    atoms, nm = frame.atoms, frame.atoms.pixel_size_nm
    columns = {key: column for key, column in atoms.columns.items() if key not in SHORTER}
    columns.update(frame=np.full(len(atoms), frame.number), site=as_bytes(SITES[np.minimum(atoms["site"], 2)]),
                   species=as_bytes(atoms.names()), complete=atoms["shells_complete"])
    columns.update({f"score_{k + 1}": atoms["pca"][:, k] for k in range(min(MODES, atoms["pca"].shape[1]))})
    columns.update({f"zigzag_{k}": atoms["zigzag"][:, k] for k in range(3)})
    if nm is not None:
        columns.update({f"{key}_nm": columns[f"{key}_px"] * np.float64(nm) for key in ("x", "y", "se_x", "se_y")})
        columns["width_nm"] = np.full(len(atoms), atoms.width_px * nm)
    maps = {key: MapLayer(layer.value, layer.sigma) for key, layer in frame.maps.items()
            if not key.startswith(ERROR_OF)}
    return ResultFrame(frame.uuid, frame.number, atoms_table(columns, len(atoms)), maps, frame.map.step_px, nm, name,
                       atoms.unit, atoms.version, parameters)


def as_bytes(texts: np.ndarray) -> np.ndarray:
    return np.char.encode(texts.astype(str), "utf-8")

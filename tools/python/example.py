# SPDX-License-Identifier: Apache-2.0
# %% [markdown]
# # The next frame of a running analyzer
# Cells for an editor that knows `# %%` (Spyder, VS Code, PyCharm), or a program:
# `python3 build/python/example.py --picture frame.png`

# %%
import argparse

import matplotlib.pyplot as plt
from dwellmap_client import Site, results

parser = argparse.ArgumentParser()
parser.add_argument("--endpoint", default="tcp://127.0.0.1:5556")
parser.add_argument("--picture", default="frame.png")
options, _ = parser.parse_known_args()  # a notebook has arguments of its own

# %% The newest complete frame
frame = next(results(options.endpoint, timeout_s=60))
atoms, statistics = frame.atoms, frame.statistics
print(f"frame {frame.number}: {len(atoms)} columns, lattice parameter {statistics.lattice['a_px']:.3f} px")
print("\n".join(statistics.note_texts))

# %% Its cations by species, and where the crystal breaks its symmetry
figure, (left, right) = plt.subplots(1, 2, figsize=(11, 5), sharex=True, sharey=True, layout="constrained")
cations = (atoms["site"] == Site.cation) & (atoms["flags"] == 0)
for species in atoms.species_names[:2]:
    chosen = cations & (atoms.names() == species)
    left.scatter(atoms["x_px"][chosen], atoms["y_px"][chosen], s=8, label=f"{species}: {chosen.sum()}")
left.set(title="cations", xlabel="x (px)", ylabel="y (px)", aspect="equal")
left.legend()

layer = frame.maps["order_parameter"]
rows_px, cols_px = (side * frame.map.step_px for side in layer.value.shape)
shown = right.imshow(layer.value, extent=(-0.5, cols_px - 0.5, rows_px - 0.5, -0.5), cmap="viridis")
right.set(title="order parameter", xlabel="x (px)")
figure.colorbar(shown, ax=right, label=frame.map.unit)

# %%
figure.savefig(options.picture, dpi=150)
print(f"wrote {options.picture}")

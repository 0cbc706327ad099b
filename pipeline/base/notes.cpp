// SPDX-License-Identifier: Apache-2.0
#include "dwellmap/types.hpp"

namespace dwellmap {

const char* to_string(Note note) noexcept {
    switch (note) {
        case note_no_scale: return "no pixel size was given: lengths are in px";
        case note_one_species: return "the cations have one contrast: no second species was found";
        case note_quantile_differs:
            return "the literal quantile rule would label more than 1 % of the cations otherwise";
        case note_sublattices_alike:
            return "both sublattices have the same contrast: which is called the cations is "
                   "arbitrary";
        case note_no_anions: return "only one sublattice stands out: no anion columns";
        case note_other_lattice:
            return "lattice or contrast is not the configured specimen's: species are numbered, "
                   "not named (set specimen.species)";
        case note_not_hexagonal:
            return "the three row spacings differ by more than 10 %: scan distortion or another "
                   "lattice";
        case note_few_atoms:
            return "fewer than 30 complete neighbourhoods: no principal components yet";
        case note_rows_lost: return "rows of this frame were lost";
        case note_drift_lost:
            return "this frame could not be placed on the earlier ones: ids start anew";
        case note_atoms_dropped: return "more columns than the buffers hold: some were dropped";
    }
    return "unknown";
}

}  // namespace dwellmap

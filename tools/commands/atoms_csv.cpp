// SPDX-License-Identifier: Apache-2.0
#include "commands/atoms_csv.hpp"

#include <cmath>

namespace dwellmap {
namespace {

struct Cell {
    double value;
};

std::ostream& operator<<(std::ostream& out, Cell c) {
    out << ',';
    return std::isfinite(c.value) ? out << c.value : out;
}

}  // namespace

const char* to_string(Site s) {
    switch (s) {
        case Site::cation: return "cation";
        case Site::anion: return "anion";
        case Site::other: return "other";
    }
    return "other";
}

void write_atoms_header(std::ostream& out) {
    out << "frame,id,x_px,y_px,x_nm,y_nm,se_x_nm,se_y_nm,amplitude,background,width_nm,site,"
           "species,n,complete,flags";
    for (int k = 1; k <= kModes; ++k) {
        out << ",score_" << k;
    }
    out << ",isotropic,zigzag_0,zigzag_1,zigzag_2,order_parameter,se_isotropic,se_order_parameter,"
           "p_second,se_amplitude,chi2,se_x_px,se_y_px\n";
}

void write_atoms(std::ostream& out, const FrameResult& result, std::uint64_t frame) {
    out.precision(7);
    const double nm = result.pixel_size_nm;  // NaN without a scale, and so are the cells
    for (std::size_t k = 0; k < result.atoms.size(); ++k) {
        const Atom& a = result.atoms[k];
        const Scores& s = result.scores[k];
        const int species = a.species;
        out << frame << ',';
        if (a.id >= 0) {
            out << a.id;
        }
        out << Cell{a.x_px} << Cell{a.y_px} << Cell{a.x_px * nm} << Cell{a.y_px * nm}
            << Cell{a.se_x_px * nm} << Cell{a.se_y_px * nm} << Cell{a.amplitude}
            << Cell{a.background} << Cell{result.sigma_px * nm} << ',' << to_string(a.site) << ','
            << (species >= 0 ? result.species_names[static_cast<std::size_t>(species)] : "") << ',';
        if (a.n >= 0) {
            out << static_cast<int>(a.n);
        }
        out << ',' << static_cast<int>(a.complete) << ',' << a.flags;
        for (const float v : s.pca) {
            out << Cell{v};
        }
        out << Cell{s.isotropic} << Cell{s.zigzag[0]} << Cell{s.zigzag[1]} << Cell{s.zigzag[2]}
            << Cell{s.order_parameter} << Cell{s.se_isotropic} << Cell{s.se_order_parameter}
            << Cell{a.p_second} << Cell{a.se_amplitude} << Cell{a.chi2} << Cell{a.se_x_px}
            << Cell{a.se_y_px} << '\n';
    }
}

}  // namespace dwellmap

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>

#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace dwellmap {

/// Name of a field of view: of the stream's series; "/1", "/2", ... when the place was lost and tracks started anew.
inline std::string field_key(const std::string& uuid, int visit) {
    return visit > 0 ? uuid + '/' + std::to_string(visit) : uuid;
}

/// The cations of one field of view whose neighbourhoods were complete: what a composition series is made of.
///
/// One entry an atom (a track, not a sighting), at its mean over the frames since it last changed species. All vectors have the
/// same length. Lengths are in `unit`; offsets are in the lattice frame, in the order of neighbour_sites().
struct FieldOfView {
    std::string key;                           ///< field_key()
    std::string name;                          ///< for people
    std::string unit;                          ///< "nm", or "px" where nobody gave a scale
    std::array<std::string, 4> species_names;  ///< first, second, anion, vacancy
    double composition = std::numeric_limits<double>::quiet_NaN();      ///< given; NaN: nobody did
    double fraction_second = std::numeric_limits<double>::quiet_NaN();  ///< measured, last frame
    double width = 0, height = 0;                                       ///< of the image, length
    double a = 0;             ///< lattice parameter, length, last frame
    double rotation_rad = 0;  ///< of the lattice frame against +x, counter-clockwise on screen
    int neighbours = 0;       ///< N
    std::int64_t frames = 0;

    std::vector<std::int64_t> id;      ///< of the track
    std::vector<double> x, y;          ///< position in the first frame of the series, length
    std::vector<std::int16_t> i, j;    ///< unit cell in the last frame's lattice
    std::vector<std::int8_t> species;  ///< species_first or species_second
    std::vector<std::int8_t> n;        ///< second-species cations in the first shell, 0..6
    std::vector<std::int8_t>
        n_outer;                     ///< and in the second and third, 0..12; -1: not all are known
    std::vector<std::int32_t> seen;  ///< frames behind the mean
    std::vector<float> se_score;     ///< standard error of a unit pattern's score, length
    Eigen::MatrixXd offsets;         ///< [2N × atoms] mean offsets

    void clear_atoms() {
        id.clear();
        x.clear();
        y.clear();
        i.clear();
        j.clear();
        species.clear();
        n.clear();
        n_outer.clear();
        seen.clear();
        se_score.clear();
    }

    std::size_t size() const noexcept { return id.size(); }

    /// x of statistics: the given composition, or the measured one.
    double x_of_series() const noexcept {
        return std::isfinite(composition) ? composition : fraction_second;
    }
};

}  // namespace dwellmap

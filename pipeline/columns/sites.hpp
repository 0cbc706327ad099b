// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/cells.hpp"
#include "base/lattice.hpp"
#include "base/point_grid.hpp"
#include "columns/coarse_background.hpp"
#include "dwellmap/types.hpp"
#include "image/find.hpp"

#include <array>
#include <vector>

namespace dwellmap {

/// Peaks + lattice -> columns with a place in the lattice. Intensity alone does not tell which column is which
/// (a dopant can be darker than an anion, a site can be vacant, a Mo between Re is no maximum): the lattice does.
///
///   1. from the brightest neighbourhood, the first sublattice is grown from peak to peak along the lattice vectors,
///      which follow the local distortion; gaps with three known neighbours become columns too;
///      beyond lost rows, tears and holes it goes on from another peak that stands on the same lattice;
///   2. the centres of the triangles, pointing up or down, are occupied if the mean image says so;
///   3. strong peaks that fit nowhere are columns of their own (Site::other): adatoms, contamination, another grain.
///
/// Cost linear in the peaks. The constructor allocates, run() does not.
class SiteFinder {
public:
    SiteFinder(int rows_px, int cols_px, std::size_t max_peaks);

    /// @param filtered   rows 0…rows_in−1 are final
    /// @param lattice    in: a guess; out: fitted to the sites found
    /// @param threshold  of the bright columns' height above background, for Site::other
    /// @param atoms      [capacity as given by its owner] x, y, amplitude (rough), background (rough), site, i, j
    /// @return false: no lattice grows in these peaks
    bool run(const Image& filtered, int rows_in, const std::vector<Peak>& peaks, double threshold,
             Lattice& lattice, std::vector<Atom>& atoms, Cells& cells) noexcept;

    /// Mean height of the first sublattice in the filtered image, above background; of the last run().
    double mean_height() const noexcept { return mean_height_; }

private:
    struct Node {
        std::int32_t atom;
        Eigen::Vector2f a1, a2;  // local lattice vectors
    };

    struct Triangle {
        std::array<std::array<int, 2>, 3> corner;  // cells, relative to the triangle's own
        int site;                                  // its centre's place in the cell
    };
    static constexpr std::array<Triangle, 2> kTriangles{
        {{{{{0, 0}, {1, 0}, {0, 1}}}, 1}, {{{{1, 1}, {1, 0}, {0, 1}}}, 2}}};

    static constexpr std::size_t kFewestCations = 7;

    static Eigen::Vector2f position(const Atom& a) noexcept { return {a.x_px, a.y_px}; }
    float value(const Image& filtered, float x_px, float y_px) const noexcept;
    bool site_of(const Peak& peak, const Lattice& lattice, int& i, int& j) const noexcept;
    int seed(const std::vector<Peak>& peaks, const Lattice& lattice) const noexcept;
    bool begin_part(const std::vector<Peak>& peaks, const Lattice& lattice,
                    std::vector<Atom>& atoms, Cells& cells) noexcept;
    void grow(const std::vector<Peak>& peaks, const Lattice& lattice, std::vector<Atom>& atoms,
              Cells& cells) noexcept;
    void try_step(const std::vector<Peak>& peaks, const Lattice& lattice, const Node& from,
                  const std::array<int, 2>& step, std::vector<Atom>& atoms, Cells& cells) noexcept;
    void fill_gaps(const Lattice& lattice, std::vector<Atom>& atoms, Cells& cells) noexcept;
    static bool centre(const Atom& a, const Triangle& triangle, const std::vector<Atom>& atoms,
                       const Cells& cells, Eigen::Vector2f& at) noexcept;
    std::array<bool, 2> occupied_triangles(const Image& filtered, const std::vector<Atom>& atoms,
                                           const Cells& cells) const noexcept;
    void fill_triangles(const Triangle& triangle, const std::vector<Peak>& peaks,
                        const Lattice& lattice, std::vector<Atom>& atoms, Cells& cells) noexcept;
    void add_others(const std::vector<Peak>& peaks, const Lattice& lattice, double threshold,
                    std::vector<Atom>& atoms) noexcept;
    bool add(float x_px, float y_px, Site site, int i, int j, std::vector<Atom>& atoms) noexcept;
    void fit_lattice(const std::vector<Atom>& atoms, Lattice& lattice) noexcept;

    int rows_px_, cols_px_, rows_in_ = 0;
    PointGrid peak_grid_;
    std::vector<std::int8_t> taken_;   // [peaks]
    std::vector<Node> queue_;          // in order of growth: queue_[k] made atom k
    std::size_t grown_ = 0;            // nodes of the queue whose neighbours have been looked for
    Eigen::Vector2d origin_px_{0, 0};  // of cell (0, 0)
    CoarseBackground background_;
    double mean_height_ = 0;
    const Image* filtered_ = nullptr;
};

}  // namespace dwellmap

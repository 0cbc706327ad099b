// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/cells.hpp"
#include "base/helper.hpp"
#include "columns/cation_pairs.hpp"
#include "columns/prediction.hpp"
#include "columns/sites.hpp"
#include "columns/sublattice.hpp"
#include "dwellmap/config.hpp"
#include "dwellmap/error.hpp"
#include "dwellmap/types.hpp"
#include "fit/band_fit.hpp"
#include "fit/refine.hpp"
#include "image/extremes.hpp"
#include "image/filter.hpp"
#include "image/find.hpp"
#include "image/spectrum_lattice.hpp"

#include <array>
#include <limits>
#include <optional>
#include <vector>

namespace dwellmap {

/// The rows of a frame, as they come → its columns: positions, amplitudes, errors, sites.
///
/// Begins from what the complete frames before have shown (lattice, width, background, where columns stand), so that bands of
/// expected columns are fitted behind the beam; a frame of which nothing is known is searched as a whole.
/// Rows are filtered and searched once.
class FrameColumns {
public:
    /// @param pixel_size_nm NaN: not known
    FrameColumns(const Config& config, const Series& series, double pixel_size_nm,
                 std::size_t max_atoms, Helper& helper);

    /// @param rows_in rows at the top that are there
    /// @return whether nothing of this frame had been seen
    bool begin(const Frame& frame, int rows_in) noexcept;

    /// Counts → two lattice vectors, unless known.
    FrameStatus guess_lattice(const Frame& frame) noexcept;

    /// The rows that filter(), find() and follow() work on next: some at a time, which stay in the cache from one to the
    /// next.
    void take_rows() noexcept;
    bool rows_left() const noexcept { return rows_at_hand_ < rows_in_; }
    FrameStatus filter(const Frame& frame) noexcept;  ///< counts → smooth image
    FrameStatus find() noexcept;                      ///< smooth image → peaks
    FrameStatus follow(const Frame& frame) noexcept;  ///< expected columns, peaks, counts → columns

    /// All columns of the rows that are there, with what is of the whole frame, into the result.
    FrameStatus refine(const Frame& frame, FrameResult& result) noexcept;

    /// What the next frame starts from: the lattice and the fit of this complete one.
    /// @return drift expected from it to the next, px; none: it shows no columns to expect
    std::optional<Eigen::Vector2d> remember(const FrameResult& result) noexcept;
    /// After it, at the same time if one likes: how bright the sublattices are, and the columns to expect.
    /// @param track_of [atoms] from the Tracker
    void measure_sublattices() noexcept;
    void expect(const FrameResult& result, const Eigen::Vector2d& step_px,
                const std::vector<std::int32_t>& track_of) noexcept;
    void forget() noexcept;  ///< this frame was given up

    /// Whether the columns are those of the frame before, where the bands follow them.
    bool expected() const noexcept { return expected_; }
    const std::vector<std::int32_t>& expected_tracks() const noexcept {
        return prediction_.tracks();
    }
    /// How many of the result's columns have final neighbours.
    std::size_t surrounded(const FrameResult& result) const noexcept {
        return !expected_ || result.complete ? result.atoms.size() : bands_.surrounded();
    }
    /// The lattice that says which column is whose neighbour.
    const Lattice& sites(const FrameResult& result) const noexcept {
        return expected_ ? known_lattice_ : result.lattice;
    }
    const Cells& cells() const noexcept { return cells_; }

    double first_direction_rad() const noexcept { return first_direction_rad_; }
    void set_first_direction(double direction_rad) noexcept {
        first_direction_rad_ = direction_rad;
    }

private:
    void begin_rows(std::uint64_t number) noexcept;
    FrameStatus check(const Frame& frame) noexcept;
    void add_pairs(int half, int first_band, int last_band) noexcept;
    bool take_expected(const Frame& frame, FrameResult& result) noexcept;
    FrameStatus refine_anew(const Frame& frame, FrameResult& result) noexcept;
    void complete_lattice(FrameResult& result) noexcept;

    const double pixel_size_nm_, filter_fwhm_nm_, find_threshold_;
    const int passes_;
    Helper& helper_;
    SpectrumLattice spectrum_;
    Filter filter_;
    PeakFinder find_;
    SiteFinder sites_;
    Refiner refine_;
    BandFit bands_;
    Prediction prediction_;
    SublatticeSorter sublattices_;

    // of the frame at hand
    static constexpr std::uint64_t kNoFrame = ~std::uint64_t{0};
    std::uint64_t frame_number_ = kNoFrame;
    int rows_in_ = 0, rows_at_hand_ = 0, rows_checked_ = 0, rows_filtered_ = 0, rows_searched_ = 0;
    Extremes extremes_;  // counts, of the rows checked
    bool expected_ = false;
    std::vector<Atom> columns_;           // of the bands
    std::array<CationPairs, 2> pairs_;    // of the halves of the bands
    int labelled_ = 0, paired_ = 0;       // bands: vacancies are known, pairs are summed
    std::vector<std::int32_t> no_track_;  // [atoms] -1
    double filter_sigma_px_ = 0, peak_radius_px_ = 0;
    Lattice lattice_;  // what its search starts from
    Image filtered_;
    Cells cells_;
    FrameFit fit_;

    // of the complete frames so far
    Lattice known_lattice_;
    FrameFit known_fit_;
    double peak_height_ = 0;  // of the cations in the filtered image, above background
    Eigen::Vector2d known_drift_px_{0, 0};
    double first_direction_rad_ = std::numeric_limits<double>::quiet_NaN();
};

}  // namespace dwellmap

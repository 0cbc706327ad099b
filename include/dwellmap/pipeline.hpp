// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dwellmap/band_fit.hpp"
#include "dwellmap/cells.hpp"
#include "dwellmap/config.hpp"
#include "dwellmap/error.hpp"
#include "dwellmap/filter.hpp"
#include "dwellmap/find.hpp"
#include "dwellmap/helper.hpp"
#include "dwellmap/lattice.hpp"
#include "dwellmap/map.hpp"
#include "dwellmap/neighbourhood.hpp"
#include "dwellmap/prediction.hpp"
#include "dwellmap/refine.hpp"
#include "dwellmap/sites.hpp"
#include "dwellmap/species.hpp"
#include "dwellmap/statistics.hpp"
#include "dwellmap/sublattice.hpp"
#include "dwellmap/track.hpp"
#include "dwellmap/types.hpp"

#include <memory>
#include <vector>

namespace dwellmap {

/// All stages for the frames of one series, from counts to maps.
///
/// A frame may be given many times while it grows, row block after row block, and once complete. Rows are
/// filtered and searched once; what is fitted before the end is provisional and changes no state. The result of a
/// complete frame depends on the complete frames before it and on nothing else: not on how it was cut.
class Pipeline {
public:
    Pipeline(const Config& config, std::shared_ptr<const Series> series);

    /// With every buffer at its final size.
    FrameResult make_result() const;

    [[nodiscard]] FrameStatus process(const Frame& frame, FrameResult& result) noexcept;

    const Statistics& statistics() const noexcept { return statistics_; }

    /// The cations of this field of view as all complete frames show them. Allocates; 1 ms of 10,000 columns.
    /// @param last result of the last complete frame
    std::shared_ptr<const FieldOfView> field_of_view(const FrameResult& last) const;

    /// Begins with this visit of the place instead of visit 0: earlier ones are in the library already.
    void set_visit(int visit) noexcept { visit_ = visit; }

    /// Which of the six equivalent lattice directions is called "first": that of the first complete frame, or, if set before
    /// it, the one nearest to an earlier image's. NaN: not known yet.
    double first_direction_rad() const noexcept { return first_direction_rad_; }
    void set_first_direction(double direction_rad) noexcept {
        first_direction_rad_ = direction_rad;
    }

private:
    FrameStatus begin(const Frame& frame, FrameResult& result) noexcept;
    void begin_rows(std::uint64_t number) noexcept;
    void take_rows() noexcept;
    FrameStatus check(const Frame& frame) noexcept;
    FrameStatus guess_lattice(const Frame& frame) noexcept;
    FrameStatus filter(const Frame& frame) noexcept;
    FrameStatus find(const Frame& frame) noexcept;
    FrameStatus refine(const Frame& frame, FrameResult& result) noexcept;
    FrameStatus follow(const Frame& frame) noexcept;
    bool take_expected(const Frame& frame, FrameResult& result) noexcept;
    FrameStatus refine_anew(const Frame& frame, FrameResult& result) noexcept;
    void complete_lattice(FrameResult& result) noexcept;
    FrameStatus sort_species(const Frame& frame, FrameResult& result) noexcept;
    FrameStatus track(const Frame& frame, FrameResult& result) noexcept;
    FrameStatus measure(FrameResult& result) noexcept;
    FrameStatus accumulate(const Frame& frame, FrameResult& result) noexcept;
    FrameStatus paint(FrameResult& result) noexcept;
    void prepare_next(FrameStatus status, FrameResult& result) noexcept;
    void remember(const FrameResult& result) noexcept;

    Config config_;
    std::shared_ptr<const Series> series_;
    double pixel_size_nm_, composition_;
    bool names_trusted_;
    std::size_t max_atoms_;

    Helper helper_;
    SpectrumLattice spectrum_;
    Filter filter_;
    PeakFinder find_;
    SiteFinder sites_;
    Refiner refine_;
    BandFit bands_;
    Prediction prediction_;
    SublatticeSorter sublattices_;
    SpeciesSorter species_;
    Tracker track_;
    Neighbourhoods neighbourhoods_;
    Statistics statistics_;
    MapPainter map_;

    // of the frame at hand
    std::uint64_t frame_number_ = ~std::uint64_t{0};
    int rows_in_ = 0, rows_at_hand_ = 0, rows_checked_ = 0, rows_filtered_ = 0, rows_searched_ = 0;
    float least_ = 0, most_ = 0;  // counts, of the rows checked
    bool expected_ = false;       // its columns are expected, and the bands follow them
    std::vector<Atom> columns_;   // of the bands
    std::size_t surrounded_ = 0;  // of the result's, in order: their neighbourhoods are final
    std::size_t painted_ = 0;     // of those
    double filter_sigma_px_ = 0, peak_radius_px_ = 0;
    Lattice lattice_;  // what its search starts from
    Image filtered_;
    Cells cells_;
    FrameFit fit_;
    std::vector<std::int32_t> track_of_;  // [atoms]

    // of the complete frames so far
    Lattice known_lattice_;
    FrameFit known_fit_;
    double peak_height_ = 0;  // of the cations in the filtered image, above background
    Eigen::Vector2d known_drift_px_{0, 0};
    std::int64_t frames_here_ = 0;  // of this field of view
    int visit_ = 0;                 // counts up when the place is lost
    double first_direction_rad_ = std::numeric_limits<double>::quiet_NaN();
};

}  // namespace dwellmap

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dwellmap/config.hpp"
#include "dwellmap/error.hpp"
#include "dwellmap/frame_columns.hpp"
#include "dwellmap/helper.hpp"
#include "dwellmap/map.hpp"
#include "dwellmap/neighbourhood.hpp"
#include "dwellmap/species.hpp"
#include "dwellmap/statistics.hpp"
#include "dwellmap/track.hpp"
#include "dwellmap/types.hpp"

#include <functional>
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

    /// Called when the result is there, before the next frame is prepared for; not if the frame was given up. May not throw.
    using Publish = std::function<void()>;

    [[nodiscard]] FrameStatus process(const Frame& frame, FrameResult& result,
                                      const Publish& publish = {}) noexcept;

    const Statistics& statistics() const noexcept { return statistics_; }

    /// The cations of this field of view as all complete frames show them. Allocates; 1 ms of 10,000 columns.
    /// @param last result of the last complete frame
    std::shared_ptr<const FieldOfView> field_of_view(const FrameResult& last) const;

    /// Begins with this visit of the place instead of visit 0: earlier ones are in the library already.
    void set_visit(int visit) noexcept { visit_ = visit; }
    int visit() const noexcept { return visit_; }  ///< counts up when the place is lost

    /// Goes on from the visit before set_visit(), which an earlier run has seen, if the first complete frame shows that place
    /// (find_again()) and is not one of those that it was made of. Before the first frame.
    /// @param earlier may be null
    void resume(std::shared_ptr<const FieldOfView> earlier);
    std::int64_t frames_resumed() const noexcept {
        return frames_resumed_;
    }  ///< complete frames of an earlier run that this one goes on from

    /// Which of the six equivalent lattice directions is called "first": that of the first complete frame, or, if set before
    /// it, the one nearest to an earlier image's. NaN: not known yet.
    double first_direction_rad() const noexcept { return columns_.first_direction_rad(); }
    void set_first_direction(double direction_rad) noexcept {
        columns_.set_first_direction(direction_rad);
    }

private:
    FrameStatus analyse(const Frame& frame, FrameResult& result) noexcept;
    FrameStatus begin(const Frame& frame, FrameResult& result) noexcept;
    FrameStatus sort_species(FrameResult& result) noexcept;
    FrameStatus track(const Frame& frame, FrameResult& result) noexcept;
    void take_up(const Frame& frame, const FrameResult& result) noexcept;
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
    FrameColumns columns_;
    SpeciesSorter species_;
    Tracker track_;
    Neighbourhoods neighbourhoods_;
    Statistics statistics_;
    MapPainter map_;

    // of the frame at hand
    std::size_t surrounded_ =
        0;                     // of the result's columns, in order: their neighbourhoods are final
    std::size_t painted_ = 0;  // of those
    std::vector<std::int32_t> track_of_;  // [atoms]

    // of the complete frames so far
    std::int64_t frames_here_ = 0;  // of this field of view
    std::int64_t frames_resumed_ = 0;
    int visit_ = 0;
    std::shared_ptr<const FieldOfView> earlier_;  // until the first complete frame
};

}  // namespace dwellmap

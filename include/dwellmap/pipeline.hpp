// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dwellmap/config.hpp"
#include "dwellmap/error.hpp"
#include "dwellmap/field_of_view.hpp"
#include "dwellmap/types.hpp"

#include <cstdint>
#include <functional>
#include <memory>

namespace dwellmap {

class Statistics;

/// All stages for the frames of one series, from counts to maps.
///
/// A frame may be given many times while it grows, row block after row block, and once complete. Rows are
/// filtered and searched once; what is fitted before the end is provisional and changes no state. The result of a
/// complete frame depends on the complete frames before it and on nothing else: not on how it was cut.
/// The constructor allocates, process() does not. Not thread-safe.
class Pipeline {
public:
    Pipeline(const Config& config, std::shared_ptr<const Series> series);
    ~Pipeline();
    Pipeline(Pipeline&&) noexcept;
    Pipeline& operator=(Pipeline&&) noexcept;

    /// With every buffer at its final size.
    FrameResult make_result() const;

    /// Called when the result is there, before the next frame is prepared for; not if the frame was given up. May not throw.
    using Publish = std::function<void()>;

    [[nodiscard]] FrameStatus process(const Frame& frame, FrameResult& result,
                                      const Publish& publish = {}) noexcept;

    /// The neighbourhoods of the series so far; complete only within dwellmap.
    const Statistics& statistics() const noexcept;

    /// The cations of this field of view as all complete frames show them. Allocates; 1 ms of 10,000 columns.
    /// @param last result of the last complete frame
    std::shared_ptr<const FieldOfView> field_of_view(const FrameResult& last) const;

    /// Begins with this visit of the place instead of visit 0: earlier ones are in the library already.
    void set_visit(int visit) noexcept;
    int visit() const noexcept;  ///< counts up when the place is lost

    /// Goes on from the visit before set_visit(), which an earlier run has seen, if the first complete frame shows that
    /// place and is not one of those that it was made of. Before the first frame.
    /// @param earlier may be null
    void resume(std::shared_ptr<const FieldOfView> earlier);
    std::int64_t frames_resumed()
        const noexcept;  ///< complete frames of an earlier run that this one goes on from

    /// Which of the six equivalent lattice directions is called "first": that of the first complete frame, or, if set before
    /// it, the one nearest to an earlier image's. NaN: not known yet.
    double first_direction_rad() const noexcept;
    void set_first_direction(double direction_rad) noexcept;

private:
    class Stages;
    std::unique_ptr<Stages> stages_;
};

}  // namespace dwellmap

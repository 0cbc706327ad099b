// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dwellmap/field_of_view.hpp"
#include "dwellmap/types.hpp"

#include <Eigen/Core>

#include <cstdint>
#include <memory>
#include <optional>

namespace dwellmap {

/// The visits of a place: a series shows one place until it is lost, then the next visit begins with frames of its own.
/// The first visit of a run may go on from the one of an earlier run, which is in the library.
class PlaceHistory {
public:
    struct Earlier {
        std::shared_ptr<const FieldOfView> field;
        Eigen::Vector2d drift_px;  ///< of the frame that was placed on it, against its first frame
    };

    void set_visit(int visit) noexcept { visit_ = visit; }
    int visit() const noexcept { return visit_; }

    /// @param earlier the visit before this one; looked for in the first complete frame
    void resume(std::shared_ptr<const FieldOfView> earlier) { earlier_ = std::move(earlier); }

    /// The earlier run's field of view if this complete frame, the first one, shows its place (find_again()). This visit then
    /// is that one. A frame whose number is below the field's count of frames is played again, and is a visit of its own.
    std::optional<Earlier> find_earlier(std::uint64_t frame_number,
                                        const FrameResult& result) noexcept;

    void add_frame() noexcept { ++frames_; }  ///< a complete frame shows this place
    void leave() noexcept;                    ///< the next frames show another place

    /// Complete frames of an earlier run that this one goes on from.
    std::int64_t frames_resumed() const noexcept { return frames_resumed_; }

    /// A field of view without its cations: the key of this visit, names, size and lattice.
    /// @param last result of the last complete frame
    std::shared_ptr<FieldOfView> describe(const Series& series, const FrameResult& last) const;

private:
    std::int64_t frames_ = 0;  // of this visit
    std::int64_t frames_resumed_ = 0;
    int visit_ = 0;
    std::shared_ptr<const FieldOfView> earlier_;  // until the first complete frame
};

}  // namespace dwellmap

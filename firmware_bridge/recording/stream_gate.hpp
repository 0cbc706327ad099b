// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dwellmap/frame_message.hpp"

#include <cstdint>
#include <string>

namespace dwellmap {

/// Which messages of a stream a recording needs: the first start of each series, rows and end of the one that runs. By the same
/// rules as FrameAssembler; that a frame is over already is not known here.
class StreamGate {
public:
    bool admits(const FrameMessage& message);

private:
    bool admits(const Envelope& envelope, const StartMessage& start);
    bool admits(const Envelope& envelope, const RowsMessage& rows) const;
    bool admits(const Envelope& envelope, const EndMessage& end);

    bool runs(const Envelope& envelope, std::string_view uuid) const {
        return running_ && envelope.stamp.session == stamp_.session && uuid == uuid_;
    }

    bool running_ = false;
    Stamp stamp_;       // of the newest start
    std::string uuid_;  // of the series, as all below
    int rows_px_ = 0, cols_px_ = 0;
    PixelType type_ = PixelType::f32;
    std::uint64_t expected_frames_ = 0;
};

}  // namespace dwellmap

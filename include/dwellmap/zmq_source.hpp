// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dwellmap/config.hpp"
#include "dwellmap/reject.hpp"
#include "dwellmap/source.hpp"

#include <memory>

namespace dwellmap {

class Recorder;

/// The live stream of a microscope. A thread of its own owns the SUB socket: it receives, checks,
/// merges row blocks and leaves the newest state of the frame for next(). Reconnects by itself, so it
/// never reports the end. The destructor takes at most a second.
class ZmqSource : public FrameSource {
public:
    /// Connects; nobody needs to be there yet. @throws SetupError if config.input is not an address
    /// @param recorder is given every message that passes the checks; may be null
    explicit ZmqSource(const StreamConfig& config, Recorder* recorder = nullptr);
    ~ZmqSource() override;

    Event next(Frame& into) override;
    Counters counters() const override;  ///< without analysed and failed
    StreamState state() const override;

    RejectCounts rejected() const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace dwellmap

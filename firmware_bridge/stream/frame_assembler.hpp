// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dwellmap/frame_message.hpp"
#include "dwellmap/types.hpp"
#include "stream/sequence.hpp"

#include <array>
#include <functional>
#include <optional>

namespace dwellmap {

/// Messages of a stream, in whatever order and state they come → frames.
///
/// One frame is open at a time. It closes when all its rows are there and one block said complete; or,
/// with its missing rows counted as lost, at the first block of a later frame, of a new series or
/// session, or at the end of its series. What comes for a closed frame is an orphan. Rows once merged
/// are not overwritten. Not thread-safe.
class FrameAssembler {
public:
    /// Called with the open frame whenever it got rows, and once with `complete` when it closes.
    using Changed = std::function<void(const Frame&)>;

    explicit FrameAssembler(Changed changed);

    /// @param now_ns steady clock, when the message had arrived
    void accept(const FrameMessage& message, std::int64_t now_ns);

    /// A message that could not even be decoded.
    void reject(RejectReason reason);

    /// All but overwritten, analysed and failed, which happen further down.
    Counters counters() const noexcept;
    const RejectCounts& rejected() const noexcept { return rejected_; }

    bool running() const noexcept {
        return running_;
    }  ///< between the start and the end of a series
    bool ended() const noexcept { return series_ != nullptr && !running_; }

private:
    enum class Fate { merged, duplicate, orphan, rejected };

    void count_rejected(RejectReason reason);
    bool enter_session(const Envelope& envelope, bool may_open);
    Sequence& sequence(Kind kind) { return sequences_[static_cast<std::size_t>(kind)]; }
    Sequence::Arrival arrived(const Envelope& envelope);

    void handle(const Envelope& envelope, const StartMessage& m);
    void handle(const Envelope& envelope, const RowsMessage& m, std::int64_t now_ns);
    void handle(const Envelope& envelope, const EndMessage& m);
    void handle(const Envelope& envelope, const HeartbeatMessage& m);

    Fate place(const RowsMessage& m, std::int64_t now_ns);
    void open_frame(std::uint64_t number);
    bool merge(const RowsMessage& m, std::int64_t now_ns);
    void close_frame();

    Changed changed_;
    Counters counters_;
    RejectCounts rejected_{};

    std::optional<std::uint64_t> session_;
    std::array<Sequence, kKindCount> sequences_;
    std::uint64_t lost_in_earlier_sessions_ = 0;

    std::shared_ptr<const Series> series_;
    PixelType pixel_type_ = PixelType::f32;
    bool running_ = false;

    Frame frame_;
    bool open_ = false;
    bool sender_is_done_ = false;  // a block of the open frame said complete
    std::optional<std::uint64_t> last_closed_;
    bool last_closed_was_whole_ = false;
};

}  // namespace dwellmap

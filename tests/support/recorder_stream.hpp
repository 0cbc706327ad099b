// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dwellmap/recording_reader.hpp"
#include "recording/recorder.hpp"
#include "support/folder.hpp"
#include "support/stream.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace dwellmap::testing {

inline constexpr int kRows = 8, kCols = 16;
inline constexpr std::int64_t kSecond_ns = 1'000'000'000;

inline std::int64_t now_ns() {
    return std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds(1);
}

/// A sender and the receiver's thread in one: messages go through their bytes.
struct RecorderStream {
    Recorder& recorder;
    std::uint64_t session = 1, seq = 0;
    std::int64_t now = now_ns();

    template <class Message>
    void send(const Message& message) {
        auto owner =
            std::make_shared<const std::vector<std::byte>>(encode(message, Stamp{session, seq++}));
        const Bytes bytes = *owner;
        const auto decoded = decode_frame_message(bytes);
        if (decoded.reason != RejectReason::none) {
            throw std::logic_error(std::string(to_string(decoded.reason)));
        }
        recorder.message({std::move(owner), bytes}, decoded, now);
    }

    void start(const std::string& uuid = kUuid, int rows = kRows, int cols = kCols) {
        send(start_message(rows, cols, PixelType::f32, uuid));
    }

    void rows(std::uint64_t frame, int first, int count, const std::string& uuid = kUuid,
              int all_rows = kRows, int cols = kCols) {
        const auto values = pixels(frame, first, count, cols);
        auto m = rows_message(frame, all_rows, cols, first, count, values);
        m.uuid = uuid;
        send(m);
    }

    void frame(std::uint64_t number, const std::string& uuid = kUuid) {
        rows(number, 0, kRows / 2, uuid);
        rows(number, kRows / 2, kRows / 2, uuid);
    }

    void end(const std::string& uuid = kUuid) {
        EndMessage m;
        m.uuid = uuid;
        m.reason = "done";
        m.frames_sent = 7;
        send(m);
    }
};

inline RecordingConfig config(const Folder& folder) {
    RecordingConfig c;
    c.folder = folder / "";
    return c;
}

inline std::vector<std::uint64_t> numbers(const RecordedSeries& series) {
    std::vector<std::uint64_t> all;
    for (const auto& frame : series.index) {
        all.push_back(frame.number);
    }
    return all;
}

}  // namespace dwellmap::testing

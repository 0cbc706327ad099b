// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "commands/player.hpp"
#include "dwellmap/frame_message.hpp"

#include <catch2/catch.hpp>
#include <zmq.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace dwellmap::testing {

inline constexpr int kRows = 12, kCols = 20;

/// All that a player sends, decoded.
struct Heard {
    std::vector<StartMessage> starts;  // each series once
    std::vector<RowsMessage> rows;     // without pixels
    std::vector<std::string> ends;     // reasons, each series once
    std::map<std::uint64_t, Image> frames;
};

class Listener {
public:
    explicit Listener(const std::string& endpoint) {
        socket_.set(zmq::sockopt::linger, 0);
        socket_.set(zmq::sockopt::rcvtimeo, 5000);
        socket_.connect(endpoint);
        socket_.set(zmq::sockopt::subscribe, "");
    }

    /// Until enough(heard), or nothing more comes.
    template <class F>
    void listen(Heard& heard, const F& enough) {
        zmq::message_t message;
        while (!enough(heard) && socket_.recv(message)) {
            take(heard, decode_frame_message({message.data<std::byte>(), message.size()}));
        }
    }

private:
    void take(Heard& heard, const FrameMessage& message) {
        REQUIRE(message.reason == RejectReason::none);
        if (const auto* start = std::get_if<StartMessage>(&message.content)) {
            if (heard.starts.empty() || heard.starts.back().series.uuid != start->series.uuid) {
                heard.starts.push_back(*start);
            }
        } else if (const auto* rows = std::get_if<RowsMessage>(&message.content)) {
            auto& image = heard.frames[rows->frame];
            if (image.size() == 0) {
                image.setZero(rows->rows_px, rows->cols_px);
            }
            const auto pixels = static_cast<std::size_t>(rows->row_count * rows->cols_px);
            to_float(rows->pixel_type, rows->pixels, {&image(rows->first_row, 0), pixels});
            heard.rows.push_back(*rows);
        } else if (const auto* end = std::get_if<EndMessage>(&message.content)) {
            if (end->uuid != last_end_) {
                heard.ends.emplace_back(end->reason);
                last_end_ = end->uuid;
            }
        }
    }

    zmq::context_t context_{1};
    zmq::socket_t socket_{context_, zmq::socket_type::sub};
    std::string last_end_;
};

inline std::vector<Reel> reels_of(const std::vector<std::string>& files, const PlayCut& cut = {}) {
    std::vector<Reel> reels;
    for (const auto& file : files) {
        for (const auto& input : find_images(file)) {
            if (reels.empty() || !reels.back().append(input)) {
                reels.emplace_back(input, cut);
            }
        }
    }
    return reels;
}

inline PlaySettings as_fast_as_possible() {
    PlaySettings s;
    s.speed = 0;
    return s;
}

}  // namespace dwellmap::testing

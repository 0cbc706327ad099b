// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dwellmap/types.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <deque>
#include <string>

namespace dwellmap {

/// Values of the last 200 complete frames of a series, with standard errors: is the specimen changing?
/// Kept here and not in the page, which neither sees every frame nor remembers them when it is loaded again.
class WebTrend {
public:
    /// Starts anew with another series; partial frames are passed over: they show another place, not another time.
    void add(const FrameResult& result);

    /// { frame[], order_parameter[], se_order_parameter[], fraction[], se_fraction[], lattice[], se_lattice[] }
    /// Lengths in the frames' unit; null where a frame had no such value.
    nlohmann::json json() const;

private:
    struct Value {
        double value, error;
    };
    struct Point {
        std::uint64_t frame;
        Value order_parameter, fraction, lattice;
    };
    static Value mean_order_parameter(const FrameResult& result);
    static Value second_fraction(const FrameResult& result);

    std::string series_;
    std::deque<Point> points_;
};

}  // namespace dwellmap

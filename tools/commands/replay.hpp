// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dwellmap/recording_reader.hpp"

#include <nlohmann/json.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace dwellmap {

/// The live analysis that a recorded series tells of, and whether ours comes to the same.
///
///     Replay replay(series);
///     for (const auto& step : replay.steps()) {   // if it has any
///         // step.begins: a new pipeline; analyse frame step.frame; then
///         replay.compare(result_hash(result));    // 0: given up
///     }
///     std::cout << replay.text();
class Replay {
public:
    struct Step {
        std::size_t frame;       ///< in the series' index
        std::uint64_t number;    ///< of the frame
        std::uint64_t expected;  ///< hash of the live results
        bool begins;             ///< a new analysis
    };

    Replay() = default;

    /// Finds the frames that the live analysis saw, in its order; none if they are not all there.
    explicit Replay(const RecordedSeries& series);

    /// The recording has results, so that there is something to say.
    bool has_results() const noexcept { return has_results_; }

    /// Empty: nothing to compare with.
    const std::vector<Step>& steps() const noexcept { return steps_; }

    /// From now on there is nothing to compare. @param why half a sentence
    void give_up(const std::string& why);

    /// Of the next step. @param hash result_hash(), or 0 if the frame was given up @return whether it is the live run's
    bool compare(std::uint64_t hash) noexcept;

    /// Something differs.
    bool differs() const noexcept { return same_ < compared_; }

    /// One sentence for the operator.
    std::string text() const;

    /// possible, compared, same, first_difference (number of the frame, or null), text
    nlohmann::json json() const;

private:
    std::string plan(const RecordedSeries& series);

    bool has_results_ = false;
    std::string why_not_;  // nothing is compared
    std::string software_;
    std::vector<Step> steps_;
    std::size_t compared_ = 0, same_ = 0;
    std::optional<std::uint64_t> first_difference_;  // number of the frame
};

}  // namespace dwellmap

// SPDX-License-Identifier: Apache-2.0
#include "commands/replay.hpp"

#include <algorithm>

namespace dwellmap {
namespace {

constexpr const char* kSoftware = "dwellmap " DWELLMAP_VERSION;

/// The frame of a number, rather after `from` than before.
std::optional<std::size_t> find_frame(const std::vector<RecordedFrame>& index, std::size_t from,
                                      std::uint64_t number) {
    const auto is = [&](const RecordedFrame& f) { return f.number == number; };
    const auto begin = index.begin() + static_cast<std::ptrdiff_t>(from);
    auto found = std::find_if(begin, index.end(), is);
    if (found == index.end()) {
        found = std::find_if(index.begin(), begin, is);
        if (found == begin) {
            return std::nullopt;
        }
    }
    return static_cast<std::size_t>(found - index.begin());
}

}  // namespace

Replay::Replay(const RecordedSeries& series)
    : has_results_(!series.results.empty()), software_(series.software) {
    if (const auto why = plan(series); !why.empty()) {
        give_up(why);
    }
}

/// @return why the live analysis can't be repeated; empty: it can
std::string Replay::plan(const RecordedSeries& series) {
    std::size_t from = 0;
    std::uint64_t next = 0;
    for (const auto& result : series.results) {
        const auto name = "frame " + std::to_string(result.number);
        const bool begins = result.position == 0;
        if (!begins && result.position != next) {
            return steps_.empty()
                       ? "the live analysis had seen " + std::to_string(result.position) +
                             " frames before the recording began"
                       : "the result of a frame before " + name + " is missing";
        }
        const auto frame = find_frame(series.index, begins ? 0 : from, result.number);
        if (!frame) {
            return name + ", which the live analysis saw, is not in the recording";
        }
        if (series.index[*frame].blocks_lost > 0) {
            return "the recorder had to leave out rows of " + name;
        }
        steps_.push_back({*frame, result.number, result.hash, begins});
        from = *frame + 1;
        next = result.position + 1;
    }
    return {};
}

void Replay::give_up(const std::string& why) {
    why_not_ = why;
    steps_.clear();
    compared_ = same_ = 0;
    first_difference_.reset();
}

bool Replay::compare(std::uint64_t hash) noexcept {
    const Step& step = steps_[compared_++];
    const bool same = hash == step.expected;
    same_ += same ? 1 : 0;
    if (!same && !first_difference_) {
        first_difference_ = step.number;
    }
    return same;
}

std::string Replay::text() const {
    if (!why_not_.empty()) {
        return "cannot be compared with the live run: " + why_not_;
    }
    std::string out = "results of " + std::to_string(same_) + " of " + std::to_string(compared_) +
                      " frames are those of the live run, bit for bit";
    if (first_difference_) {
        out += "; frame " + std::to_string(*first_difference_) + " differs first, likely because ";
        out += software_ == kSoftware
                   ? "the live run was on a machine or build of another kind"
                   : "the live run was of " + (software_.empty() ? "another version" : software_) +
                         ", this is " + kSoftware;
    }
    return out;
}

nlohmann::json Replay::json() const {
    return {{"possible", why_not_.empty()},
            {"compared", compared_},
            {"same", same_},
            {"first_difference",
             first_difference_ ? nlohmann::json(*first_difference_) : nlohmann::json()},
            {"text", text()}};
}

}  // namespace dwellmap

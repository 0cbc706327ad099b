// SPDX-License-Identifier: Apache-2.0
#include "commands/play_reel.hpp"

#include "dwellmap/error.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

namespace dwellmap {
namespace {

constexpr int kRowsPerBlock = 16;
constexpr double kDwell_us = 1;  // where nobody knows

bool same(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }

double first_known(double a, double b) { return std::isfinite(a) ? a : b; }

/// The first and the last block of the frames of a series.
std::pair<std::int64_t, std::int64_t> span_ns(const RecordedSeries& s) {
    std::int64_t first = std::numeric_limits<std::int64_t>::max(), last = 0;
    for (const auto& f : s.index) {
        for (auto b = f.first_block; b < f.first_block + f.block_count; ++b) {
            first = std::min(first, s.blocks[b].received_ns);
            last = std::max(last, s.blocks[b].received_ns);
        }
    }
    return {first, last};
}

/// Of images that a program computed, which can hold anything.
std::string not_finite(const RecordedImage& image) {
    std::size_t at = 0;
    for (; at < image.pixels.size(); at += sizeof(float)) {
        float value = 0;
        std::memcpy(&value, image.pixels.data() + at, sizeof(float));
        if (!std::isfinite(value)) {
            const auto cols = image.pixels.size() / sizeof(float) / image.row_valid.size();
            const auto pixel = at / sizeof(float);
            return " (pixel (" + std::to_string(pixel % cols) + ", " +
                   std::to_string(pixel / cols) + ") is not a finite number)";
        }
    }
    return {};
}

}  // namespace

Reel::Reel(ImageInput input, const PlayCut& cut) : cut_(cut), parts_{{std::move(input), 0}} {
    const ImageReader reader(parts_[0].input);
    start_ = reader.start();
    Series& s = start_.series;
    s.pixel_size_nm = first_known(cut.pixel_nm, s.pixel_size_nm);
    s.composition = first_known(cut.composition, s.composition);
    if (std::isfinite(cut.dwell_us) || !std::isfinite(s.line_us)) {
        const bool known = !std::isfinite(cut.dwell_us) && std::isfinite(s.dwell_us);
        s.dwell_us = known ? s.dwell_us : first_known(cut.dwell_us, kDwell_us);
        s.flyback_us = known ? first_known(s.flyback_us, 0) : 0;
        s.line_us = s.dwell_us * s.cols_px + s.flyback_us;
    }
    line_ns_ = s.line_us * 1000;
    as_recorded_ = !cut.again() && has_times();
    begins_.resize(reader.frames());
    set_times();
    if (parts_[0].input.recorded() == nullptr) {
        s.expected_frames = frames();
    }
}

bool Reel::append(const ImageInput& input) {
    if (input.recorded() != nullptr || parts_[0].input.recorded() != nullptr) {
        return false;
    }
    const ImageReader reader(input);
    const Series& s = reader.start().series;
    if (s.rows_px != start_.series.rows_px || s.cols_px != start_.series.cols_px ||
        !same(first_known(cut_.pixel_nm, s.pixel_size_nm), start_.series.pixel_size_nm)) {
        return false;
    }
    parts_.push_back({input, frames()});
    begins_.resize(frames() + reader.frames());
    set_times();
    start_.series.expected_frames = frames();
    return true;
}

std::string Reel::end_reason() const {
    const auto* recorded = parts_[0].input.recorded();
    return recorded == nullptr || recorded->end_reason.empty() ? "done" : recorded->end_reason;
}

/// Every frame has blocks, and their times were measured.
bool Reel::has_times() const {
    const auto* s = parts_[0].input.recorded();
    if (s == nullptr || s->index.empty() ||
        !std::all_of(s->index.begin(), s->index.end(),
                     [](const RecordedFrame& f) { return f.block_count > 0; })) {
        return false;
    }
    const auto [first, last] = span_ns(*s);
    return last > first;
}

void Reel::set_times() {
    if (!as_recorded_) {
        const double frame_ns = line_ns_ * start_.series.rows_px;
        for (std::size_t k = 0; k < frames(); ++k) {
            begins_[k] = std::llround(frame_ns * static_cast<double>(k));
        }
        length_ns_ = std::llround(frame_ns * static_cast<double>(frames()));
        return;
    }
    const auto& s = *parts_[0].input.recorded();
    const auto [first, last] = span_ns(s);
    first_ns_ = first;
    for (std::size_t k = 0; k < frames(); ++k) {
        begins_[k] = s.blocks[s.index[k].first_block].received_ns - first;
    }
    length_ns_ = last - first;
}

std::int64_t Reel::pause_before_ns() const {
    const auto& input = parts_[0].input;
    if (!as_recorded_ || input.series == 0) {
        return 0;
    }
    const auto before = span_ns(input.recording->series()[input.series - 1]);
    return std::max<std::int64_t>(0, span_ns(*input.recorded()).first - before.second);
}

std::vector<PlayBlock> Reel::recorded_blocks(std::size_t frame) const {
    const auto& s = *parts_[0].input.recorded();
    std::vector<PlayBlock> out;
    const auto& f = s.index[frame];
    for (auto k = f.first_block; k < f.first_block + f.block_count; ++k) {
        const auto& b = s.blocks[k];
        out.push_back({static_cast<int>(b.first_row), static_cast<int>(b.row_count),
                       b.complete != 0, b.received_ns - first_ns_});
    }
    return out;
}

/// Rows that never came are left out.
std::vector<PlayBlock> Reel::cut_blocks(std::size_t frame, const RecordedImage& image) const {
    const int rows = static_cast<int>(image.row_valid.size());
    const int most = cut_.rows_per_block > 0 ? cut_.rows_per_block : kRowsPerBlock;
    const auto valid = [&](int row) { return image.row_valid[static_cast<std::size_t>(row)] != 0; };
    std::vector<PlayBlock> out;
    for (int row = 0; row < rows;) {
        if (!valid(row)) {
            ++row;
            continue;
        }
        const int first = row;
        while (row < rows && row < first + most && valid(row)) {
            ++row;
        }
        out.push_back({first, row - first, false, begins_[frame] + std::llround(line_ns_ * row)});
    }
    if (!out.empty()) {
        out.back().complete = true;
    }
    return out;
}

PlayFrame Reel::read(std::size_t frame) {
    const auto part = std::find_if(parts_.rbegin(), parts_.rend(),
                                   [&](const Part& p) { return p.first <= frame; });
    const auto index = static_cast<std::size_t>(parts_.rend() - part) - 1;
    PlayFrame out;
    out.name = part->input.label + " [" + std::to_string(frame - part->first) + "]";
    try {
        if (!reader_ || open_ != index) {
            reader_.emplace(part->input);
            open_ = index;
        }
        reader_->read(frame - part->first, out.image);
    } catch (const SetupError& e) {
        out.damage = e.what();
        return out;
    }
    if (part->input.recorded() == nullptr) {
        out.image.number = frame;
        out.name += not_finite(out.image);
    }
    out.blocks = as_recorded_ ? recorded_blocks(frame) : cut_blocks(frame, out.image);
    return out;
}

}  // namespace dwellmap

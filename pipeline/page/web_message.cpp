// SPDX-License-Identifier: Apache-2.0
#include "page/web_message.hpp"

#include "page/result_json.hpp"
#include "wire/command.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <string_view>

namespace dwellmap {
namespace {

static_assert(std::endian::native == std::endian::little,
              "the maps are sent as they are in memory");

using nlohmann::json;

json milliseconds(float us) { return std::round(us / 10) / 100; }

json status_json(const WebStatus& s) {
    json out{{"version", DWELLMAP_VERSION}, {"state", to_string(s.state)},
             {"counters", nullptr},         {"silence_s", nullptr},
             {"latency", nullptr},          {"recording", recording_json(s.recording)}};
    out["recording"]["before_s"] = s.before_s;
    if (s.heard) {
        const std::chrono::duration<double> silence = std::chrono::steady_clock::now() - *s.heard;
        out["counters"] = counters_json(s.counters);
        out["silence_s"] = std::round(silence.count() * 10) / 10;
    }
    if (s.latencies.count() > 0)
        out["latency"] = {{"median_ms", milliseconds(s.latencies.median_us())},
                          {"worst_ms", milliseconds(s.latencies.worst_us())},
                          {"count", s.latencies.count()}};
    return out;
}

/// The scanned rows, as [first, count] of each run.
json valid_rows(const Frame& frame) {
    json out = json::array();
    const auto& valid = frame.row_valid;
    for (auto it = valid.begin(); it != valid.end();) {
        const auto first = std::find(it, valid.end(), 1);
        it = std::find(first, valid.end(), 0);
        if (first != it)
            out.push_back({first - valid.begin(), it - first});
    }
    return out;
}

/// Without their numbers, which follow as floats: as text they would be most of the message.
json map_headers(const FrameResult& r) {
    json out = json::array();
    for (const auto& m : r.maps)
        out.push_back({{"name", m.name},
                       {"rows", m.value.rows()},
                       {"cols", m.value.cols()},
                       {"step_px", r.map_step_px}});
    return out;
}

std::string framed(const std::string& text, std::size_t room) {
    const auto size = static_cast<std::uint32_t>(text.size());
    std::string out;
    out.reserve(4 + text.size() + room);
    for (unsigned shift = 0; shift < 32; shift += 8)
        out.push_back(static_cast<char>(static_cast<unsigned char>(size >> shift)));
    return out += text;
}

}  // namespace

float RecentLatencies::median_us() const noexcept {
    auto sorted = ring_;
    const auto n = static_cast<std::ptrdiff_t>(count());
    std::sort(sorted.begin(), sorted.begin() + n);
    return sorted[count() / 2];
}

float RecentLatencies::worst_us() const noexcept {
    return *std::max_element(ring_.begin(), ring_.end());
}

nlohmann::json recording_json(const RecordingStatus& r) {
    return {{"state", to_string(r.state)},
            {"file", r.file},
            {"error", r.error},
            {"frames", r.frames},
            {"blocks_dropped", r.blocks_dropped},
            {"bytes", r.bytes},
            {"seconds", r.seconds}};
}

std::string status_message(const WebStatus& status) {
    return framed(to_text({{"status", status_json(status)}}), 0);
}

std::string analysis_message(const WebStatus& status, const std::string& analysis) {
    return framed(
        R"({"status":)" + to_text(status_json(status)) + R"(,"analysis":)" + analysis + "}", 0);
}

std::string frame_message(const WebStatus& status, const FrameResult& result, const Frame& frame,
                          const GreyImage& image) {
    const json j{{"status", status_json(status)},
                 {"frame", frame_json(result)},
                 {"series", frame.series ? series_json(*frame.series) : json(nullptr)},
                 {"pca", pca_json(result)},
                 {"maps", map_headers(result)},
                 {"flags", flag_texts_json()},
                 {"stages", kStageNames},  // in order, which the keys of an object are not
                 {"rows", valid_rows(frame)},
                 {"trend", status.trend.json()},
                 {"image",
                  {{"width", image.width},
                   {"height", image.height},
                   {"factor", image.factor},
                   {"rows_px", frame.counts.rows()},
                   {"cols_px", frame.counts.cols()},
                   {"low", image.low},
                   {"high", image.high}}}};
    std::size_t floats = 0;
    for (const auto& map : result.maps)
        floats += static_cast<std::size_t>(map.value.size() + map.sigma.size());
    std::string out = framed(to_text(j), image.pixels.size() + 4 + floats * sizeof(float));
    out.append(image.pixels.begin(), image.pixels.end());
    out.append((4 - out.size() % 4) % 4, '\0');
    for (const auto& map : result.maps)
        for (const auto* layer : {&map.value, &map.sigma})
            out.append(reinterpret_cast<const char*>(layer->data()),
                       static_cast<std::size_t>(layer->size()) * sizeof(float));
    return out;
}

}  // namespace dwellmap

// SPDX-License-Identifier: Apache-2.0
// Plays images as the stream of a microscope.
#include "dwellmap/error.hpp"
#include "dwellmap/frame_publisher.hpp"
#include "dwellmap/npy.hpp"
#include "sidecar.hpp"

#include <CLI/CLI.hpp>

#include <cmath>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace dwellmap {
namespace {

volatile bool stop_requested = false;
extern "C" void request_stop(int /*signal*/) { stop_requested = true; }

struct Options {
    std::vector<std::string> files;
    std::string endpoint = "tcp://127.0.0.1:5555";
    std::string speed = "1";
    double dwell_us = 1;
    double pixel_nm = std::numeric_limits<double>::quiet_NaN();
    double composition = std::numeric_limits<double>::quiet_NaN();
    double wait_subscriber_s = 10;
    int rows_per_block = 16;
    bool loop = false, allow_any_address = false;
};

/// Files that follow each other and are frames of one series: same shape, same pixel size.
struct Group {
    Series series;
    std::vector<std::string> files;
};

/// @return the exit status if there is nothing left to do (--help, a mistake)
std::optional<int> parse(int argc, char** argv, Options& o) {
    CLI::App app(
        "Plays .npy images and stacks as the stream of a microscope. Files of one shape are the\n"
        "frames of one series; another shape or pixel size begins a new one. A NAME.json beside\n"
        "NAME.npy gives the pixel size (pixel_size_nm).");
    app.set_version_flag("--version", DWELLMAP_VERSION);
    app.add_option("FILE", o.files, "images (rows, cols) or stacks (frames, rows, cols)")
        ->required();
    app.add_option("--endpoint", o.endpoint, "address to publish on")->capture_default_str();
    app.add_option("--speed", o.speed, "times the speed of the scan, or max")
        ->capture_default_str();
    app.add_option("--dwell-us", o.dwell_us, "time a pixel took")
        ->check(CLI::Range(1e-3, 1e6))
        ->capture_default_str();
    app.add_option("--rows-per-block", o.rows_per_block, "rows sent at once")
        ->check(CLI::Range(1, 16384))
        ->capture_default_str();
    app.add_option("--pixel-nm", o.pixel_nm, "pixel size, over the files' own")
        ->check(CLI::Range(1e-4, 1.0));
    app.add_option("--composition", o.composition, "expected fraction of the second cation")
        ->check(CLI::Range(0.0, 1.0));
    app.add_option("--wait-subscriber", o.wait_subscriber_s,
                   "seconds to wait for somebody to listen, before playing anyway")
        ->check(CLI::Range(0.0, 1e6))
        ->capture_default_str();
    app.add_flag("--loop", o.loop, "again and again, until Ctrl-C");
    app.add_flag("--allow-any-address", o.allow_any_address,
                 "let --endpoint be open to the network, as tcp://*:5555");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& e) {
        return app.exit(e);
    }
    return std::nullopt;
}

/// 0: as fast as possible. @throws SetupError
double speed_of(const std::string& text) {
    if (text == "max") {
        return 0;
    }
    char* end = nullptr;
    const double speed = std::strtod(text.c_str(), &end);
    if (*end != '\0' || !(speed > 0 && speed <= 1e6)) {
        throw SetupError("--speed " + text + ": expected a number above 0, or max");
    }
    return speed;
}

double pixel_size_nm(const Options& o, const std::string& file) {
    if (std::isfinite(o.pixel_nm)) {
        return o.pixel_nm;
    }
    const double size = sidecar_pixel_size_nm(file);
    if (std::isfinite(size)) {
        std::fprintf(stderr, "%s: pixel size %g nm, from the .json beside it\n", file.c_str(),
                     size);
    } else {
        std::fprintf(stderr, "%s: pixel size not known (--pixel-nm gives one)\n", file.c_str());
    }
    return size;
}

bool same(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }

/// Reads the headers of all files, so that a wrong one is found before anything is sent.
std::vector<Group> group(const Options& o) {
    std::vector<Group> groups;
    for (const auto& file : o.files) {
        const NpyFile npy(file);
        Series s;
        s.name = std::filesystem::path(file).stem().string();
        s.rows_px = npy.rows();
        s.cols_px = npy.cols();
        s.pixel_size_nm = pixel_size_nm(o, file);
        s.composition = o.composition;
        s.dwell_us = o.dwell_us;
        s.line_us = o.dwell_us * npy.cols();
        s.flyback_us = 0;
        const bool another = groups.empty() || groups.back().series.rows_px != s.rows_px ||
                             groups.back().series.cols_px != s.cols_px ||
                             !same(groups.back().series.pixel_size_nm, s.pixel_size_nm);
        if (another) {
            groups.push_back({s, {}});
        }
        auto& g = groups.back();
        g.files.push_back(file);
        g.series.expected_frames += static_cast<std::uint64_t>(npy.frames());
    }
    return groups;
}

/// @param number of the next frame, counted on. @return false if stopped
bool play(const std::string& file, const Options& o, FramePublisher& publisher,
          std::uint64_t& number) {
    NpyFile npy(file);
    Image counts;
    for (int k = 0; k < npy.frames(); ++k) {
        npy.read(k, counts);
        if (const auto at = find_not_finite(counts)) {
            std::fprintf(stderr, "%s: pixel (%d, %d) of frame %d is not a finite number\n",
                         file.c_str(), (*at)[0], (*at)[1], k);
        }
        std::fprintf(stderr, "frame %llu: %s [%d]\n", static_cast<unsigned long long>(number),
                     file.c_str(), k);
        if (!publisher.send_frame(counts, number, o.rows_per_block, speed_of(o.speed),
                                  &stop_requested)) {
            return false;
        }
        ++number;
    }
    return true;
}

/// @return false if stopped
bool play(const Group& group, const Options& o, FramePublisher& publisher, bool for_ever) {
    auto series = group.series;
    if (for_ever) {
        series.expected_frames = 0;
    }
    publisher.start(series);
    std::uint64_t number = 0;
    do {
        for (const auto& file : group.files) {
            if (!play(file, o, publisher, number)) {
                return false;
            }
        }
    } while (for_ever);
    return true;
}

void run(const Options& o) {
    (void)speed_of(o.speed);
    const auto groups = group(o);
    FramePublisher publisher(o.endpoint, {}, o.allow_any_address);
    std::fprintf(stderr, "publishing on %s\n", publisher.endpoint().c_str());
    using std::chrono::milliseconds;
    const auto slices = static_cast<int>(o.wait_subscriber_s * 20);
    for (int i = 0; i < slices && !stop_requested; ++i) {
        if (publisher.wait_for_subscriber(milliseconds(50))) {
            break;
        }
    }
    bool played = true;
    do {
        for (const auto& g : groups) {
            played = played && play(g, o, publisher, o.loop && groups.size() == 1);
        }
    } while (o.loop && played);
    publisher.end(played ? "done" : "aborted");
    std::fprintf(stderr, "%llu frames\n", static_cast<unsigned long long>(publisher.frames_sent()));
}

}  // namespace
}  // namespace dwellmap

int main(int argc, char** argv) {
    try {
        dwellmap::Options options;
        if (const auto status = dwellmap::parse(argc, argv, options)) {
            return *status;
        }
        std::signal(SIGINT, dwellmap::request_stop);
        std::signal(SIGTERM, dwellmap::request_stop);
        dwellmap::run(options);
    } catch (const std::exception& e) {
        std::fprintf(stderr, "dwellmap-play: %s\n", e.what());
        return 1;
    }
    return 0;
}

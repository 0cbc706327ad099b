// SPDX-License-Identifier: Apache-2.0
// Plays recordings and images as the stream of a microscope.
#include "commands/image_input.hpp"
#include "commands/player.hpp"
#include "dwellmap/error.hpp"
#include "dwellmap/frame_publisher.hpp"

#include <CLI/CLI.hpp>

#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace dwellmap {
namespace {

volatile bool stop_requested = false;
extern "C" void request_stop(int /*signal*/) { stop_requested = true; }

struct Options {
    std::vector<std::string> files;
    std::string endpoint = "tcp://127.0.0.1:5555";
    std::string speed = "1";
    double wait_subscriber_s = 10;
    bool allow_any_address = false;
    PlayCut cut;
    PlaySettings play;
};

void add_timing(CLI::App& app, Options& o) {
    app.add_option("--speed", o.speed, "times the speed of the scan, or max")
        ->capture_default_str();
    app.add_option(
           "--dwell-us", o.cut.dwell_us,
           "time a pixel took; of recordings, their own times then do not count (images: 1)")
        ->check(CLI::Range(1e-3, 1e6));
    app.add_option(
           "--rows-per-block", o.cut.rows_per_block,
           "rows sent at once; of recordings, instead of the blocks as they came (images: 16)")
        ->check(CLI::Range(1, 16384));
    app.add_option("--from-frame", o.play.from_frame,
                   "begin with this one of all frames, counted from 0");
    app.add_option("--from-s", o.play.from_s,
                   "begin so many seconds after the first row block, as it was recorded")
        ->check(CLI::Range(0.0, 1e9));
    app.add_flag("--loop", o.play.loop, "again and again, until Ctrl-C");
    app.add_flag("--step", o.play.step, "one frame for each line on standard input");
}

/// @return the exit status if there is nothing left to do (--help, a mistake)
std::optional<int> parse(int argc, char** argv, Options& o) {
    CLI::App app(
        "Plays recordings and images as the stream of a microscope. Recordings: block by block as "
        "they\n"
        "came, pauses between series included; a series keeps its uuid, so that an analyzer whose\n"
        "library has it takes it for another visit of the same place; from the second pass of "
        "--loop on it\n"
        "gets a new one. .npy files of one shape are the frames of one series; another shape or "
        "pixel size\n"
        "begins a new one; a NAME.json beside NAME.npy gives the pixel size (pixel_size_nm). Other "
        "formats\n"
        "are read by dwellmap-import.");
    app.set_version_flag("--version", DWELLMAP_VERSION);
    app.add_option("FILE", o.files,
                   "recordings, .npy images (rows, cols) or stacks (frames, rows, cols), files of "
                   "other programs")
        ->required();
    app.add_option("--endpoint", o.endpoint, "address to publish on")->capture_default_str();
    add_timing(app, o);
    app.add_option("--pixel-nm", o.cut.pixel_nm, "pixel size, over the files' own")
        ->check(CLI::Range(1e-4, 1.0));
    app.add_option("--composition", o.cut.composition,
                   "expected fraction of the second cation, over the files' own")
        ->check(CLI::Range(0.0, 1.0));
    app.add_option("--wait-subscriber", o.wait_subscriber_s,
                   "seconds to wait for somebody to listen, before playing anyway")
        ->check(CLI::Range(0.0, 1e6))
        ->capture_default_str();
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

/// What is to be said of a series before it is played.
void describe(const ImageInput& input, const Reel& reel) {
    if (!std::isfinite(reel.start().series.pixel_size_nm)) {
        std::fprintf(stderr, "%s: pixel size not known (--pixel-nm gives one)\n",
                     input.label.c_str());
    }
    if (input.recording && !input.recording->closed()) {
        std::fprintf(stderr, "%s: was not closed by its writer; %zu frames are whole\n",
                     input.label.c_str(), reel.frames());
    }
}

/// Reads the headers of all files, so that a wrong one is found before anything is sent.
std::vector<Reel> make_reels(const Options& o) {
    std::vector<Reel> reels;
    for (const auto& file : o.files) {
        for (const auto& input : find_images(file)) {
            if (reels.empty() || !reels.back().append(input)) {
                reels.emplace_back(input, o.cut);
                describe(input, reels.back());
            }
        }
    }
    return reels;
}

void wait_for_subscriber(FramePublisher& publisher, double longest_s) {
    using std::chrono::milliseconds;
    const auto slices = static_cast<int>(longest_s * 20);
    for (int i = 0; i < slices && !stop_requested; ++i) {
        if (publisher.wait_for_subscriber(milliseconds(50))) {
            break;
        }
    }
}

void report(const FramePublisher& publisher, const IntervalErrors& errors) {
    std::fprintf(stderr, "%llu frames\n", static_cast<unsigned long long>(publisher.frames_sent()));
    if (errors.count() > 0) {
        const auto us = [](std::uint64_t ns) { return static_cast<double>(ns) / 1000; };
        std::fprintf(
            stderr,
            "%llu intervals between blocks: error median %.1f us, p99 %.1f us, max %.1f us\n",
            static_cast<unsigned long long>(errors.count()), us(errors.quantile_ns(0.5)),
            us(errors.quantile_ns(0.99)), us(errors.largest_ns()));
    }
}

void run(Options o) {
    o.play.speed = speed_of(o.speed);
    auto reels = make_reels(o);
    FramePublisher publisher(o.endpoint, {}, o.allow_any_address);
    Player player(publisher, std::move(reels), o.play, stop_requested);
    std::fprintf(stderr, "publishing on %s\n", publisher.endpoint().c_str());
    wait_for_subscriber(publisher, o.wait_subscriber_s);
    player.run();
    report(publisher, player.interval_errors());
    if (player.damaged() > 0) {
        throw SetupError(std::to_string(player.damaged()) +
                         " damaged frames were left out, see above");
    }
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
        dwellmap::run(std::move(options));
    } catch (const std::exception& e) {
        std::fprintf(stderr, "dwellmap-play: %s\n", e.what());
        return 1;
    }
    return 0;
}

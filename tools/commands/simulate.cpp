// SPDX-License-Identifier: Apache-2.0
// A simulated microscope on ZeroMQ, or into a file.
#include "commands/simulate_config.hpp"
#include "dwellmap/error.hpp"
#include "dwellmap/frame_publisher.hpp"
#include "dwellmap/simulated_microscope.hpp"
#include "dwellmap/simulated_output.hpp"

#include <CLI/CLI.hpp>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace dwellmap {
namespace {

using Clock = std::chrono::steady_clock;

volatile bool stop_requested = false;
extern "C" void request_stop(int /*signal*/) { stop_requested = true; }

struct Options {
    std::string config_file, truth_file, events_file, npy_file;
    std::vector<std::string> overrides;  ///< --set first, then the options that are settings
};

/// @return the exit status if there is nothing left to do (--help, a mistake)
std::optional<int> parse(int argc, char** argv, Options& options) {
    CLI::App app(
        "A simulated electron microscope with a Mo(1-x)Re(x)S2 monolayer in it. Publishes frames "
        "as row\n"
        "blocks at the speed of the scan, or writes them to a file. Every setting has a key for "
        "--config\n"
        "and --set too, e.g. --set scan.dose=1e4.");
    app.footer(
        "Settings without an option, for --config and --set: scan.noise_free, rows_px, cols_px, "
        "probe_sigma_nm,\n"
        "background, background_slope, intensity_scatter, jitter_correlation, drift_range_nm; "
        "crystal.misfit,\n"
        "residual_strain, residual_length_nm, zigzag_alpha_pm, zigzag_beta_pm, zigzag_gamma_pm, "
        "domain_nm,\n"
        "minor_fraction, disorder_pm; changes.growth_radius_nm, first_frame; "
        "stream.allow_any_address.");
    app.set_version_flag("--version", DWELLMAP_VERSION);
    app.add_option("--config", options.config_file, "settings, TOML")->check(CLI::ExistingFile);
    app.add_option("--set", options.overrides, "key=value, over the file")
        ->take_all()
        ->allow_extra_args(false);
    std::map<std::string, std::string> values;
    for (const auto& [option, key, help] : kSettingOptions) {
        app.add_option(option, values[key], help);
    }
    app.add_option("--truth", options.truth_file, "write the true columns of each frame, CSV");
    app.add_option("--events", options.events_file, "write what changed in the crystal, CSV");
    app.add_option("--out", options.npy_file,
                   "write the frames to this .npy file instead of publishing them");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& e) {
        return app.exit(e);
    }
    for (const auto& [option, key, help] : kSettingOptions) {
        const auto& value = values[key];
        if (app.count(option) > 0) {
            options.overrides.push_back(std::string(key) + "=" + (value == "max" ? "0" : value));
        }
    }
    return std::nullopt;
}

/// Computes frame k + 1 while frame k is delivered, so that the pacing of the scan is kept.
/// @param deliver (number, counts, columns) returns false to stop
/// @return frames delivered
std::uint64_t run_frames(
    SimulatedMicroscope& microscope, std::uint64_t frames, TruthWriter* truth_writer,
    const std::function<bool(std::uint64_t, const Image&, std::size_t)>& deliver) {
    Image counts;
    Image next_counts;
    std::vector<TrueColumn> truth;
    std::vector<TrueColumn> next_truth;
    microscope.frame(0, counts, truth);
    for (std::uint64_t k = 0;; ++k) {
        const bool last = k + 1 == frames;
        auto next = std::async(std::launch::async, [&, k] {
            if (truth_writer != nullptr) {
                truth_writer->add(k, truth);
            }
            if (!last) {
                microscope.frame(k + 1, next_counts, next_truth);
            }
        });
        const bool delivered = deliver(k, counts, truth.size()) && !stop_requested;
        next.get();
        if (last || !delivered) {
            return delivered ? k + 1 : k;
        }
        std::swap(counts, next_counts);
        std::swap(truth, next_truth);
    }
}

std::uint64_t write_file(const SimulateConfig& config, const std::string& path,
                         SimulatedMicroscope& microscope, TruthWriter* truth) {
    if (config.frames == 0) {
        throw SetupError("--out needs to know how many frames: give --frames N, 1 or more");
    }
    NpyStackWriter writer(path, config.scan.rows_px, config.scan.cols_px);
    return run_frames(microscope, static_cast<std::uint64_t>(config.frames), truth,
                      [&](std::uint64_t, const Image& counts, std::size_t) {
                          writer.add(counts);
                          return true;
                      });
}

void wait_for_subscriber(FramePublisher& publisher, double seconds) {
    const auto deadline = Clock::now() + std::chrono::duration<double>(seconds);
    while (!stop_requested && Clock::now() < deadline) {
        if (publisher.wait_for_subscriber(std::chrono::milliseconds(50))) {
            return;
        }
    }
}

std::uint64_t publish(const SimulateConfig& config, SimulatedMicroscope& microscope,
                      TruthWriter* truth) {
    FramePublisher publisher(config.endpoint, config.faults, config.allow_any_address);
    auto series = microscope.series();
    series.expected_frames = static_cast<std::uint64_t>(config.frames);
    std::fprintf(stderr, "publishing on %s: %d x %d px of %g nm, x = %g, %.3g s a frame\n",
                 publisher.endpoint().c_str(), series.rows_px, series.cols_px, series.pixel_size_nm,
                 series.composition,
                 config.speed > 0 ? series.line_us * 1e-6 * series.rows_px / config.speed : 0);
    wait_for_subscriber(publisher, config.wait_subscriber_s);
    publisher.start(series);
    auto next_report = Clock::now();
    const auto sent =
        run_frames(microscope, series.expected_frames, truth,
                   [&](std::uint64_t number, const Image& counts, std::size_t columns) {
                       if (Clock::now() >= next_report) {
                           std::fprintf(stderr, "frame %llu: %zu columns\n",
                                        static_cast<unsigned long long>(number), columns);
                           next_report = Clock::now() + std::chrono::seconds(1);
                       }
                       return publisher.send_frame(counts, number, config.rows_per_block,
                                                   config.speed, &stop_requested);
                   });
    publisher.end(stop_requested ? "aborted" : "done");
    if (publisher.blocks_lost() > 0) {
        std::fprintf(stderr, "%llu blocks lost on purpose\n",
                     static_cast<unsigned long long>(publisher.blocks_lost()));
    }
    return sent;
}

void run(const Options& options) {
    const auto config = load_simulate_config(options.config_file, options.overrides);
    SimulatedMicroscope microscope(config.crystal, config.scan, config.changes);
    const auto truth =
        options.truth_file.empty() ? nullptr : std::make_unique<TruthWriter>(options.truth_file);
    const auto sent = options.npy_file.empty()
                          ? publish(config, microscope, truth.get())
                          : write_file(config, options.npy_file, microscope, truth.get());
    if (!options.events_file.empty()) {
        write_events(options.events_file, microscope.events());
    }
    std::fprintf(stderr, "%llu frames, %zu changes in the crystal\n",
                 static_cast<unsigned long long>(sent), microscope.events().size());
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
        std::fprintf(stderr, "dwellmap-simulate: %s\n", e.what());
        return 1;
    }
    return 0;
}

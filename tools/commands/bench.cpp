// SPDX-License-Identifier: Apache-2.0
// Time of each stage on simulated frames, from pixels to map.
#include "commands/bench_series.hpp"

#include "dwellmap/error.hpp"
#include "dwellmap/pipeline.hpp"
#include "dwellmap/simulated_microscope.hpp"

#include <sys/resource.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>

namespace {

using namespace dwellmap;

struct Spread {
    double p50, p99, p999, max;
};

Spread spread(std::vector<double> v) {
    std::sort(v.begin(), v.end());
    const auto at = [&](double q) {
        return v[std::min(v.size() - 1,
                          static_cast<std::size_t>(q * static_cast<double>(v.size())))];
    };
    return {at(0.5), at(0.99), at(0.999), v.back()};
}

struct Times {
    std::vector<std::vector<double>> stages = std::vector<std::vector<double>>(stage_count);
    std::vector<double> total, last_row, fits_per_s;
    std::size_t columns = 0;
};

std::int64_t now_ns() {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(
               std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

/// A frame given in row blocks as fast as they are worked on, then complete: the time of the last call is the latency.
void run_frame(Pipeline& pipeline, const Frame& whole, int rows_per_block, FrameResult& result,
               Times& times) {
    Frame frame = whole;
    const auto rows = static_cast<int>(whole.counts.rows());
    for (int row = rows_per_block; row < rows; row += rows_per_block) {
        frame.complete = false;
        frame.rows_valid = row;
        std::fill(frame.row_valid.begin(), frame.row_valid.end(), std::uint8_t{0});
        std::fill_n(frame.row_valid.begin(), row, std::uint8_t{1});
        static_cast<void>(pipeline.process(frame, result));
    }
    frame = whole;
    frame.last_row_ns = now_ns();
    const auto status = pipeline.process(frame, result);
    if (status != FrameStatus::ok) {
        throw std::runtime_error(std::string(to_string(status)));
    }
    times.last_row.push_back(result.latency_us / 1000.0);
    for (std::size_t s = 0; s < stage_count; ++s) {
        times.stages[s].push_back(result.time_us[s] / 1000.0);
    }
}

void whole_frame(Pipeline& pipeline, Frame& frame, FrameResult& result, Times& times) {
    frame.last_row_ns = now_ns();
    const auto status = pipeline.process(frame, result);
    times.total.push_back(static_cast<double>(now_ns() - frame.last_row_ns) / 1e6);
    if (status != FrameStatus::ok) {
        throw std::runtime_error(std::string(to_string(status)));
    }
    for (std::size_t s = 0; s < stage_count; ++s) {
        times.stages[s].push_back(result.time_us[s] / 1000.0);
    }
    times.columns = result.atoms.size();
    times.fits_per_s.push_back(1e6 * static_cast<double>(result.atoms.size()) /
                               result.time_us[stage_refine]);
}

void print_row(const char* name, const Spread& s) {
    std::printf("%-16s %10.3f %10.3f %10.3f %10.3f\n", name, s.p50, s.p99, s.p999, s.max);
}

void print_stages(const Times& times) {
    for (std::size_t s = 0; s < stage_count; ++s) {
        print_row((std::string("  ") + kStageNames[s]).c_str(), spread(times.stages[s]));
    }
}

nlohmann::json as_json(const Spread& s) {
    return {{"p50", s.p50}, {"p99", s.p99}, {"p999", s.p999}, {"max", s.max}};
}

struct Options {
    int size = 512, frames = 100, rows_per_block = 0, threads = 2, library = 0;
    std::string json;
};

/// Several noisy images of one crystal, so that no frame is a repetition.
std::vector<Image> make_images(SimulatedMicroscope& microscope) {
    std::vector<Image> images(8);
    std::vector<TrueColumn> truth;
    for (std::size_t k = 0; k < images.size(); ++k) {
        microscope.frame(k, images[k], truth);
    }
    return images;
}

struct Measured {
    Times warm, cold, blocks;
};

Measured measure(const Options& o) {
    ScanConfig scan;
    scan.rows_px = scan.cols_px = o.size;
    scan.pixel_size_nm = 0.02;
    CrystalConfig crystal;
    crystal.composition = 0.45;
    SimulatedMicroscope microscope(crystal, scan);
    const auto images = make_images(microscope);
    const auto series = std::make_shared<const Series>(microscope.series());
    Config config;
    config.analysis.threads = o.threads;
    Pipeline pipeline(config, series);
    auto result = pipeline.make_result();
    Frame frame;
    frame.series = series;
    frame.row_valid.assign(static_cast<std::size_t>(o.size), 1);
    frame.rows_valid = o.size;
    frame.complete = true;
    Measured m;
    Times warm_up;
    for (int k = 0; k < o.frames + 3; ++k) {
        frame.number = static_cast<std::uint64_t>(k);
        frame.counts = images[static_cast<std::size_t>(k) % images.size()];
        whole_frame(pipeline, frame, result, k == 0 ? m.cold : k < 3 ? warm_up : m.warm);
        if (o.rows_per_block > 0 && k >= 3) {
            frame.number += 1'000'000;
            run_frame(pipeline, frame, o.rows_per_block, result, m.blocks);
        }
    }
    return m;
}

nlohmann::json report(const Options& o, const Measured& m) {
    std::printf("%d x %d px, %zu columns, %d frames, %d threads; ms\n%-16s %10s %10s %10s %10s\n",
                o.size, o.size, m.warm.columns, o.frames, o.threads, "stage", "p50", "p99", "p99.9",
                "max");
    nlohmann::json out = {{"size_px", o.size},
                          {"columns", m.warm.columns},
                          {"frames", o.frames},
                          {"threads", o.threads},
                          {"unit", "ms"}};
    for (std::size_t s = 0; s < stage_count; ++s) {
        print_row(kStageNames[s], spread(m.warm.stages[s]));
        out["stages"][kStageNames[s]] = as_json(spread(m.warm.stages[s]));
    }
    print_row("all", spread(m.warm.total));
    out["all"] = as_json(spread(m.warm.total));
    print_row("first frame", spread(m.cold.total));
    print_stages(m.cold);
    out["first_frame"] = m.cold.total[0];
    if (!m.blocks.last_row.empty()) {
        print_row("last row -> map", spread(m.blocks.last_row));
        print_stages(m.blocks);
        out["last_row_to_map"] = as_json(spread(m.blocks.last_row));
    }
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    out["fits_per_s"] = spread(m.warm.fits_per_s).p50;
    out["memory_MiB"] = static_cast<double>(usage.ru_maxrss) / 1024;
    std::printf("columns fitted a second (median): %.3g, memory: %.0f MiB\n",
                spread(m.warm.fits_per_s).p50, static_cast<double>(usage.ru_maxrss) / 1024);
    return out;
}

nlohmann::json report_series(const Options& o) {
    const SeriesTimes times = time_series(o.library, o.frames);
    std::printf(
        "%.0f cations a frame (24 neighbours), library of %.0f, %d frames; ms\n%-16s %10s %10s "
        "%10s %10s\n",
        times.frame_atoms, times.library_atoms, o.frames, "", "p50", "p99", "p99.9", "max");
    print_row("collect", spread(times.collect));
    print_row("statistics", spread(times.statistics));
    return {{"library_atoms", times.library_atoms},
            {"frame_atoms", times.frame_atoms},
            {"collect_ms", as_json(spread(times.collect))},
            {"statistics_ms", as_json(spread(times.statistics))}};
}

int run(int argc, char** argv) {
    CLI::App app{
        "Times the stages on simulated frames of Mo(0.55)Re(0.45)S2 at 0.020 nm/px and 1e5 e/A^2."};
    Options o;
    app.add_option("--size", o.size, "pixels a side")
        ->check(CLI::Range(64, 8192))
        ->capture_default_str();
    app.add_option("--frames", o.frames, "frames to time, after 3 to warm up")
        ->check(CLI::Range(1, 1000000))
        ->capture_default_str();
    app.add_option("--rows-per-block", o.rows_per_block,
                   "also: frames in row blocks, last row -> map (0: not)")
        ->check(CLI::Range(0, 8192))
        ->capture_default_str();
    app.add_option("--threads", o.threads, "1 or 2, as analysis.threads")
        ->check(CLI::Range(1, 2))
        ->capture_default_str();
    app.add_option("--library", o.library,
                   "instead: statistics of the series, a frame of 3,000 cations (24 neighbours) "
                   "that joins a library of so many atoms")
        ->check(CLI::Range(1000, 10000000));
    app.add_option("--json", o.json, "write the figures to this file too");
    app.set_version_flag("--version", DWELLMAP_VERSION);
    CLI11_PARSE(app, argc, argv);
    const auto out = o.library > 0 ? report_series(o) : report(o, measure(o));
    if (!o.json.empty()) {
        std::ofstream file(o.json);
        file << out.dump(1) << '\n';
        file.close();
        if (!file) {
            throw std::runtime_error("cannot write " + o.json);
        }
    }
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    try {
        return run(argc, argv);
    } catch (const std::exception& e) {
        std::fprintf(stderr, "dwellmap-bench: %s\n", e.what());
        return 1;
    }
}

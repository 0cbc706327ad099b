// SPDX-License-Identifier: Apache-2.0
#include "commands/bench_series.hpp"

#include "dwellmap/pipeline.hpp"
#include "dwellmap/simulated_microscope.hpp"
#include "series/series_statistics.hpp"

#include <chrono>
#include <random>
#include <stdexcept>
#include <string>

namespace dwellmap {
namespace {

/// A simulated field of view, frame after frame.
class SimulatedField {
public:
    SimulatedField(const Config& config, double x, unsigned seed)
        : microscope_(crystal(x, seed), scan(seed)),
          series_(std::make_shared<const Series>(microscope_.series())),
          pipeline_(config, series_),
          result_(pipeline_.make_result()) {
        frame_.series = series_;
        frame_.row_valid.assign(static_cast<std::size_t>(series_->rows_px), 1);
        frame_.rows_valid = series_->rows_px;
        frame_.complete = true;
    }

    void next() {
        std::vector<TrueColumn> truth;
        microscope_.frame(frame_.number, frame_.counts, truth);
        const auto status = pipeline_.process(frame_, result_);
        if (status != FrameStatus::ok) {
            throw std::runtime_error(std::string(to_string(status)));
        }
        ++frame_.number;
    }

    Library::FieldPtr field() const { return pipeline_.field_of_view(result_); }

private:
    static CrystalConfig crystal(double x, unsigned seed) {
        CrystalConfig c;
        c.composition = x;
        c.seed = seed;
        return c;
    }
    static ScanConfig scan(unsigned seed) {
        ScanConfig s;
        s.rows_px = s.cols_px = 1024;
        s.pixel_size_nm = 0.0172;
        s.seed = seed;
        return s;
    }

    SimulatedMicroscope microscope_;
    std::shared_ptr<const Series> series_;
    Pipeline pipeline_;
    FrameResult result_;
    Frame frame_;
};

/// The same field seen elsewhere: another key, offsets a little different.
Library::FieldPtr variant(const FieldOfView& field, int k) {
    auto out = std::make_shared<FieldOfView>(field);
    std::mt19937 random(static_cast<unsigned>(k));
    std::normal_distribution<double> off(0, 1e-3);
    out->key = "library " + std::to_string(k);
    out->offsets = out->offsets.unaryExpr([&](double v) { return v + off(random); });
    return out;
}

}  // namespace

SeriesTimes time_series(int library_atoms, int frames) {
    Config config;
    config.statistics.neighbours = 24;
    SeriesStatistics statistics(config.statistics);
    SeriesTimes times;
    std::vector<Library::FieldPtr> seen;
    for (const double x : {0.05, 0.55, 0.78, 0.95}) {
        SimulatedField place(config, x, static_cast<unsigned>(100 * x));
        place.next();
        seen.push_back(place.field());
    }
    for (int k = 0; times.library_atoms < library_atoms; ++k) {
        const auto field = variant(*seen[static_cast<std::size_t>(k) % seen.size()], k);
        statistics.put(field);
        times.library_atoms += static_cast<double>(field->size());
    }
    statistics.update();
    SimulatedField live(config, 0.55, 7);
    using Clock = std::chrono::steady_clock;
    const auto ms = [](auto d) { return std::chrono::duration<double, std::milli>(d).count(); };
    for (int k = 0; k < frames; ++k) {
        live.next();
        const auto start = Clock::now();
        const auto field = live.field();
        const auto collected = Clock::now();
        statistics.put(field);
        statistics.update();
        times.statistics.push_back(ms(Clock::now() - collected));
        times.collect.push_back(ms(collected - start));
        times.frame_atoms = static_cast<double>(field->size());
    }
    return times;
}

}  // namespace dwellmap

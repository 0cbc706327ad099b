// SPDX-License-Identifier: Apache-2.0
// The analyzer: configuration -> source -> pipeline -> sinks.
#include "dwellmap/config.hpp"
#include "dwellmap/error.hpp"
#include "dwellmap/pipeline.hpp"
#include "dwellmap/series_analysis.hpp"
#include "dwellmap/web_server.hpp"
#include "dwellmap/zmq_publisher.hpp"
#include "dwellmap/zmq_source.hpp"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>
#include <CLI/CLI.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <iostream>
#include <memory>
#include <thread>
#include <vector>

namespace {

using namespace dwellmap;
using Sinks = std::vector<std::unique_ptr<ResultSink>>;

/// The analysis of a stream: one pipeline a series.
class Analysis {
public:
    Analysis(const Config& config, FrameSource& source, const Sinks& sinks, std::uint64_t frames)
        : config_(config),
          source_(source),
          sinks_(sinks),
          frames_(frames),
          series_analysis_(config) {}

    /// Until `stop`, or until as many complete frames as wanted were mapped.
    void run(const std::atomic<bool>& stop) {
        while (!stop && (frames_ == 0 || analysed_ < frames_)) {
            switch (source_.next(frame_)) {
                case FrameSource::Event::frame: analyse(); break;
                case FrameSource::Event::idle: tell(); break;
                case FrameSource::Event::end: return;
            }
        }
    }

    Counters counters() const {
        Counters c = source_.counters();
        c.analysed = analysed_;
        c.failed = failed_;
        return c;
    }

private:
    void analyse() {
        if (frame_.series != series_) {
            series_ = frame_.series;
            pipeline_ = std::make_unique<Pipeline>(config_, series_);
            pipeline_->set_visit(series_analysis_.visits(series_->uuid));
            result_ = pipeline_->make_result();
            spdlog::info("series \"{}\": {} x {} px, pixel size {} nm", series_->name,
                         series_->cols_px, series_->rows_px, series_->pixel_size_nm);
        }
        const FrameStatus status = pipeline_->process(frame_, result_);
        if (frame_.complete) {
            ++(status == FrameStatus::ok ? analysed_ : failed_);
        }
        if (status != FrameStatus::ok) {
            if (frame_.complete) {
                spdlog::warn("frame {}: {}", frame_.number, to_string(status));
            }
            tell();
            return;
        }
        if (frame_.complete) {
            spdlog::info("frame {}: {} columns, a = {:.5f} {}, {:.1f} ms after its last row",
                         frame_.number, result_.atoms.size(),
                         result_.lattice.a_px * result_.length_per_px(), result_.length_unit(),
                         result_.latency_us / 1000);
        }
        for (const auto& sink : sinks_) {
            sink->publish(result_, frame_, counters(), source_.state());
        }
        if (frame_.complete) {
            const SeriesUpdate update = series_analysis_.run(*pipeline_, frame_, result_);
            for (const auto& sink : sinks_) {
                sink->publish_series(update);
            }
        }
    }

    void tell() {
        for (const auto& sink : sinks_) {
            sink->idle(counters(), source_.state());
        }
    }

    const Config& config_;
    FrameSource& source_;
    const Sinks& sinks_;
    std::uint64_t frames_, analysed_ = 0, failed_ = 0;
    std::shared_ptr<const Series> series_;
    std::unique_ptr<Pipeline> pipeline_;
    Frame frame_;
    FrameResult result_;
    SeriesAnalysis series_analysis_;
};

void serve(const Config& config, std::uint64_t frames) {
    boost::asio::io_context io;
    ZmqSource source(config.stream);
    Sinks sinks;
    if (!config.stream.publish.empty()) {
        sinks.push_back(std::make_unique<ZmqPublisher>(io, config.stream.publish));
    }
    if (config.web.port != 0) {
        auto page = std::make_unique<WebServer>(io, config.web);
        std::cout << "http://" << config.web.address << ":" << page->port() << std::endl;
        sinks.push_back(std::move(page));
    }
    std::atomic<bool> stop = false;
    boost::asio::signal_set signals(io, SIGINT, SIGTERM);
    signals.async_wait([&](auto, int) { io.stop(); });
    Analysis analysis(config, source, sinks, frames);
    std::exception_ptr failure;
    std::thread worker([&] {
        try {
            analysis.run(stop);
        } catch (...) {
            failure = std::current_exception();
        }
        io.stop();
    });
    spdlog::info("listening to {}", config.stream.input);
    io.run();
    stop = true;
    worker.join();
    const Counters c = analysis.counters();
    spdlog::info(
        "received {}, frames {}, analysed {}, overwritten {}, failed {}, lost {}, duplicate {}, "
        "orphan {}, rejected {}",
        c.received, c.frames, c.analysed, c.overwritten, c.failed, c.lost, c.duplicate, c.orphan,
        c.rejected);
    if (failure) {
        std::rethrow_exception(failure);
    }
}

int run(int argc, char** argv) {
    CLI::App app{
        "Live atoms, species and distortion maps from a scanning transmission electron "
        "microscope."};
    std::string file;
    std::vector<std::string> overrides;
    std::uint64_t frames = 0;
    bool print_config = false;
    app.add_option("--config", file, "settings, TOML");
    app.add_option("--set", overrides, "one setting, key=value")
        ->take_all()
        ->allow_extra_args(false);
    app.add_option("--frames", frames, "end after so many complete frames were mapped (0: never)");
    app.add_flag("--print-config", print_config, "print all settings and their meaning, then end");
    app.set_version_flag("--version", DWELLMAP_VERSION);
    CLI11_PARSE(app, argc, argv);
    spdlog::set_default_logger(spdlog::stderr_color_mt("dwellmap"));
    const Config config = load_config(file, overrides);
    if (print_config) {
        std::cout << describe(config);
        return 0;
    }
    serve(config, frames);
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    try {
        return run(argc, argv);
    } catch (const std::exception& e) {
        std::fprintf(stderr, "dwellmap: %s\n", e.what());
        return 1;
    }
}

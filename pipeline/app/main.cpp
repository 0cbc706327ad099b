// SPDX-License-Identifier: Apache-2.0
// The analyzer: configuration -> source -> pipeline -> sinks.
#include "app/analysis.hpp"
#include "dwellmap/config.hpp"
#include "dwellmap/error.hpp"
#include "dwellmap/zmq_source.hpp"
#include "page/web_server.hpp"
#include "recording/recorder.hpp"
#include "stream/control_server.hpp"
#include "stream/zmq_publisher.hpp"

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
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace dwellmap;
CommandReply carry_out(const Command& command, Analysis& analysis, Recorder& recorder) {
    using Kind = Command::Kind;
    CommandReply reply{true, "", {}};
    switch (command.kind) {
        case Kind::status: reply.recording = recorder.status(); break;
        case Kind::record_start:
            reply.recording = recorder.start(command.file);
            reply.text = "recording to " + reply.recording.file;
            break;
        case Kind::record_stop:
            reply.recording = recorder.stop();
            reply.text =
                std::to_string(reply.recording.frames) + " frames in " + reply.recording.file;
            break;
        case Kind::reset:
            analysis.reset();
            reply.text = "the next frame begins anew";
            reply.recording = recorder.status();
            break;
    }
    if (!reply.text.empty()) {
        spdlog::info("{}", reply.text);
    }
    return reply;
}

void report(const Counters& c) {
    spdlog::info(
        "received {}, frames {}, analysed {}, overwritten {}, failed {}, lost {}, duplicate {}, "
        "orphan {}, rejected {}",
        c.received, c.frames, c.analysed, c.overwritten, c.failed, c.lost, c.duplicate, c.orphan,
        c.rejected);
}

/// Where results go. @return as configured
Sinks open_sinks(const Config& config, boost::asio::io_context& io, const CommandHandler& handler,
                 const Recorder& recorder) {
    Sinks sinks;
    if (!config.stream.publish.empty()) {
        sinks.push_back(std::make_unique<ZmqPublisher>(io, config.stream.publish));
    }
    if (config.web.port != 0) {
        auto page = std::make_unique<WebServer>(
            io, config.web,
            WebControls{handler, [&] { return recorder.status(); }, config.recording.before_s});
        std::cout << "http://" << config.web.address << ":" << page->port() << std::endl;
        sinks.push_back(std::move(page));
    }
    return sinks;
}

void serve(const Config& config, std::uint64_t frames) {
    boost::asio::io_context io;
    Recorder recorder(config.recording);
    ZmqSource source(config.stream, &recorder);
    Sinks sinks;
    Analysis analysis(config, source, sinks, &recorder);
    const CommandHandler handler = [&](const Command& command) {
        return carry_out(command, analysis, recorder);
    };
    sinks = open_sinks(config, io, handler, recorder);
    std::optional<ControlServer> control;
    if (!config.stream.control.empty()) {
        control.emplace(io, config.stream.control, handler);
    }
    boost::asio::signal_set signals(io, SIGINT, SIGTERM);
    signals.async_wait([&](auto, int) { io.stop(); });
    std::atomic<bool> stop = false;
    std::exception_ptr failure;
    std::thread worker([&] {
        try {
            analysis.run(stop, frames);
        } catch (...) {
            failure = std::current_exception();
        }
        io.stop();
    });
    spdlog::info("listening to {}", config.stream.input);
    io.run();
    stop = true;
    worker.join();
    control.reset();  // what they carry out needs the analysis
    sinks.clear();
    report(analysis.counters());
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

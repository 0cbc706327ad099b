// SPDX-License-Identifier: Apache-2.0
// Records a stream, bit for bit.
#include "dwellmap/error.hpp"
#include "recording/recorder.hpp"
#include "stream/endpoint.hpp"
#include "stream/frame_assembler.hpp"

#include <CLI/CLI.hpp>
#include <zmq.hpp>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <optional>

namespace dwellmap {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kReceiveQueue = 1024;  // messages; emptied at once, so this is for hiccups only
constexpr std::chrono::seconds kReportEvery{2};

volatile bool stop_requested = false;
extern "C" void request_stop(int /*signal*/) { stop_requested = true; }

struct Options {
    std::string endpoint;
    std::string file;
    RecordingConfig recording;
    double duration_s = 0;
    std::uint64_t frames = 0;
};

/// @return the exit status if there is nothing left to do (--help, a mistake)
std::optional<int> parse(int argc, char** argv, Options& o) {
    CLI::App app(
        "Records the stream of a microscope to an HDF5 file, bit for bit, until Ctrl-C. Exit "
        "status 1 if\n"
        "anything was lost on the way; what came is in the file all the same.");
    app.set_version_flag("--version", DWELLMAP_VERSION);
    app.add_option("ENDPOINT", o.endpoint, "as tcp://127.0.0.1:5555")->required();
    app.add_option("FILE", o.file, "a new file, as session.h5")->required();
    app.add_option("--duration-s", o.duration_s, "end after so many seconds; 0: until Ctrl-C")
        ->check(CLI::Range(0.0, 1e9));
    app.add_option("--frames", o.frames, "end after so many frames; 0: until Ctrl-C");
    app.add_flag("--compress", o.recording.compress,
                 "shuffle and deflate, lossless: 50 to 100 MB/s");
    app.add_option("--queue-mib", o.recording.queue_mib,
                   "waiting for the disk; blocks beyond it are left out, and marked")
        ->check(CLI::Range(1, 65536))
        ->capture_default_str();
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& e) {
        return app.exit(e);
    }
    return std::nullopt;
}

class Session {
public:
    explicit Session(const Options& o)
        : options_(o), recorder_(o.recording, "dwellmap-record " DWELLMAP_VERSION) {
        set_subscriber_options(socket_, kReceiveQueue);
        socket_.set(zmq::sockopt::rcvtimeo, 50);
        connect_or_explain(socket_, o.endpoint, "image stream");
        recorder_.start(o.file);
    }

    /// @return whether all that was sent since we joined is in the file
    bool run() {
        auto next_report = begin_ + kReportEvery;
        while (!stop_requested && !is_enough() && recording()) {
            receive();
            if (const auto now = Clock::now(); now >= next_report) {
                report(recorder_.status());
                next_report = now + kReportEvery;
            }
        }
        return summarise(recording() ? recorder_.stop() : recorder_.status());
    }

private:
    bool recording() const { return recorder_.status().state == RecordingStatus::State::recording; }

    bool is_enough() const {
        const std::chrono::duration<double> since_begin = Clock::now() - begin_;
        return (options_.frames > 0 && counters_.frames >= options_.frames) ||
               (options_.duration_s > 0 && since_begin.count() >= options_.duration_s);
    }

    void receive() {
        auto message = std::make_shared<zmq::message_t>();
        try {
            if (!socket_.recv(*message, zmq::recv_flags::none)) {
                return;
            }
            if (message->more()) {
                while (message->more() && socket_.recv(*message, zmq::recv_flags::none)) {
                }
                assembler_.reject(RejectReason::multipart);
            } else {
                take(std::move(message));
            }
        } catch (const zmq::error_t& e) {
            if (e.num() != EINTR) {
                throw;
            }
        }
        counters_ = assembler_.counters();
        recorder_.counters(counters_);
    }

    void take(std::shared_ptr<zmq::message_t> message) {
        const auto now_ns = Clock::now().time_since_epoch() / std::chrono::nanoseconds(1);
        const Bytes bytes(static_cast<const std::byte*>(message->data()), message->size());
        const auto decoded = decode_frame_message(bytes);
        assembler_.accept(decoded, now_ns);
        recorder_.message({std::move(message), bytes}, decoded, now_ns);
    }

    void report(const RecordingStatus& s) {
        const double mb_s =
            1e-6 * static_cast<double>(s.bytes - reported_.bytes) / (s.seconds - reported_.seconds);
        std::fprintf(stderr,
                     "%7.1f s  %llu frames  %.1f MB/s  %llu lost  %llu dropped  %llu MiB queued\n",
                     s.seconds, static_cast<unsigned long long>(s.frames), mb_s,
                     static_cast<unsigned long long>(counters_.lost),
                     static_cast<unsigned long long>(s.blocks_dropped),
                     static_cast<unsigned long long>(s.queued_bytes >> 20));
        reported_ = s;
    }

    bool summarise(const RecordingStatus& s) const {
        std::fprintf(stderr, "%s: %llu frames, %.1f MB in %.1f s\n", s.file.c_str(),
                     static_cast<unsigned long long>(s.frames), 1e-6 * static_cast<double>(s.bytes),
                     s.seconds);
        std::string wrong;
        const auto tell = [&wrong](std::uint64_t count, const char* what) {
            if (count > 0) {
                wrong += (wrong.empty() ? "" : ", ") + std::to_string(count) + what;
            }
        };
        tell(counters_.lost, " messages lost on the way");
        tell(counters_.rejected, " messages damaged");
        tell(s.blocks_dropped, " row blocks left out as the disk was too slow");
        if (s.state == RecordingStatus::State::failed) {
            wrong += (wrong.empty() ? "" : ", ") + s.error;
        }
        if (wrong.empty() && s.frames == 0) {
            wrong = "no frame came from " + options_.endpoint + ": does the sender run?";
        }
        if (!wrong.empty()) {
            std::fprintf(stderr, "dwellmap-record: %s\n", wrong.c_str());
        }
        return wrong.empty();
    }

    const Options& options_;
    Recorder recorder_;
    zmq::context_t context_{1};
    zmq::socket_t socket_{context_, zmq::socket_type::sub};
    FrameAssembler assembler_{[](const Frame&) {}};  // for its counters
    Counters counters_;
    RecordingStatus reported_;
    const Clock::time_point begin_ = Clock::now();
};

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
        std::signal(SIGXFSZ, SIG_IGN);  // shows as a failed write
        return dwellmap::Session(options).run() ? 0 : 1;
    } catch (const std::exception& e) {
        std::fprintf(stderr, "dwellmap-record: %s\n", e.what());
        return 1;
    }
}

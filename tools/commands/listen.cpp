// SPDX-License-Identifier: Apache-2.0
// Results of the analyzer, to the terminal or a file.
#include "commands/atoms_csv.hpp"
#include "commands/result_lines.hpp"
#include "dwellmap/error.hpp"
#include "stream/endpoint.hpp"
#include "stream/sequence.hpp"

#include <CLI/CLI.hpp>

#include <csignal>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <map>
#include <optional>

namespace dwellmap {
namespace {

volatile bool stop_requested = false;
extern "C" void request_stop(int /*signal*/) { stop_requested = true; }

struct Options {
    std::string endpoint, kind = "all", format = "text", file;
    std::uint64_t frames = 0;
};

const std::map<std::string, Kind> kinds{{"atoms", Kind::atoms},
                                        {"map", Kind::map},
                                        {"statistics", Kind::statistics},
                                        {"event", Kind::event},
                                        {"series", Kind::series}};

/// @return the exit status if there is nothing left to do (--help, a mistake)
std::optional<int> parse(int argc, char** argv, Options& o) {
    CLI::App app("Prints what a dwellmap analyzer publishes.");
    app.set_version_flag("--version", DWELLMAP_VERSION);
    app.add_option("ENDPOINT", o.endpoint, "as tcp://127.0.0.1:5556")->required();
    app.add_option("--kind", o.kind, "atoms, map, statistics, series, event or all")
        ->check(CLI::IsMember({"atoms", "map", "statistics", "series", "event", "all"}))
        ->capture_default_str();
    app.add_option("--format", o.format, "text, ndjson (one JSON object a line) or csv (atoms)")
        ->check(CLI::IsMember({"text", "ndjson", "csv"}))
        ->capture_default_str();
    app.add_option("--frames", o.frames, "end after so many complete frames; 0: until Ctrl-C");
    app.add_option("--out", o.file, "write to this file");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& e) {
        return app.exit(e);
    }
    return std::nullopt;
}

/// Subscribes to the envelope's first bytes: magic and kind.
void subscribe(zmq::socket_t& socket, const std::string& kind) {
    std::string filter = "DWLM";
    if (kind != "all") {
        filter += static_cast<char>(kinds.at(kind));
    }
    socket.set(zmq::sockopt::subscribe, filter);
}

class Listener {
public:
    Listener(const Options& options, std::ostream& out) : options_(options), out_(out) {}

    /// @return false when all frames wanted have come
    bool take(Bytes bytes) {
        ResultMessage m;
        if (const auto reason = m.read(bytes); reason != RejectReason::none) {
            std::cerr << "rejected: " << to_string(reason) << '\n';
            return true;
        }
        if (is_repeat(m.envelope()) || (options_.format == "csv" && m.atoms() == nullptr)) {
            return true;
        }
        if (options_.format == "text") {
            write_text(out_, m);
        } else if (options_.format == "ndjson") {
            write_ndjson(out_, m);
        } else {
            write_csv(out_, m);
        }
        out_.flush();
        return !ends_a_frame(m) || ++frames_ != options_.frames;
    }

    std::uint64_t missed() const {
        std::uint64_t sum = missed_earlier_;
        for (const auto& [kind, sequence] : sequences_) {
            sum += sequence.lost();
        }
        return sum;
    }

private:
    /// The last result comes again whenever somebody subscribes.
    bool is_repeat(const Envelope& e) {
        if (session_ != e.stamp.session) {
            missed_earlier_ = missed();
            sequences_.clear();
            session_ = e.stamp.session;
        }
        return sequences_[e.kind].arrived(e.stamp.seq) == Sequence::Arrival::repeated;
    }

    /// Statistics are the last message of a result.
    bool ends_a_frame(const ResultMessage& m) const {
        const bool last =
            options_.kind != "all" || options_.format == "csv" || m.statistics() != nullptr;
        return last && is_complete(m);
    }

    const Options& options_;
    std::ostream& out_;
    std::map<Kind, Sequence> sequences_;
    std::optional<std::uint64_t> session_;
    std::uint64_t frames_ = 0, missed_earlier_ = 0;
};

void listen(const Options& o, std::ostream& out) {
    zmq::context_t context(1);
    zmq::socket_t socket(context, zmq::socket_type::sub);
    socket.set(zmq::sockopt::linger, 0);
    socket.set(zmq::sockopt::rcvtimeo, 100);
    socket.set(zmq::sockopt::maxmsgsize, static_cast<std::int64_t>(kMaxMessageBytes));
    socket.set(zmq::sockopt::heartbeat_ivl, 1000);
    socket.set(zmq::sockopt::heartbeat_timeout, 3000);
    socket.set(zmq::sockopt::reconnect_ivl_max, 2000);
    subscribe(socket, o.kind);
    connect_or_explain(socket, o.endpoint, "results");
    Listener listener(o, out);
    zmq::message_t message;
    for (bool more = true; more && out && !stop_requested;) {
        try {
            if (socket.recv(message, zmq::recv_flags::none)) {
                more =
                    listener.take({static_cast<const std::byte*>(message.data()), message.size()});
            }
        } catch (const zmq::error_t& e) {
            if (e.num() != EINTR) {
                throw;
            }
        }
    }
    if (!out) {
        throw SetupError("cannot write " + (o.file.empty() ? std::string("the output") : o.file));
    }
    if (listener.missed() > 0) {
        std::cerr << listener.missed() << " messages missed\n";
    }
}

void run(const Options& o) {
    if (o.format == "csv" && o.kind != "atoms" && o.kind != "all") {
        throw SetupError("--format csv is for atoms: choose --kind atoms, or --format ndjson");
    }
    std::ofstream file;
    if (!o.file.empty()) {
        file.open(o.file);
        if (!file) {
            throw SetupError("cannot write " + o.file + ": choose another --out");
        }
    }
    std::ostream& out = o.file.empty() ? std::cout : file;
    if (o.format == "csv") {
        write_atoms_header(out);
    }
    listen(o, out);
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
        std::signal(SIGPIPE, SIG_IGN);  // `| head` shows as a failed write
        dwellmap::run(options);
    } catch (const std::exception& e) {
        std::fprintf(stderr, "dwellmap-listen: %s\n", e.what());
        return 1;
    }
    return 0;
}

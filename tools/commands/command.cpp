// SPDX-License-Identifier: Apache-2.0
// Tells the analyzer what to do.
#include "dwellmap/error.hpp"
#include "stream/endpoint.hpp"
#include "wire/command_message.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdio>
#include <iomanip>
#include <iostream>
#include <optional>

namespace dwellmap {
namespace {

constexpr int kConnect_ms = 3000;
constexpr int kReply_ms = 40'000;  // a recording that ends waits up to 30 s for the disk

struct Options {
    std::string endpoint;
    Command command;
};

/// @return the exit status if there is nothing left to do (--help, a mistake)
std::optional<int> parse(int argc, char** argv, Options& o) {
    CLI::App app("Starts or ends a recording of a dwellmap analyzer, or begins its analysis anew.");
    app.set_version_flag("--version", DWELLMAP_VERSION);
    std::string name;
    app.add_option("ENDPOINT", o.endpoint, "its stream.control, as tcp://127.0.0.1:5557")
        ->required();
    app.add_option("COMMAND", name, "record-start, record-stop, reset or status")
        ->required()
        ->check(CLI::IsMember({"record-start", "record-stop", "reset", "status"}));
    app.add_option("--file", o.command.file,
                   "of record-start: a name in the analyzer's recording.folder");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& e) {
        return app.exit(e);
    }
    std::replace(name.begin(), name.end(), '-', '_');
    o.command.kind = command_named(name).value();
    return std::nullopt;
}

CommandReply ask(const Options& o) {
    zmq::context_t context(1);
    zmq::socket_t socket(context, zmq::socket_type::req);
    socket.set(zmq::sockopt::linger, 0);
    socket.set(zmq::sockopt::immediate, true);  // sending waits for a connection
    socket.set(zmq::sockopt::sndtimeo, kConnect_ms);
    socket.set(zmq::sockopt::rcvtimeo, kReply_ms);
    socket.set(zmq::sockopt::maxmsgsize, static_cast<std::int64_t>(kMaxControlBytes));
    connect_or_explain(socket, o.endpoint, "commands");
    const auto message = encode_command(o.command, {draw_session(), 0});
    if (!socket.send(zmq::buffer(message), zmq::send_flags::none)) {
        throw SetupError("no analyzer at " + o.endpoint +
                         ": start dwellmap, or name the address that it has as stream.control");
    }
    zmq::message_t answer;
    if (!socket.recv(answer, zmq::recv_flags::none)) {
        throw SetupError("the analyzer at " + o.endpoint + " did not answer within " +
                         std::to_string(kReply_ms / 1000) +
                         " s: look at its page or log whether it did what it was told");
    }
    CommandReply reply;
    if (const auto problem =
            decode_reply({static_cast<const std::byte*>(answer.data()), answer.size()}, reply);
        !problem.empty()) {
        throw SetupError("the reply from " + o.endpoint + ": " + problem);
    }
    return reply;
}

void print(const CommandReply& reply) {
    const RecordingStatus& r = reply.recording;
    std::cout << reply.text << (reply.text.empty() ? "" : "\n") << std::fixed
              << std::setprecision(1) << "recording: " << to_string(r.state);
    if (!r.file.empty()) {
        std::cout << ", " << r.file << ", " << r.frames << " frames, "
                  << static_cast<double>(r.bytes) / 1e6 << " MB, " << r.seconds << " s, "
                  << r.blocks_dropped << " blocks left out";
    }
    std::cout << (r.error.empty() ? "" : "\n" + r.error) << '\n';
}

}  // namespace
}  // namespace dwellmap

int main(int argc, char** argv) {
    try {
        dwellmap::Options options;
        if (const auto status = dwellmap::parse(argc, argv, options)) {
            return *status;
        }
        if (const auto problem = dwellmap::problem_of(options.command); !problem.empty()) {
            throw dwellmap::SetupError(problem);
        }
        const auto reply = dwellmap::ask(options);
        if (!reply.ok) {
            throw dwellmap::SetupError(reply.text);
        }
        dwellmap::print(reply);
    } catch (const std::exception& e) {
        std::fprintf(stderr, "dwellmap-command: %s\n", e.what());
        return 1;
    }
    return 0;
}

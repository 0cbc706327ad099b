// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "wire/command.hpp"

#include <boost/asio/thread_pool.hpp>

#include <functional>
#include <mutex>
#include <string>

namespace dwellmap {

/// Carries commands out in a thread of its own, one at a time in their order, while the event loop goes on.
class CommandThread {
public:
    using Done = std::function<void(CommandReply)>;

    explicit CommandThread(CommandHandler handler) : handler_(std::move(handler)) {}
    ~CommandThread() { stop(); }
    CommandThread(const CommandThread&) = delete;
    CommandThread& operator=(const CommandThread&) = delete;

    /// `done` is called once with the reply, in that thread; after stop() in the caller's.
    void run(Command command, Done done);
    void refuse(std::string why, Done done);  ///< the same, with the state of the recording
    void stop() noexcept;  ///< waits for the command that runs; those that wait are refused

private:
    bool is_stopped() const;
    void post(std::function<CommandReply()> work, Done done);
    CommandReply refusal(std::string why) const;
    CommandReply carry_out(const Command& command) const;

    CommandHandler handler_;
    mutable std::mutex mutex_;
    bool stopped_ = false;  // guarded by it
    boost::asio::thread_pool thread_{1};
};

}  // namespace dwellmap

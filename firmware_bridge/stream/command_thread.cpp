// SPDX-License-Identifier: Apache-2.0
#include "stream/command_thread.hpp"

#include <boost/asio/post.hpp>

#include <exception>
#include <utility>

namespace dwellmap {
namespace {

CommandReply ending() { return {false, "not carried out: the analyzer is ending", {}}; }

}  // namespace

void CommandThread::run(Command command, Done done) {
    post([this, command = std::move(command)] { return carry_out(command); }, std::move(done));
}

void CommandThread::refuse(std::string why, Done done) {
    post([this, why = std::move(why)] { return refusal(why); }, std::move(done));
}

void CommandThread::post(std::function<CommandReply()> work, Done done) {
    const std::scoped_lock lock(mutex_);
    if (stopped_) {
        return done(ending());
    }
    boost::asio::post(thread_, [this, work = std::move(work), done = std::move(done)] {
        done(is_stopped() ? ending() : work());
    });
}

bool CommandThread::is_stopped() const {
    const std::scoped_lock lock(mutex_);
    return stopped_;
}

CommandReply CommandThread::carry_out(const Command& command) const {
    try {
        return handler_(command);
    } catch (const std::exception& e) {
        return refusal(e.what());
    }
}

CommandReply CommandThread::refusal(std::string why) const {
    CommandReply reply;
    try {
        reply = handler_({Command::Kind::status, ""});
    } catch (const std::exception& e) {
        why += std::string("; ") + e.what();
    }
    reply.ok = false;
    reply.text = std::move(why);
    return reply;
}

void CommandThread::stop() noexcept {
    {
        const std::scoped_lock lock(mutex_);
        stopped_ = true;
    }
    thread_.join();
}

}  // namespace dwellmap

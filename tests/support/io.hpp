// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <thread>

namespace dwellmap::testing {

/// An io_context with its thread, as main() has.
struct Io {
    boost::asio::io_context context;
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work =
        boost::asio::make_work_guard(context);
    std::thread thread{[this] { context.run(); }};
    ~Io() {
        context.stop();
        thread.join();
    }
};

}  // namespace dwellmap::testing

// SPDX-License-Identifier: Apache-2.0
#include "base/helper.hpp"

#include <sched.h>

namespace dwellmap {
namespace {

constexpr int kSpins = 4000;  // some 50 µs; then whoever else wants the core may have it

/// Cores that this process may use; a thread that spins on the caller's own core would only take its time.
int cores() noexcept {
    cpu_set_t set;
    return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
}

/// Between two looks at what another thread writes.
class Spin {
public:
    void wait() noexcept {
        if (++spins_ > kSpins) {
            std::this_thread::yield();
            return;
        }
#ifdef __x86_64__
        __builtin_ia32_pause();
#endif
    }

private:
    int spins_ = 0;
};

}  // namespace

Helper::Helper(int threads) {
    if (threads > 1 && cores() > 1) {
        thread_ = std::thread([this] { work(); });
    }
}

Helper::~Helper() {
    if (thread_.joinable()) {
        set_awake(-1);
        thread_.join();
    }
}

void Helper::set_awake(int awake) noexcept {
    if (thread_.joinable()) {
        awake_.store(awake, std::memory_order_release);
        awake_.notify_one();
    }
}

void Helper::post(void (*run)(void*) noexcept, void* job) noexcept {
    run_ = run;
    job_ = job;
    state_.store(posted, std::memory_order_release);
}

/// Only one of the two threads gets the job.
bool Helper::take() noexcept {
    int expected = posted;
    return state_.load(std::memory_order_relaxed) == posted &&
           state_.compare_exchange_strong(expected, taken, std::memory_order_acquire,
                                          std::memory_order_relaxed);
}

void Helper::finish() noexcept {
    if (take()) {
        run_(job_);
        state_.store(idle, std::memory_order_relaxed);
        return;
    }
    for (Spin spin; state_.load(std::memory_order_acquire) != idle;) {
        spin.wait();
    }
}

void Helper::work() noexcept {
    for (;;) {
        awake_.wait(0);
        for (Spin spin; awake_.load(std::memory_order_acquire) > 0;) {
            if (take()) {
                run_(job_);
                state_.store(idle, std::memory_order_release);
                spin = {};
            } else {
                spin.wait();
            }
        }
        if (awake_.load(std::memory_order_acquire) < 0) {
            return;
        }
    }
}

Helper& no_helper() noexcept {
    static Helper none(1);
    return none;
}

}  // namespace dwellmap

// SPDX-License-Identifier: Apache-2.0
#include "recording/recorder.hpp"

#include "base/utc.hpp"
#include "dwellmap/error.hpp"
#include "recording/recorder_ring.hpp"
#include "recording/recording_job.hpp"
#include "recording/stream_gate.hpp"

#include <sys/resource.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <mutex>
#include <thread>
#include <utility>

namespace dwellmap {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kStopWithin{30};
constexpr int kNice = 10;  // the live view comes first: what is recorded can wait in the queue
constexpr std::int64_t kCountersEvery_ns = 1'000'000'000;
constexpr std::size_t kControlReserve = std::size_t{16}
                                        << 20;  // bytes, so that a full queue takes a start

std::int64_t now_ns() { return Clock::now().time_since_epoch() / std::chrono::nanoseconds(1); }

std::string name_for_now(const std::filesystem::path& folder) {
    const std::string stem = utc_now("dwellmap-%Y%m%dT%H%M%SZ");
    std::string name = stem + ".h5";
    std::error_code ignored;
    for (int k = 2; std::filesystem::exists(folder / name, ignored); ++k) {
        name = stem + "-" + std::to_string(k) + ".h5";
    }
    return name;
}

}  // namespace

struct Recorder::Impl {
    const RecordingConfig config;
    const std::string writer;
    const std::size_t queue_bytes_most;

    std::mutex control;  // start() and stop(), one at a time

    mutable std::mutex
        mutex;  // guards all below but the thread, and job while the thread works on it
    std::condition_variable changed, finished;
    StreamGate gate;
    RecorderRing ring;
    std::deque<RecorderItem> queue;
    Counters counters;
    std::int64_t counters_kept_ns = 0;
    RecordingStatus status;
    Clock::time_point started;
    bool stopping = false, quitting = false;
    std::unique_ptr<RecordingJob> job;

    std::atomic<std::size_t> queue_bytes = 0;  // also of what the thread has taken
    std::atomic<Clock::time_point> stop_by =
        Clock::time_point::max();  // what is queued then is left out

    std::thread thread;

    Impl(const RecordingConfig& c, std::string w)
        : config(c),
          writer(std::move(w)),
          queue_bytes_most(static_cast<std::size_t>(c.queue_mib) << 20),
          ring(c),
          thread([this] { work(); }) {}

    bool recording() const {
        return status.state == RecordingStatus::State::recording && !stopping;
    }

    /// Into the queue, or while nothing is recorded into the ring.
    void put(RecorderItem item) {
        if (!recording()) {
            ring.put(std::move(item));
            return;
        }
        ring.pass(item);
        const bool is_rows = std::holds_alternative<RowsItem>(item.content);
        if (queue_bytes + item.bytes() > queue_bytes_most + (is_rows ? 0 : kControlReserve)) {
            leave_out(item);
            return;
        }
        queue_bytes += item.bytes();
        queue.push_back(std::move(item));
        if (queue.size() == 1) {
            changed.notify_one();
        }
    }

    void leave_out(const RecorderItem& item) {
        const auto* rows = std::get_if<RowsItem>(&item.content);
        if (rows == nullptr) {
            return;
        }
        ++status.blocks_dropped;
        auto* before = queue.empty() ? nullptr : std::get_if<LostItem>(&queue.back().content);
        if (before != nullptr && before->frame == rows->rows.frame) {
            ++before->blocks;
        } else {
            queue.push_back({item.time_ns, LostItem{rows->rows.frame, 1}});
            queue_bytes += queue.back().bytes();
        }
    }

    /// The thread's. It takes the queue as a whole, so that it seldom has the lock that the receiver waits for.
    void work() {
        setpriority(PRIO_PROCESS, 0, kNice);  // of this thread
        std::unique_lock lock(mutex);
        for (;;) {
            changed.wait(lock, [this] { return !queue.empty() || stopping || quitting; });
            if (!queue.empty()) {
                auto batch = std::exchange(queue, {});
                lock.unlock();
                write(batch);
                lock.lock();
            } else if (stopping) {
                finish(lock);
            } else {
                return;
            }
        }
    }

    void write(std::deque<RecorderItem>& batch) {
        for (; !batch.empty() && Clock::now() < stop_by.load(); batch.pop_front()) {
            const auto frames = job->frames();
            const auto error = job->take(batch.front());
            queue_bytes -= batch.front().bytes();
            if (!error.empty()) {
                fail(error, batch);
                return;
            }
            if (job->frames() > frames) {
                const std::lock_guard lock(mutex);
                status.frames = job->frames();
                status.bytes = job->bytes();
            }
        }
        if (!batch.empty()) {
            const std::lock_guard lock(mutex);
            give_up(batch);
        }
    }

    void fail(const std::string& error, std::deque<RecorderItem>& batch) {
        batch.pop_front();
        const std::lock_guard lock(mutex);
        status.state = RecordingStatus::State::failed;
        status.error = error;
        stopping = true;
        give_up(batch);
        give_up(queue);
    }

    /// Closes the file.
    void finish(std::unique_lock<std::mutex>& lock) {
        const auto last = std::pair(counters, status.blocks_dropped);
        const bool whole = status.state == RecordingStatus::State::recording;
        lock.unlock();
        const auto error = whole ? job->close(now_ns(), last.first, last.second) : std::string();
        const auto frames = job->frames(), bytes = job->bytes();
        job.reset();
        lock.lock();
        status.frames = frames;
        status.bytes = bytes;
        status.seconds = std::chrono::duration<double>(Clock::now() - started).count();
        if (whole) {
            status.state =
                error.empty() ? RecordingStatus::State::off : RecordingStatus::State::failed;
            status.error = error;
        }
        stopping = false;
        stop_by = Clock::time_point::max();
        finished.notify_all();
    }

    void give_up(std::deque<RecorderItem>& items) {
        for (const auto& item : items) {
            status.blocks_dropped += std::holds_alternative<RowsItem>(item.content) ? 1 : 0;
            queue_bytes -= item.bytes();
        }
        items.clear();
    }

    RecordingStatus snapshot() const {
        RecordingStatus s = status;
        s.queued_bytes = queue_bytes;
        if (s.state == RecordingStatus::State::recording) {
            s.seconds = std::chrono::duration<double>(Clock::now() - started).count();
        }
        return s;
    }
};

Recorder::Recorder(const RecordingConfig& config, std::string writer)
    : impl_(std::make_unique<Impl>(config, std::move(writer))) {}

Recorder::~Recorder() {
    {
        const std::lock_guard lock(impl_->mutex);
        if (impl_->recording()) {
            impl_->stopping = true;
            impl_->stop_by = Clock::now() + kStopWithin;
        }
        impl_->quitting = true;
    }
    impl_->changed.notify_one();
    impl_->thread.join();
}

void Recorder::message(SharedMessage message, const FrameMessage& decoded,
                       std::int64_t now_ns) noexcept {
    const std::lock_guard lock(impl_->mutex);
    if (!impl_->gate.admits(decoded)) {
        return;
    }
    if (const auto* rows = std::get_if<RowsMessage>(&decoded.content)) {
        impl_->put({now_ns, RowsItem{std::move(message), *rows}});
    } else if (const auto* start = std::get_if<StartMessage>(&decoded.content)) {
        impl_->put({now_ns, StartItem{std::make_shared<const StartMessage>(*start)}});
    } else if (const auto* end = std::get_if<EndMessage>(&decoded.content)) {
        impl_->put(
            {now_ns, EndItem{std::string(end->reason), end->frames_sent, end->frames_dropped}});
    }
}

void Recorder::counters(const Counters& counters) noexcept {
    const auto now = now_ns();
    const std::lock_guard lock(impl_->mutex);
    impl_->counters = counters;
    if (now - impl_->counters_kept_ns >= kCountersEvery_ns) {
        impl_->counters_kept_ns = now;
        impl_->put({now, CountersItem{counters, impl_->status.blocks_dropped}});
    }
}

void Recorder::series_analysed(const std::string& uuid, const std::string& parameters) {
    const std::lock_guard lock(impl_->mutex);
    impl_->put({now_ns(), AnalysisItem{uuid, parameters}});
}

void Recorder::result(const std::string& uuid, std::uint64_t number, std::uint64_t position,
                      std::uint64_t hash) noexcept {
    const std::lock_guard lock(impl_->mutex);
    impl_->put({now_ns(), ResultItem{uuid, {number, position, hash}}});
}

RecordingStatus Recorder::start(const std::string& file) {
    const std::lock_guard control(impl_->control);
    auto& r = *impl_;
    if (const auto s = status(); s.state == RecordingStatus::State::recording) {
        throw SetupError("a recording runs already, to " + s.file + ": stop it first");
    }
    const std::filesystem::path folder = r.config.folder;
    const auto path = (folder / (file.empty() ? name_for_now(folder) : file)).lexically_normal();
    auto job = std::make_unique<RecordingJob>(path.string(), r.writer, r.config.compress);
    std::unique_lock lock(r.mutex);
    r.finished.wait(lock, [&r] { return !r.stopping; });  // of one that failed just now
    r.job = std::move(job);
    r.status = {};
    r.status.state = RecordingStatus::State::recording;
    r.status.file = path.string();
    r.started = Clock::now();
    r.queue = r.ring.take(now_ns());
    r.queue_bytes = 0;
    for (const auto& item : r.queue) {
        r.queue_bytes += item.bytes();
    }
    r.changed.notify_one();
    return r.snapshot();
}

RecordingStatus Recorder::stop() {
    const std::lock_guard control(impl_->control);
    auto& r = *impl_;
    std::unique_lock lock(r.mutex);
    if (!r.recording()) {
        throw SetupError("nothing is being recorded");
    }
    r.stopping = true;
    r.stop_by = Clock::now() + kStopWithin;
    r.changed.notify_one();
    r.finished.wait(lock, [&r] { return !r.stopping; });
    return r.snapshot();
}

RecordingStatus Recorder::status() const {
    const std::lock_guard lock(impl_->mutex);
    return impl_->snapshot();
}

}  // namespace dwellmap

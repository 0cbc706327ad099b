// SPDX-License-Identifier: Apache-2.0
#include "commands/player.hpp"

#include "dwellmap/error.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <future>
#include <utility>

namespace dwellmap {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;

constexpr milliseconds kTooLate{
    100};                         // behind by more, a frame is not hurried after the ones before it
constexpr milliseconds kSoon{5};  // after the clock was set, the first block is due
constexpr milliseconds kLookAtInput{10};
constexpr double kLongPause_s = 5;

RowsMessage message_of(const Series& series, const RecordedImage& image, const PlayBlock& block,
                       std::uint64_t number) {
    const auto row_bytes = static_cast<std::size_t>(series.cols_px) * size_of(image.type);
    RowsMessage m;
    m.frame = number;
    m.pixel_type = image.type;
    m.rows_px = series.rows_px;
    m.cols_px = series.cols_px;
    m.first_row = block.first_row;
    m.row_count = block.row_count;
    m.complete = block.complete;
    m.pixels = Bytes(image.pixels)
                   .subspan(static_cast<std::size_t>(block.first_row) * row_bytes,
                            static_cast<std::size_t>(block.row_count) * row_bytes);
    return m;
}

}  // namespace

Player::Player(FramePublisher& publisher, std::vector<Reel> reels, const PlaySettings& settings,
               const volatile bool& stop)
    : publisher_(publisher), reels_(std::move(reels)), settings_(settings), stop_(stop) {
    make_programme();
}

void Player::make_programme() {
    std::int64_t reel_ns = 0;
    std::uint64_t frames = 0;
    for (std::size_t r = 0; r < reels_.size(); ++r) {
        const Reel& reel = reels_[r];
        reel_ns += r > 0 ? reel.pause_before_ns() : 0;
        for (std::size_t k = 0; k < reel.frames(); ++k, ++frames) {
            const auto begin_s = static_cast<double>(reel_ns + reel.begin_ns(k)) * 1e-9;
            if (frames >= settings_.from_frame && begin_s >= settings_.from_s) {
                programme_.push_back({r, k, reel_ns});
            }
        }
        reel_ns += reel.length_ns();
    }
    if (programme_.empty()) {
        throw SetupError("there are " + std::to_string(frames) + " frames, of " +
                         std::to_string(static_cast<double>(reel_ns) * 1e-9) +
                         " s: nothing to play from there on");
    }
}

/// .npy files of one shape, again and again: the frames count on.
bool Player::endless() const {
    return settings_.loop && reels_.size() == 1 && !reels_[0].is_recording();
}

void Player::run() {
    bool goes_on = true;
    for (std::uint64_t pass = 0; goes_on && (pass == 0 || settings_.loop); ++pass) {
        zero_.reset();
        const auto damaged_before = damaged_;
        goes_on = play_once(pass) && damaged_ - damaged_before < programme_.size();
        if (!endless() || !goes_on) {
            end_series();
        }
    }
    end_series();
}

/// The next frame is read while one is played. @return false if it is over
bool Player::play_once(std::uint64_t pass) {
    const auto read = [this](std::size_t k) {
        return std::async(std::launch::async, [this, shot = programme_[k]] {
            return reels_[shot.reel].read(shot.frame);
        });
    };
    auto next = read(0);
    for (std::size_t k = 0; k < programme_.size(); ++k) {
        const PlayFrame frame = next.get();
        if (k + 1 < programme_.size()) {
            next = read(k + 1);
        }
        if (!frame.damage.empty()) {
            std::fprintf(stderr, "dwellmap-play: %s\n", frame.damage.c_str());
            ++damaged_;
        } else if (!play(programme_[k], frame, pass)) {
            return false;
        }
    }
    return true;
}

void Player::begin_series(std::size_t reel, std::uint64_t pass) {
    if (entered_ == reel) {
        return;
    }
    end_series();
    auto start = reels_[reel].start();
    if (pass > 0) {
        start.series.uuid.clear();  // drawn anew: frame numbers begin again
    }
    if (endless()) {
        start.series.expected_frames = 0;
    }
    publisher_.start(start);
    entered_ = reel;
}

void Player::end_series() {
    if (entered_) {
        publisher_.end(stop_ ? "aborted" : reels_[*entered_].end_reason());
        entered_.reset();
    }
}

bool Player::play(const Shot& shot, const PlayFrame& frame, std::uint64_t pass) {
    const Reel& reel = reels_[shot.reel];
    if (settings_.step && !wait_for_line()) {
        return false;
    }
    begin_series(shot.reel, pass);
    const auto number = frame.image.number + (endless() ? pass * reel.frames() : 0);
    std::fprintf(stderr, "frame %llu: %s\n", static_cast<unsigned long long>(number),
                 frame.name.c_str());
    keep_pace(shot.reel_ns + reel.begin_ns(shot.frame));
    for (const auto& block : frame.blocks) {
        const auto message = message_of(reel.start().series, frame.image, block, number);
        if (!send(message, shot.reel_ns + block.due_ns)) {
            return false;
        }
    }
    publisher_.count_frame();
    return true;
}

bool Player::send(const RowsMessage& message, std::int64_t due_ns) {
    if (settings_.speed <= 0) {
        return publisher_.send_block(message, TimePoint{}, &stop_).has_value();
    }
    const auto sent = publisher_.send_block(message, due(due_ns), &stop_);
    if (sent && last_sent_) {
        const auto was = *sent - *last_sent_, should_be = due(due_ns) - due(last_due_ns_);
        errors_.add(nanoseconds(was - should_be).count());
    }
    last_sent_ = sent;
    last_due_ns_ = due_ns;
    return sent.has_value();
}

Player::TimePoint Player::due(std::int64_t due_ns) const {
    return *zero_ + nanoseconds(std::llround(static_cast<double>(due_ns) / settings_.speed));
}

/// The clock starts with the first frame, and again with a line of --step or where the player fell far behind.
void Player::keep_pace(std::int64_t begin_ns) {
    if (settings_.speed <= 0) {
        return;
    }
    const auto now = Clock::now();
    if (!zero_ || settings_.step) {
        last_sent_.reset();
    }
    if (!zero_ || settings_.step || due(begin_ns) < now - kTooLate) {
        zero_ = now + kSoon;
        *zero_ -= due(begin_ns) - *zero_;
    }
    const auto pause_s = std::chrono::duration<double>(due(begin_ns) - now).count();
    if (pause_s > kLongPause_s) {
        std::fprintf(stderr, "due in %.0f s\n", pause_s);
    }
}

/// One frame for each line of standard input. @return false at its end, or if stopped
bool Player::wait_for_line() {
    while (lines_ == 0) {
        if (!publisher_.wait_until(Clock::now() + kLookAtInput, &stop_)) {
            return false;
        }
        pollfd input{STDIN_FILENO, POLLIN, 0};
        if (::poll(&input, 1, 0) <= 0) {
            continue;
        }
        std::array<char, 4096> text{};
        const auto size = ::read(STDIN_FILENO, text.data(), text.size());
        if (size <= 0) {
            return false;
        }
        lines_ += static_cast<std::uint64_t>(std::count(text.begin(), text.begin() + size, '\n'));
    }
    --lines_;
    return true;
}

}  // namespace dwellmap

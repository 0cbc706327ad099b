// SPDX-License-Identifier: Apache-2.0
#include "support/honeycomb.hpp"

#include "dwellmap/pipeline.hpp"

#include <catch2/catch.hpp>

using namespace dwellmap;
using testing::Honeycomb;

namespace {

constexpr int kSize = 320;

Frame frame_of(const std::shared_ptr<const Series>& series, std::uint64_t number, Image counts) {
    Frame frame;
    frame.series = series;
    frame.number = number;
    frame.counts = std::move(counts);
    frame.row_valid.assign(kSize, 1);
    frame.rows_valid = kSize;
    frame.complete = true;
    return frame;
}

/// The last of a series of frames, whose lower half is shifted along x.
FrameResult last_of(int frames, double shift_px) {
    const Honeycomb truth(kSize, kSize);
    auto series = std::make_shared<Series>();
    series->rows_px = series->cols_px = kSize;
    series->pixel_size_nm = 0.3184 / Honeycomb::a_px;
    Pipeline pipeline({}, series);
    auto result = pipeline.make_result();
    for (int k = 0; k < frames; ++k) {
        const double shift = k + 1 == frames ? shift_px : 0;
        const Image counts =
            testing::counted(truth.expected(kSize / 2, shift), 10 + static_cast<unsigned>(k));
        REQUIRE(pipeline.process(frame_of(series, static_cast<std::uint64_t>(k), counts), result) ==
                FrameStatus::ok);
    }
    return result;
}

/// More than a lattice parameter from the seam and from the edge.
bool clear_of_steps(const RowShift& r) {
    const double half = kSize / 2.0, from_seam = std::abs(r.y_px - half);
    return from_seam > Honeycomb::a_px && half - from_seam > 1.5 * Honeycomb::a_px;
}

/// Mean over the shifts of a half and the frame's drift, in px, and its standard error.
struct Half {
    double dx = 0, dy = 0, se = 0;
    int n = 0;
};

Half half_of(const FrameResult& result, bool lower) {
    Half h;
    for (const RowShift& r : result.row_shifts) {
        if ((r.y_px > kSize / 2.0) == lower && clear_of_steps(r)) {
            h.dx += r.dx_px;
            h.dy += r.dy_px;
            h.se += static_cast<double>(r.se_px) * r.se_px;
            ++h.n;
        }
    }
    h.dx = h.dx / h.n + result.drift_px.x();
    h.dy = h.dy / h.n + result.drift_px.y();
    h.se = std::sqrt(h.se) / h.n;
    return h;
}

}  // namespace

TEST_CASE("the shift of the lower rows is seen, within its error", "[row_shifts]") {
    const double shift_px = GENERATE(0.3, -0.3, 0.1, 0.0);
    const int frames = GENERATE(2, 4);
    const FrameResult result = last_of(frames, shift_px);
    const Half upper = half_of(result, false), lower = half_of(result, true);
    CAPTURE(shift_px, frames, upper.dx, lower.dx, upper.dy, lower.dy, lower.se);
    REQUIRE(upper.n > 5);
    REQUIRE(lower.n > 5);
    CHECK(lower.se < 0.02);
    const double se = std::hypot(upper.se, lower.se);
    CHECK(std::abs(lower.dx - upper.dx - shift_px) < 3 * se);
    CHECK(std::abs(lower.dy - upper.dy) < 3 * se);
    double chi2 = 0, n = 0;
    for (const RowShift& r : result.row_shifts) {
        if (clear_of_steps(r)) {
            const double truth = r.y_px > kSize / 2.0 ? shift_px : 0;
            const double x = r.dx_px + result.drift_px.x() - truth,
                         y = r.dy_px + result.drift_px.y();
            CHECK(std::hypot(x, y) < 5 * r.se_px);
            chi2 += (x * x + y * y) / (r.se_px * r.se_px);
            n += 2;
        }
    }
    CAPTURE(n);
    CHECK(chi2 / n > 0.3);  // the errors are neither too large
    CHECK(chi2 / n < 2.0);  // nor too small
}

TEST_CASE("a first frame has no shifts of rows", "[row_shifts]") {
    CHECK(last_of(1, 0.3).row_shifts.empty());
}

// SPDX-License-Identifier: Apache-2.0
#include "image/filter.hpp"
#include "support/allocations.hpp"

#include <catch2/catch.hpp>

#include <cmath>
#include <cstdlib>

using namespace dwellmap;

namespace {
Image random_image(int rows, int cols, unsigned seed) {
    std::srand(seed);
    return Image::Random(rows, cols) * 100 + 300;
}

/// The definition, pixel by pixel, in double precision.
double direct(const Image& in, double sigma, int y, int x) {
    const int r = static_cast<int>(5 * sigma + 0.5);
    double sum = 0, weights = 0;
    for (int k = -r; k <= r; ++k) {
        for (int l = -r; l <= r; ++l) {
            const double w = std::exp(-0.5 * (k * k + l * l) / (sigma * sigma));
            const auto yy = std::clamp<Eigen::Index>(y + k, 0, in.rows() - 1),
                       xx = std::clamp<Eigen::Index>(x + l, 0, in.cols() - 1);
            sum += w * in(yy, xx);
            weights += w;
        }
    }
    return sum / weights;
}
}  // namespace

TEST_CASE("the filter is the Gaussian mean of its surroundings, edges replicated", "[filter]") {
    const double sigma = GENERATE(0.9, 2.55, 6.0, 16.0);
    const int rows = GENERATE(40, 203);  // fewer and more than are kept while it runs
    const Image in = random_image(rows, 53, 1);
    Image out(rows, 53);
    Filter filter(rows, 53);
    CHECK(filter.run(in, rows, sigma, 0, out) == rows);
    for (int y = 0; y < rows; ++y) {
        const int x = y * 7 % 53;
        CAPTURE(sigma, y, x);
        CHECK(out(y, x) == Approx(direct(in, sigma, y, x)).epsilon(1e-5));
    }
}

TEST_CASE("cutting the frame into row blocks changes no bit of the filtered image", "[filter]") {
    const Image in = random_image(97, 64, 2);
    const int block = GENERATE(1, 7, 40, 97);
    Image whole(97, 64), cut(97, 64);
    Filter a(97, 64), b(97, 64);
    a.run(in, 97, 2.0, 0, whole);
    int done = 0;
    for (int rows = block; rows < 97; rows += block) {
        const int next = b.run(in, rows, 2.0, done, cut);
        CHECK(next >= done);
        CHECK(next <= rows);
        done = next;
    }
    CHECK(b.run(in, 97, 2.0, done, cut) == 97);
    CHECK((whole == cut).all());
}

TEST_CASE("the filter does not allocate", "[filter]") {
    const Image in = random_image(64, 64, 3);
    Image out(64, 64);
    Filter filter(64, 64);
    CHECK(testing::allocations_in([&] { filter.run(in, 64, 3.0, 0, out); }) == 0);
}

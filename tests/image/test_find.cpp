// SPDX-License-Identifier: Apache-2.0
#include "image/find.hpp"

#include <catch2/catch.hpp>

#include <cmath>
#include <cstdlib>

using namespace dwellmap;

namespace {
Image with_peaks(const std::vector<Peak>& peaks) {
    Image image = Image::Zero(60, 80);
    for (int y = 0; y < 60; ++y) {
        for (int x = 0; x < 80; ++x) {
            for (const auto& p : peaks) {
                const double dx = x - static_cast<double>(p.x_px),
                             dy = y - static_cast<double>(p.y_px);
                image(y, x) += p.height * static_cast<float>(std::exp(-(dx * dx + dy * dy) / 12));
            }
        }
    }
    return image;
}
}  // namespace

TEST_CASE("peaks are found to a fraction of a pixel, in raster order", "[find]") {
    const std::vector<Peak> truth{{50.0F, 12.4F, 5}, {20.3F, 20.0F, 9}, {61.7F, 41.2F, 7}};
    PeakFinder finder(80, 10);
    finder.run(with_peaks(truth), 60, 4, 0);
    REQUIRE(finder.peaks().size() == 3);
    for (std::size_t k = 0; k < 3; ++k) {
        CHECK(finder.peaks()[k].x_px == Approx(truth[k].x_px).margin(0.05));
        CHECK(finder.peaks()[k].y_px == Approx(truth[k].y_px).margin(0.05));
    }
}

TEST_CASE("a plateau is one peak, and none where a higher one is near", "[find]") {
    Image image = Image::Zero(30, 30);
    image.block(10, 10, 1, 2) = 3;
    image(20, 20) = 2;
    image(20, 23) = 4;
    PeakFinder finder(30, 900);
    finder.run(image, 30, 4, 0);
    int high = 0;
    for (const auto& p : finder.peaks()) {
        high += p.height > 0 ? 1 : 0;
    }
    CHECK(high == 2);
}

TEST_CASE("the same peaks are found row block by row block", "[find]") {
    std::srand(5);
    const Image image = Image::Random(60, 80);
    const int block = GENERATE(1, 9, 33);
    PeakFinder whole(80, 5000), cut(80, 5000);
    whole.run(image, 60, 3, 0);
    int done = 0;
    for (int rows = block; rows < 60; rows += block) {
        done = cut.run(image, rows, 3, done);
    }
    cut.run(image, 60, 3, done);
    REQUIRE(cut.peaks().size() == whole.peaks().size());
    for (std::size_t k = 0; k < cut.peaks().size(); ++k) {
        CHECK(cut.peaks()[k].x_px == whole.peaks()[k].x_px);
        CHECK(cut.peaks()[k].y_px == whole.peaks()[k].y_px);
    }
}

TEST_CASE("peaks beyond the capacity are dropped and counted", "[find]") {
    PeakFinder finder(80, 2);
    finder.run(with_peaks({{50, 12, 5}, {20, 20, 9}, {61, 41, 7}}), 60, 4, 0);
    CHECK(finder.peaks().size() == 2);
    CHECK(finder.dropped() == 1);
}

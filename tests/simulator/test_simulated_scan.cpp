// SPDX-License-Identifier: Apache-2.0
#include "dwellmap/simulated_microscope.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <vector>

namespace dwellmap {
namespace {

/// Columns so far apart that none reaches into another's surroundings.
CrystalConfig isolated_columns() {
    CrystalConfig config;
    config.lattice_nm = 1.6;
    config.residual_strain = 0;
    config.misfit = 0;
    return config;
}

ScanConfig without_background() {
    ScanConfig scan = without_noise({});
    scan.background = 0;
    scan.background_slope = 0;
    return scan;
}

struct Centroid {
    double sum = 0, x_px = 0, y_px = 0;
};

/// Of the pixels within 7 sigma of a column; sum 0 if the window leaves the image.
Centroid centroid(const Image& image, const TrueColumn& column) {
    const int half = 18;
    const int x0 = static_cast<int>(std::lround(column.x_px));
    const int y0 = static_cast<int>(std::lround(column.y_px));
    Centroid c;
    if (x0 < half || y0 < half || x0 >= image.cols() - half || y0 >= image.rows() - half) {
        return c;
    }
    for (int y = y0 - half; y <= y0 + half; ++y) {
        for (int x = x0 - half; x <= x0 + half; ++x) {
            const double v = image(y, x);
            c.sum += v;
            c.x_px += v * x;
            c.y_px += v * y;
        }
    }
    c.x_px /= c.sum;
    c.y_px /= c.sum;
    return c;
}

TEST_CASE(
    "true positions and counts are those of the noise-free image, in every frame of a drifting "
    "series") {
    ScanConfig scan = without_background();
    scan.drift_nm = {0.08, -0.05};
    scan.electrons_per_mo = GENERATE(2000.0, 100.0);
    const double height_nm = scan.rows_px * scan.pixel_size_nm;
    const double rows_per_nm =
        1 - scan.drift_nm.y() / height_nm;  // against a specimen at rest: it flees, or comes
    SimulatedMicroscope microscope(isolated_columns(), scan);
    Image image;
    std::vector<TrueColumn> truth;
    int checked = 0;
    for (const std::uint64_t frame : {0U, 1U, 4U}) {
        microscope.frame(frame, image, truth);
        for (const auto& column : truth) {
            const auto seen = centroid(image, column);
            if (seen.sum == 0) {
                continue;
            }
            ++checked;
            CHECK(std::abs(seen.x_px - column.x_px) < 1e-3);
            CHECK(std::abs(seen.y_px - column.y_px) < 1e-3);
            const double z = column.site == Site::anion         ? 16
                             : column.species == species_second ? 75
                                                                : 42;
            const double counts = scan.electrons_per_mo * column.atoms * std::pow(z / 42, 1.7);
            CHECK(seen.sum == Approx(counts / rows_per_nm).epsilon(1e-5));
        }
    }
    CHECK(checked > 60);
}

TEST_CASE("a Mo column holds dose times cross-section electrons") {
    CHECK(1e5 * kMoCrossSectionA2 == ScanConfig{}.electrons_per_mo);
}

TEST_CASE("true positions follow the rows' jitter") {
    ScanConfig scan = without_background();
    scan.row_jitter_nm = 0.004;
    SimulatedMicroscope microscope(isolated_columns(), scan);
    Image image;
    std::vector<TrueColumn> truth;
    double left = 0;
    double moved = 0;
    for (std::uint64_t frame = 0; frame < 5; ++frame) {
        microscope.frame(frame, image, truth);
        for (const auto& column : truth) {
            const auto seen = centroid(image, column);
            if (seen.sum > 0) {
                left += std::pow(seen.x_px - column.x_px, 2) + std::pow(seen.y_px - column.y_px, 2);
                moved += std::pow(seen.x_px - column.x_nm / scan.pixel_size_nm, 2) +
                         std::pow(seen.y_px - column.y_nm / scan.pixel_size_nm, 2);
            }
        }
    }
    CHECK(left < 0.01 * moved);  // what is left is of second order
}

TEST_CASE("drift moves the truth and goes on from frame to frame, until the stage turns round") {
    ScanConfig scan = without_noise({});
    scan.rows_px = scan.cols_px = 128;
    scan.drift_nm = {0.1, 0};
    scan.drift_range_nm = 0.5;
    SimulatedScan drifting(scan);
    const auto x_nm = [&](std::uint64_t frame) { return drifting.drift_nm(frame).x(); };
    CHECK(x_nm(0) == Approx(0).margin(1e-12));
    CHECK(x_nm(4) == Approx(0.4));
    CHECK(x_nm(7) == Approx(0.3));
    CHECK(x_nm(15) == Approx(-0.5));
    CHECK(x_nm(20) == Approx(0).margin(1e-9));

    SimulatedMicroscope microscope({}, scan);
    Image image;
    std::vector<TrueColumn> before;
    std::vector<TrueColumn> after;
    microscope.frame(0, image, before);
    microscope.frame(3, image, after);
    int common = 0;
    for (const auto& b : before) {
        for (const auto& a : after) {
            if (a.id == b.id) {
                ++common;
                CHECK(a.x_px - b.x_px == Approx(0.3 / scan.pixel_size_nm).epsilon(1e-3));
                CHECK(a.y_px == Approx(b.y_px));
            }
        }
    }
    CHECK(common > 50);
}

TEST_CASE("counting noise has the expected image as its mean and as its variance") {
    ScanConfig scan = without_noise({});
    scan.rows_px = scan.cols_px = 256;
    Image expected;
    Image counts;
    std::vector<TrueColumn> truth;
    SimulatedMicroscope({}, scan).frame(0, expected, truth);
    scan.counting_noise = true;
    SimulatedMicroscope({}, scan).frame(0, counts, truth);
    const Eigen::ArrayXXd mean = expected.cast<double>();
    const Eigen::ArrayXXd difference = counts.cast<double>() - mean;
    const auto pixels = static_cast<double>(mean.size());
    CHECK(std::abs(difference.sum()) < 4 * std::sqrt(mean.sum()));
    CHECK(std::abs((difference.square() / mean).mean() - 1) <
          4 * std::sqrt((2 + (1 / mean).mean()) / pixels));
    CHECK((counts == counts.round()).all());
}

TEST_CASE("background and gradient are fractions of the Mo peak") {
    const ScanConfig scan = without_noise({});
    SimulatedMicroscope microscope(isolated_columns(), scan);
    Image image;
    std::vector<TrueColumn> truth;
    microscope.frame(0, image, truth);
    const double peak = 2000 * 0.02 * 0.02 / (2 * std::acos(-1.0) * 0.05 * 0.05);
    CHECK(microscope.mo_peak() == Approx(peak));
    int dark = 0;
    for (int y = 20; y < 492; y += 5) {
        for (int x = 20; x < 492; x += 5) {
            const bool alone = std::none_of(truth.begin(), truth.end(), [&](const auto& c) {
                return std::hypot(c.x_px - x, c.y_px - y) < 20;
            });
            if (alone) {
                ++dark;
                CHECK(image(y, x) == Approx(peak * (0.10 + 0.05 * (x + y) / 511.0)).epsilon(1e-5));
            }
        }
    }
    CHECK(dark > 1000);
}

TEST_CASE("columns scatter in brightness, anew in every frame") {
    ScanConfig scan = without_noise({});
    scan.intensity_scatter = 0.02;
    SimulatedMicroscope microscope({}, scan);
    Image image;
    std::vector<TrueColumn> truth;
    double squares = 0;
    double sum = 0;
    int count = 0;
    for (std::uint64_t frame = 0; frame < 4; ++frame) {
        microscope.frame(frame, image, truth);
        for (const auto& column : truth) {
            if (column.site == Site::cation && column.species == species_first) {
                const double relative = column.amplitude / microscope.mo_peak() - 1;
                sum += relative;
                squares += relative * relative;
                ++count;
            }
        }
    }
    CHECK(std::abs(sum / count) < 4 * 0.02 / std::sqrt(count));
    CHECK(std::sqrt(squares / count) == Approx(0.02).epsilon(4 / std::sqrt(2.0 * count)));
}

TEST_CASE("read noise adds to the counts") {
    ScanConfig scan = without_noise({});
    scan.rows_px = scan.cols_px = 256;
    Image clean;
    Image noisy;
    std::vector<TrueColumn> truth;
    SimulatedMicroscope({}, scan).frame(0, clean, truth);
    scan.read_noise = 3;
    SimulatedMicroscope({}, scan).frame(0, noisy, truth);
    CHECK(std::sqrt((noisy - clean).square().mean()) == Approx(3).epsilon(0.02));
}

}  // namespace
}  // namespace dwellmap

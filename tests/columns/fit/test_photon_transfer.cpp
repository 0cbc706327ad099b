// SPDX-License-Identifier: Apache-2.0
#include "fit/photon_transfer.hpp"

#include <catch2/catch.hpp>

#include <random>
#include <vector>

using namespace dwellmap;

namespace {

/// A row whose model runs from 5 to 105 electrons, as a detector with this gain and read-out noise shows it.
struct Row {
    std::vector<float> counts, model;

    Row(int pixels, double gain, double read_noise, unsigned seed) {
        std::mt19937 random(seed);
        std::normal_distribution<double> read(0, 1);
        for (int k = 0; k < pixels; ++k) {
            const double electrons = 5 + 100.0 * k / pixels;
            const int seen = std::poisson_distribution<int>(electrons)(random);
            model.push_back(static_cast<float>(gain * electrons));
            counts.push_back(static_cast<float>(gain * seen + read_noise * read(random)));
        }
    }

    bool solve(double freedom, double& gain, double& read_variance) const {
        PhotonTransfer transfer;
        transfer.begin(model.front(), model.back());
        transfer.add(counts.data(), model.data(), static_cast<int>(counts.size()));
        return transfer.solve(freedom, gain, read_variance);
    }
};

}  // namespace

TEST_CASE("rows given in two parts tell the same as all of them in one", "[photon_transfer]") {
    const Row row(40000, 3, 20, 5);
    PhotonTransfer left, right;
    for (auto* part : {&left, &right}) {
        part->begin(row.model.front(), row.model.back());
    }
    left.add(row.counts.data(), row.model.data(), 10000);
    right.add(row.counts.data() + 10000, row.model.data() + 10000, 30000);
    left.merge(right);
    double gain = 0, read_variance = 0, whole_gain = 0, whole_variance = 0;
    REQUIRE(left.solve(1, gain, read_variance));
    REQUIRE(row.solve(1, whole_gain, whole_variance));
    CHECK(gain == Approx(whole_gain).epsilon(1e-9));
    CHECK(read_variance == Approx(whole_variance).epsilon(1e-9));
}

TEST_CASE("gain and read-out noise of a detector are read off one frame", "[photon_transfer]") {
    const auto [gain, read_noise] = GENERATE(table<double, double>(
        {{0.5, 4.0}, {3.0, 20.0}, {40.0, 250.0}, {0.001, 0.006}, {1.0, 5.0}}));
    const unsigned seed = GENERATE(1U, 2U);
    double found = 0, variance = 0;
    REQUIRE(Row(100000, gain, read_noise, seed).solve(1, found, variance));
    CAPTURE(gain, read_noise, seed);
    CHECK(found == Approx(gain).epsilon(0.06));
    CHECK(variance == Approx(read_noise * read_noise).epsilon(0.12));
}

TEST_CASE("counted electrons have a gain of one and no read-out noise, exactly",
          "[photon_transfer]") {
    for (unsigned seed = 1; seed <= 10; ++seed) {
        double gain = 0, variance = -1;
        REQUIRE(Row(20000, 1, 0, seed).solve(1, gain, variance));
        CAPTURE(seed);
        CHECK(gain == 1);
        CHECK(variance == 0);
    }
}

TEST_CASE("read-out noise that is not significant is left out", "[photon_transfer]") {
    double gain = 0, variance = -1;
    REQUIRE(Row(20000, 7.3, 0, 3).solve(1, gain, variance));
    CHECK(gain == Approx(7.3).epsilon(0.03));
    CHECK(variance == 0);
}

TEST_CASE("the noise that the fit took is given back", "[photon_transfer]") {
    double gain = 0, variance = 0;
    REQUIRE(Row(20000, 7.3, 0, 3).solve(0.8, gain, variance));
    CHECK(gain == Approx(7.3 / 0.8).epsilon(0.03));
}

TEST_CASE("an image without noise is taken for counted electrons", "[photon_transfer]") {
    Row row(20000, 1, 0, 1);
    row.counts = row.model;
    double gain = 0, variance = -1;
    REQUIRE(row.solve(1, gain, variance));
    CHECK(gain == 1);
    CHECK(variance == 0);
}

TEST_CASE("too few pixels tell nothing: the values stay", "[photon_transfer]") {
    double gain = 12, variance = 34;
    CHECK_FALSE(Row(60, 1, 0, 1).solve(1, gain, variance));
    CHECK(gain == 12);
    CHECK(variance == 34);
}

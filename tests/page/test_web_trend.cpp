// SPDX-License-Identifier: Apache-2.0
#include "page/web_trend.hpp"

#include <catch2/catch.hpp>

using namespace dwellmap;

namespace {

FrameResult frame_of(const std::shared_ptr<Series>& series, std::uint64_t number) {
    FrameResult r;
    r.series = series;
    r.frame_number = number;
    r.complete = true;
    r.pixel_size_nm = 0.01;
    r.lattice.found = true;
    r.lattice.a_px = 31.84;
    r.lattice.se_a_px = 0.1;
    r.species.fraction_second = 0.5;
    r.atoms.resize(4);
    r.scores.resize(4);
    for (auto& atom : r.atoms) {
        atom.site = Site::cation;
        atom.species = species_first;
    }
    r.scores[0].order_parameter = 0.01F;
    r.scores[2].order_parameter = 0.03F;
    return r;
}

}  // namespace

TEST_CASE("the trend holds means with standard errors, in the frame's unit") {
    WebTrend trend;
    trend.add(frame_of(std::make_shared<Series>(), 7));
    const auto j = trend.json();
    CHECK(j["frame"] == nlohmann::json{7});
    CHECK(j["order_parameter"][0].get<double>() == Approx(0.02));
    CHECK(j["se_order_parameter"][0].get<double>() ==
          Approx(0.01));  // sd/√n with n - 1: 0.01414/√2
    CHECK(j["fraction"][0] == 0.5);
    CHECK(j["se_fraction"][0] == 0.25);
    CHECK(j["lattice"][0].get<double>() == Approx(0.3184));
    CHECK(j["se_lattice"][0].get<double>() == Approx(0.001));
}

TEST_CASE("the trend passes over partial frames, is bounded, and starts anew with another series") {
    WebTrend trend;
    auto series = std::make_shared<Series>();
    series->uuid = "one series";
    auto partial = frame_of(series, 1);
    partial.complete = false;
    trend.add(partial);
    CHECK(trend.json()["frame"].empty());

    for (std::uint64_t number = 0; number < 1000; ++number) trend.add(frame_of(series, number));
    CHECK(trend.json()["frame"].size() == 200);
    CHECK(trend.json()["frame"].back() == 999);

    auto other = std::make_shared<Series>();
    other->uuid = "another";
    trend.add(frame_of(other, 0));
    CHECK(trend.json()["frame"].size() == 1);
}

TEST_CASE("a frame without lattice, scores or species leaves a gap in the trend, not a zero") {
    WebTrend trend;
    FrameResult r;
    r.complete = true;
    trend.add(r);
    const auto j = trend.json();
    CHECK(j["order_parameter"][0].is_null());
    CHECK(j["fraction"][0].is_null());
    CHECK(j["lattice"][0].is_null());
}

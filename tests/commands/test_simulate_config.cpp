// SPDX-License-Identifier: Apache-2.0
#include "commands/simulate_config.hpp"

#include "dwellmap/error.hpp"

#include <catch2/catch.hpp>

#include <cmath>
#include <set>
#include <string>
#include <tuple>

namespace dwellmap {
namespace {

std::string complaint(const std::vector<std::string>& overrides) {
    try {
        load_simulate_config("", overrides);
    } catch (const SetupError& e) {
        return e.what();
    }
    return "";
}

TEST_CASE("settings of the simulated microscope arrive in the units of the code") {
    const auto c = load_simulate_config(
        "", {"crystal.angle_deg=90", "scan.dose=1e4", "scan.row_jitter_pm=3",
             "crystal.zigzag_beta_pm=1", "changes.creep_pm_per_frame=4", "scan.size_px=128",
             "scan.cols_px=64", "seed=9", "stream.speed=0"});
    CHECK(c.crystal.angle_rad == Approx(std::acos(0.0)));
    CHECK(c.scan.electrons_per_mo == Approx(200));
    CHECK(c.scan.row_jitter_nm == Approx(0.003));
    CHECK(c.crystal.zigzag.beta_nm == Approx(0.001));
    CHECK(c.changes.creep_nm_per_frame == Approx(0.004));
    CHECK(c.scan.rows_px == 128);
    CHECK(c.scan.cols_px == 64);
    CHECK(c.crystal.seed == 9);
    CHECK(c.scan.seed == 9);
    CHECK(c.speed == 0);
    CHECK(load_simulate_config("", {"scan.electrons_per_mo=500"}).scan.electrons_per_mo == 500);
    CHECK_FALSE(load_simulate_config("", {"scan.noise_free=true"}).scan.counting_noise);
}

TEST_CASE("wrong settings are named, with what is right") {
    const auto [setting, text] = GENERATE(table<std::string, std::string>({
        {"crystal.composition=1.1", "crystal.composition must be in [0, 1]"},
        {"crystal.composition=nan", "crystal.composition must be in [0, 1]"},
        {"crystal.composition=much", "crystal.composition must be a number"},
        {"scan.size_px=8", "scan.size_px must be in 16..8192"},
        {"scan.size_px=8192", "the field of view must not exceed 80 nm"},
        {"scan.dose=0", "scan.dose must be more than 0"},
        {"scan.drift_x_nm=inf", "scan.drift_x_nm must be a finite number"},
        {"stream.endpoint=5555", "stream.endpoint must be a string"},
        {"stream.endpoint=localhost", "stream.endpoint must look like tcp://127.0.0.1:5555"},
        {"stream.speed=-1", "stream.speed must be 0"},
        {"faults.loss=2", "faults.loss must be in [0, 1]"},
        {"changes.first_frame=0", "changes.first_frame must be 1 or more"},
        {"seed=-1", "seed must be 0 or more"},
        {"scan.dosis=1", "scan.dosis is not a setting"},
    }));
    CAPTURE(setting);
    CHECK_THAT(complaint({setting}), Catch::Contains(text));
}

TEST_CASE("all mistakes are shown at once") {
    const auto text = complaint(
        {"crystal.composition=2", "faults.loss=2", "scan.dose=1", "scan.electrons_per_mo=1"});
    CHECK_THAT(text, Catch::Contains("crystal.composition"));
    CHECK_THAT(text, Catch::Contains("faults.loss"));
    CHECK_THAT(text, Catch::Contains("give one"));
}

TEST_CASE("every option of the command line is a setting of its own") {
    std::set<std::string> seen;
    for (const auto& [option, key, help] : kSettingOptions) {
        CAPTURE(option);
        CHECK(seen.insert(option).second);
        CHECK(seen.insert(key).second);
        CHECK_THAT(complaint({std::string(key) + "=[]"}), !Catch::Contains("is not a setting"));
    }
}

}  // namespace
}  // namespace dwellmap

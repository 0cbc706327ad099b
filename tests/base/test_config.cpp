// SPDX-License-Identifier: Apache-2.0
#include "dwellmap/config.hpp"
#include "dwellmap/error.hpp"
#include "support/folder.hpp"

#include <catch2/catch.hpp>

#include <fstream>
#include <string>

using namespace dwellmap;

namespace {

Config parse(const std::string& text, const std::vector<std::string>& overrides = {}) {
    const testing::Folder folder;
    std::ofstream(folder / "settings.toml") << text;
    return load_config(folder / "settings.toml", overrides);
}

}  // namespace

TEST_CASE("no configuration is valid and gives the defaults", "[config]") {
    CHECK(load_config("", {}).refine.passes == RefineConfig{}.passes);
    CHECK(parse("[refine]\npasses = 7\n").refine.passes == 7);
}

TEST_CASE("an override wins over the file", "[config]") {
    const auto c = parse("[refine]\npasses = 7\n", {"refine.passes=9", "specimen.composition=0.5",
                                                    "stream.publish=tcp://127.0.0.1:7777"});
    CHECK(c.refine.passes == 9);
    CHECK(c.specimen.composition == 0.5);
    CHECK(c.stream.publish == "tcp://127.0.0.1:7777");
}

TEST_CASE("a wrong configuration says which key is wrong and why", "[config]") {
    const auto [text, expected] = GENERATE(table<std::string, std::string>({
        {"[analysis]\nthreads = 3", "analysis.threads must be 1 or 2"},
        {"[refine]\npasses = 0", "refine.passes must be in 1..20"},
        {"[refine]\npasses = \"many\"", "refine.passes must be a whole number"},
        {"[filter]\nfwhm_nm = nan", "filter.fwhm_nm must be in"},
        {"[refine]\npass = 3", "refine.pass is not a setting"},
        {"[statistics]\nneighbours = 7", "statistics.neighbours must be 6, 12 or 24"},
        {"[specimen]\nspecies = [\"Mo\", \"Qq\", \"S2\"]", "specimen.species must be three names"},
        {"[specimen]\nspecies = \"Mo\"", "specimen.species must be a list"},
        {"[species]\nrule = \"quantile\"", "needs specimen.composition"},
        {"[refine\npasses = 3", "line 1"},
    }));
    CAPTURE(text);
    CHECK_THROWS_WITH(parse(text), Catch::Contains(expected));
}

TEST_CASE("all problems are reported at once", "[config]") {
    CHECK_THROWS_WITH(parse("[refine]\npasses = 0\ntypo = 1", {"web.port=70000", "nonsense"}),
                      Catch::Contains("passes") && Catch::Contains("typo") &&
                          Catch::Contains("web.port") && Catch::Contains("nonsense"));
}

TEST_CASE("a file that is not there is named", "[config]") {
    CHECK_THROWS_WITH(load_config("/nowhere/dwellmap.toml", {}),
                      Catch::Contains("/nowhere/dwellmap.toml"));
}

TEST_CASE("what describe() prints can be read again", "[config]") {
    const auto c =
        parse(describe(parse("[statistics]\nneighbours = 24\n[specimen]\ncomposition = 0.25")));
    CHECK(c.statistics.neighbours == 24);
    CHECK(c.specimen.composition == 0.25);
}

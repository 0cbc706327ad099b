// SPDX-License-Identifier: Apache-2.0
#include "dwellmap/config.hpp"
#include "dwellmap/error.hpp"
#include "support/folder.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <fstream>
#include <map>
#include <random>
#include <sstream>
#include <string>
#include <vector>

using namespace dwellmap;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

namespace {

/// For every setting a right value that is not the default, and wrong ones: on both sides of its
/// range, or of another type.
struct Values {
    std::string right;
    std::vector<std::string> wrong;
};

const std::map<std::string, Values> kValues{
    {"stream.input", {"\"tcp://127.0.0.1:1\"", {"\"\"", "5"}}},
    {"stream.publish", {"\"tcp://127.0.0.1:2\"", {"5"}}},
    {"stream.control", {"\"tcp://127.0.0.1:3\"", {"5"}}},
    {"stream.stale_s", {"0.1", {"0.09", "3601", "nan"}}},
    {"web.address", {"\"0.0.0.0\"", {"\"\"", "5"}}},
    {"web.port", {"65535", {"-1", "65536", "1.5"}}},
    {"web.token", {"\"secret\"", {"5"}}},
    {"analysis.threads", {"1", {"0", "3"}}},
    {"specimen.species",
     {"[\"W\", \"Mo\", \"Se2\"]", {"[\"Mo\", \"Re\"]", "[\"Mo\", \"Re\", \"Xx\"]", "\"Mo\""}}},
    {"specimen.brighter", {"\"anions\"", {"\"both\""}}},
    {"specimen.lattice_nm", {"2.0", {"0.09", "2.1", "nan"}}},
    {"specimen.composition", {"1.0", {"-0.1", "1.1", "inf"}}},
    {"specimen.pixel_size_nm", {"0.02", {"0.00009", "1.1"}}},
    {"filter.fwhm_nm", {"0.02", {"0.019", "1.1", "nan"}}},
    {"find.threshold", {"0.0", {"-0.1", "1.1", "nan"}}},
    {"refine.passes", {"20", {"0", "21", "\"many\""}}},
    {"species.rule", {"\"quantile\"", {"\"\""}}},
    {"track.match_lattice", {"0.05", {"0.04", "0.51", "nan"}}},
    {"statistics.neighbours", {"24", {"7", "0"}}},
    {"statistics.population", {"\"tracks\"", {"\"all\""}}},
    {"statistics.forgetting", {"0.5", {"0.0", "1.1", "nan"}}},
    {"statistics.classes", {"8", {"-1", "1", "9"}}},
    {"statistics.parity", {"false", {"\"no\""}}},
    {"statistics.compatibility", {"\"paper\"", {"\"\""}}},
    {"library.file", {"\"series.h5\"", {"5"}}},
    {"recording.folder", {"\"/tmp\"", {"\"\"", "5"}}},
    {"recording.before_s", {"3600.0", {"-1", "3601", "nan"}}},
    {"recording.before_mib", {"0", {"-1", "65537"}}},
    {"recording.queue_mib", {"65536", {"0", "65537"}}},
    {"recording.compress", {"true", {"\"no\""}}},
};

/// With these, every right value above is right.
const std::string kBase = "statistics.population = \"observations\"\nspecimen.composition = 0.25\n";

std::vector<std::string> lines_of(const std::string& text) {
    std::istringstream in(text);
    std::vector<std::string> lines;
    for (std::string line; std::getline(in, line);) {
        lines.push_back(line);
    }
    return lines;
}

/// Right settings: the values above, some of them at random, numbers of 17 digits, any characters.
Config random_config(unsigned seed) {
    std::mt19937 random(seed);
    std::vector<std::string> overrides;
    for (const auto& [name, values] : kValues) {
        if (name != "statistics.population" && random() % 2 == 0) {  // forgetting depends on it
            overrides.push_back(name + "=" + values.right);
        }
    }
    Config c = parse_config(kBase, overrides);
    c.find.threshold = std::uniform_real_distribution<double>(0, 1)(random);
    c.specimen.pixel_size_nm = std::uniform_real_distribution<double>(1e-4, 1e-3)(random);
    c.recording.before_s = std::uniform_real_distribution<double>(0, 3600)(random);
    for (int k = 0; k < 20; ++k) {
        c.recording.folder += static_cast<char>(1 + random() % 127);
    }
    c.specimen.species[1] += c.recording.folder;
    return c;
}

}  // namespace

TEST_CASE("no configuration is valid and gives the defaults", "[config]") {
    CHECK(describe(load_config("", {})) == describe(Config{}));
    CHECK(describe(parse_config(describe(Config{}))) == describe(Config{}));
}

TEST_CASE("a file and its text give the same settings", "[config]") {
    const std::string toml = "[refine]\npasses = 7\n";
    const testing::Folder folder;
    std::ofstream(folder / "settings.toml") << toml;
    const auto config = load_config(folder / "settings.toml", {"find.threshold=0.25"});
    CHECK(config.refine.passes == 7);
    CHECK(describe(config) == describe(parse_config(toml, {"find.threshold=0.25"})));
}

TEST_CASE("an override wins over the file", "[config]") {
    const auto c = parse_config(
        "[refine]\npasses = 7\n",
        {"refine.passes=9", "specimen.composition=0.5", "stream.publish=tcp://127.0.0.1:7777"});
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
        {"[statistics]\nforgetting = 0.5", "needs statistics.population = \"observations\""},
        {"[refine\npasses = 3", "line 1"},
    }));
    CAPTURE(text);
    CHECK_THROWS_WITH(parse_config(text), Contains(expected));
}

TEST_CASE("all problems are reported at once", "[config]") {
    CHECK_THROWS_WITH(
        parse_config("[refine]\npasses = 0\ntypo = 1", {"web.port=70000", "nonsense"}),
        Contains("passes") && Contains("typo") && Contains("web.port") && Contains("nonsense"));
}

TEST_CASE("a file that is not there is named", "[config]") {
    CHECK_THROWS_WITH(load_config("/nowhere/dwellmap.toml", {}),
                      Contains("/nowhere/dwellmap.toml"));
}

TEST_CASE("every setting is printed, and is of its own", "[config]") {
    const auto before = lines_of(describe(parse_config(kBase)));
    CHECK(std::count_if(before.begin(), before.end(), [](const auto& line) {
              return !line.empty() && line.front() != '[';
          }) == static_cast<std::ptrdiff_t>(kValues.size()));
    for (const auto& [name, values] : kValues) {
        CAPTURE(name);
        const auto after = lines_of(describe(parse_config(kBase, {name + "=" + values.right})));
        std::string changed;
        for (std::size_t k = 0; k < before.size(); ++k) {
            changed += before[k] != after.at(k) ? after[k] + "\n" : "";
        }
        if (name == "web.token") {
            CHECK(changed.empty());
        } else {
            CHECK_THAT(changed,
                       StartsWith(name.substr(name.find('.') + 1) + " = " + values.right + " "));
            CHECK(std::count(changed.begin(), changed.end(), '\n') == 1);
        }
    }
}

TEST_CASE("every setting refuses what is out of its range", "[config]") {
    for (const auto& [name, values] : kValues) {
        for (const auto& wrong : values.wrong) {
            CAPTURE(name, wrong);
            CHECK_THROWS_WITH(parse_config(kBase, {name + "=" + wrong}),
                              Contains("\n  " + name + " must be "));
        }
    }
}

TEST_CASE("what describe() prints is read back to the last bit", "[config]") {
    const auto c = random_config(GENERATE(range(0U, 50U)));
    const auto text = describe(c);
    CAPTURE(text);
    const auto again = parse_config(text);
    CHECK(describe(again) == text);
    CHECK(again.find.threshold == c.find.threshold);
    CHECK(again.specimen.pixel_size_nm == c.specimen.pixel_size_nm);
    CHECK(again.recording.before_s == c.recording.before_s);
    CHECK(again.recording.folder == c.recording.folder);
    CHECK(again.specimen.species == c.specimen.species);
}

TEST_CASE("the token is read and never printed", "[config]") {
    const auto c = parse_config("web.token = \"secret\"");
    CHECK(c.web.token == "secret");
    CHECK_THAT(describe(c), !Contains("secret"));
}

// SPDX-License-Identifier: Apache-2.0
#include "dwellmap/config.hpp"

#include "base/config_reader.hpp"
#include "base/elements.hpp"
#include "base/toml_text.hpp"

#include <algorithm>
#include <cmath>

namespace dwellmap {
namespace {

using Words = std::vector<std::string>;

SettingRule<Words> three_elements() {
    return {[](const Words& v) {
                return v.size() == 3 && std::all_of(v.begin(), v.end(), [](const auto& name) {
                           return atomic_number(name) > 0;
                       });
            },
            "must be three names that begin with an element: host cation, second cation, anion "
            "column, like [\"Mo\", \"Re\", \"S2\"]"};
}

SettingRule<int> class_count() {
    return {[](int v) { return v == 0 || (v >= 2 && v <= 8); },
            "must be 0 (by silhouette) or in 2..8"};
}

// The three functions below are the list of all settings, in the order in which they are printed:
// setting(name, member, meaning, rule); without a rule, every value of its type is right.

template <class Visit>
void visit_inputs(Config& c, const Visit& setting) {
    setting("stream.input", c.stream.input, "the microscope's publisher",
            not_empty("must be an endpoint like tcp://127.0.0.1:5555"));
    setting("stream.publish", c.stream.publish, "our results; empty: not published");
    setting("stream.control", c.stream.control, "commands to us; empty: none are taken");
    setting("stream.stale_s", c.stream.stale_s, "nothing received for so long: stale",
            between(0.1, 3600, " s"));
    setting("web.address", c.web.address, "of the page",
            not_empty("must be an address like 127.0.0.1"));
    setting("web.port", c.web.port, "0: no page", whole(0, 65535, " (0: no page)"));
    setting(
        "web.token", c.web.token,
        "of programs that may give commands over HTTP; empty: only the page may; never printed");
    setting("analysis.threads", c.analysis.threads,
            "2: twice the speed on two cores, the same results", one_of<int>({1, 2}));
    setting("specimen.species", c.specimen.species, "host cation, second cation, anion column",
            three_elements());
    setting("specimen.brighter", c.specimen.brighter, "which sublattice: cations or anions",
            one_of<std::string>({"cations", "anions"}));
    setting("specimen.lattice_nm", c.specimen.lattice_nm, "to check the scale against",
            between(0.1, 2, " nm"));
    setting("specimen.composition", c.specimen.composition,
            "expected fraction of the second cation; absent: from the stream",
            or_absent(between(0, 1, ", the fraction of the second cation")));
    setting("specimen.pixel_size_nm", c.specimen.pixel_size_nm, "absent: from the stream",
            or_absent(between(1e-4, 1, " nm")));
}

template <class Visit>
void visit_stages(Config& c, const Visit& setting) {
    setting("filter.fwhm_nm", c.filter.fwhm_nm, "for finding and display only",
            between(0.02, 1, " nm"));
    setting("find.threshold", c.find.threshold, "of the cations' height: for peaks off the lattice",
            between(0, 1));
    setting("refine.passes", c.refine.passes,
            "of the joint fit; three or more besides in a first frame", whole(1, 20));
    setting("species.rule", c.species.rule, "or \"quantile\": the literal rule",
            one_of<std::string>({"mixture", "quantile"}));
    setting("track.match_lattice", c.track.match_lattice,
            "of a/sqrt(3): the same column after drift", between(0.05, 0.5));
    setting("statistics.neighbours", c.statistics.neighbours, "6, 12 or 24",
            one_of<int>({6, 12, 24}));
    setting("statistics.population", c.statistics.population, "or \"observations\"",
            one_of<std::string>({"tracks", "observations"}));
    setting("statistics.forgetting", c.statistics.forgetting,
            "weight of earlier observations when a frame is added",
            above(0, 1, "; 1: nothing is forgotten"));
    setting("statistics.classes", c.statistics.classes,
            "of neighbourhoods; 0: by silhouette, where a series is complete", class_count());
    setting("statistics.parity", c.statistics.parity, "average the covariance over inversion");
    setting("statistics.compatibility", c.statistics.compatibility,
            "or \"paper\": the published analysis beside ours, in results",
            one_of<std::string>({"none", "paper"}));
}

template <class Visit>
void visit_settings(Config& c, const Visit& setting) {
    visit_inputs(c, setting);
    visit_stages(c, setting);
    setting("library.file", c.library.file,
            "of the composition series, HDF5; empty: in memory only");
    setting("recording.folder", c.recording.folder, "where recordings are put",
            not_empty("must be a folder"));
    setting("recording.before_s", c.recording.before_s,
            "what came so long before the command is recorded too", between(0, 3600, " s"));
    setting("recording.before_mib", c.recording.before_mib, "but no more than this",
            whole(0, 65536, " MiB"));
    setting("recording.queue_mib", c.recording.queue_mib,
            "waiting for the disk; what is beyond it is left out, and marked",
            whole(1, 65536, " MiB"));
    setting("recording.compress", c.recording.compress, "lossless; 50 to 100 MB/s");
}

Config read(ConfigReader&& in) {
    Config c;
    visit_settings(c, [&in](const char* name, auto& value, const char*, const auto&... rule) {
        in.key(name, value, rule...);
    });
    in.require(c.species.rule != "quantile" || !std::isnan(c.specimen.composition),
               "species.rule = \"quantile\" needs specimen.composition");
    in.require(
        c.statistics.forgetting == 1 || c.statistics.population == "observations",
        "statistics.forgetting < 1 needs statistics.population = \"observations\": a track is "
        "counted once, whenever it was seen");
    in.finish();
    return c;
}

}  // namespace

Config load_config(const std::string& file, const std::vector<std::string>& overrides) {
    return read({ConfigReader::From::file, file, overrides});
}

Config parse_config(const std::string& toml, const std::vector<std::string>& overrides) {
    return read({ConfigReader::From::text, toml, overrides});
}

std::string describe(const Config& config) {
    Config shown = config;
    shown.web.token.clear();
    TomlText out;
    visit_settings(shown, [&out](const char* name, const auto& value, const char* meaning,
                                 const auto&...) { out.key(name, value, meaning); });
    return out.text();
}

}  // namespace dwellmap

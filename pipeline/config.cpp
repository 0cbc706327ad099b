// SPDX-License-Identifier: Apache-2.0
#include "dwellmap/config.hpp"

#include "dwellmap/config_reader.hpp"
#include "dwellmap/elements.hpp"
#include "toml_text.hpp"

#include <algorithm>
#include <cmath>

namespace dwellmap {
namespace {

bool absent(double v) { return std::isnan(v); }

auto between(double low, double high) {
    return [low, high](double v) { return v >= low && v <= high; };
}

void read_streams(ConfigReader& in, Config& c) {
    in.key(
        "stream.input", c.stream.input, [](const std::string& v) { return !v.empty(); },
        "must be an endpoint like tcp://127.0.0.1:5555");
    in.key("stream.publish", c.stream.publish);
    in.key("stream.control", c.stream.control);
    in.key("stream.stale_s", c.stream.stale_s, between(0.1, 3600), "must be in [0.1, 3600] s");
    in.key(
        "web.address", c.web.address, [](const std::string& v) { return !v.empty(); },
        "must be an address like 127.0.0.1");
    in.key(
        "web.port", c.web.port, [](int v) { return v >= 0 && v <= 65535; },
        "must be in 0..65535 (0: no page)");
    in.key("web.token", c.web.token);
    in.key(
        "analysis.threads", c.analysis.threads, [](int v) { return v >= 1 && v <= 2; },
        "must be 1 or 2");
}

void read_specimen(ConfigReader& in, Config& c) {
    in.key(
        "specimen.species", c.specimen.species,
        [](const std::vector<std::string>& v) {
            return v.size() == 3 && std::all_of(v.begin(), v.end(),
                                                [](const auto& s) { return atomic_number(s) > 0; });
        },
        "must be three names that begin with an element: host cation, second cation, anion column, "
        "like [\"Mo\", \"Re\", \"S2\"]");
    in.key(
        "specimen.brighter", c.specimen.brighter,
        [](const std::string& v) { return v == "cations" || v == "anions"; },
        "must be \"cations\" or \"anions\"");
    in.key("specimen.lattice_nm", c.specimen.lattice_nm, between(0.1, 2), "must be in [0.1, 2] nm");
    in.key(
        "specimen.composition", c.specimen.composition,
        [](double v) { return absent(v) || (v >= 0 && v <= 1); },
        "must be in [0, 1], the fraction of the second cation");
    in.key(
        "specimen.pixel_size_nm", c.specimen.pixel_size_nm,
        [](double v) { return absent(v) || (v >= 1e-4 && v <= 1); }, "must be in [0.0001, 1] nm");
}

void read_stages(ConfigReader& in, Config& c) {
    in.key("filter.fwhm_nm", c.filter.fwhm_nm, between(0.02, 1), "must be in [0.02, 1] nm");
    in.key("find.threshold", c.find.threshold, between(0, 1), "must be in [0, 1]");
    in.key(
        "refine.passes", c.refine.passes, [](int v) { return v >= 1 && v <= 20; },
        "must be in 1..20");
    in.key(
        "species.rule", c.species.rule,
        [](const std::string& v) { return v == "mixture" || v == "quantile"; },
        "must be \"mixture\" or \"quantile\"");
    in.key("track.match_lattice", c.track.match_lattice, between(0.05, 0.5),
           "must be in [0.05, 0.5]");
    in.key(
        "statistics.neighbours", c.statistics.neighbours,
        [](int v) { return v == 6 || v == 12 || v == 24; }, "must be 6, 12 or 24");
    in.key(
        "statistics.population", c.statistics.population,
        [](const std::string& v) { return v == "tracks" || v == "observations"; },
        "must be \"tracks\" or \"observations\"");
    in.key(
        "statistics.forgetting", c.statistics.forgetting, [](double v) { return v > 0 && v <= 1; },
        "must be in (0, 1]; 1: nothing is forgotten");
    in.key(
        "statistics.classes", c.statistics.classes,
        [](int v) { return v == 0 || (v >= 2 && v <= 8); }, "must be 0 (by silhouette) or in 2..8");
    in.key(
        "statistics.compatibility", c.statistics.compatibility,
        [](const std::string& v) { return v == "none" || v == "paper"; },
        "must be \"none\" or \"paper\"");
    in.key("statistics.parity", c.statistics.parity);
    in.key("library.file", c.library.file);
}

void read_recording(ConfigReader& in, RecordingConfig& c) {
    in.key(
        "recording.folder", c.folder, [](const std::string& v) { return !v.empty(); },
        "must be a folder");
    in.key("recording.before_s", c.before_s, between(0, 3600), "must be in [0, 3600] s");
    in.key(
        "recording.before_mib", c.before_mib, [](int v) { return v >= 0 && v <= 65536; },
        "must be in 0..65536 MiB");
    in.key(
        "recording.queue_mib", c.queue_mib, [](int v) { return v >= 1 && v <= 65536; },
        "must be in 1..65536 MiB");
    in.key("recording.compress", c.compress);
}

void describe(const SpecimenConfig& c, TomlText& out) {
    out.table("specimen");
    out.key("species", c.species, "host cation, second cation, anion column");
    out.key("brighter", c.brighter, "which sublattice: cations or anions");
    out.key("lattice_nm", c.lattice_nm, "to check the scale against");
    out.optional("composition", c.composition,
                 "expected fraction of the second cation; absent: from the stream");
    out.optional("pixel_size_nm", c.pixel_size_nm, "absent: from the stream");
}

void describe(const StatisticsConfig& c, TomlText& out) {
    out.table("statistics");
    out.key("neighbours", c.neighbours, "6, 12 or 24");
    out.key("population", c.population, "or \"observations\"");
    out.key("forgetting", c.forgetting, "weight of earlier observations when a frame is added");
    out.key("classes", c.classes,
            "of neighbourhoods; 0: by silhouette, where a series is complete");
    out.key("parity", c.parity, "average the covariance over inversion");
    out.key("compatibility", c.compatibility,
            "or \"paper\": the published analysis beside ours, in results");
}

void describe(const RecordingConfig& c, TomlText& out) {
    out.table("recording");
    out.key("folder", c.folder, "where recordings are put");
    out.key("before_s", c.before_s, "what came so long before the command is recorded too");
    out.key("before_mib", c.before_mib, "but no more than this");
    out.key("queue_mib", c.queue_mib,
            "waiting for the disk; what is beyond it is left out, and marked");
    out.key("compress", c.compress, "lossless; 50 to 100 MB/s");
}

}  // namespace

Config load_config(const std::string& file, const std::vector<std::string>& overrides) {
    Config c;
    ConfigReader in(file, overrides);
    read_streams(in, c);
    read_specimen(in, c);
    read_stages(in, c);
    read_recording(in, c.recording);
    in.require(c.species.rule != "quantile" || !absent(c.specimen.composition),
               "species.rule = \"quantile\" needs specimen.composition");
    in.require(
        c.statistics.forgetting == 1 || c.statistics.population == "observations",
        "statistics.forgetting < 1 needs statistics.population = \"observations\": a track is "
        "counted once, whenever it was seen");
    in.finish();
    return c;
}

std::string describe(const Config& c) {
    TomlText out;
    out.table("stream");
    out.key("input", c.stream.input, "the microscope's publisher");
    out.key("publish", c.stream.publish, "our results; empty: not published");
    out.key("control", c.stream.control, "commands to us; empty: none are taken");
    out.key("stale_s", c.stream.stale_s, "nothing received for so long: stale");
    out.table("web");
    out.key("address", c.web.address, "of the page");
    out.key("port", c.web.port, "0: no page");
    out.key(
        "token", std::string(),
        "of programs that may give commands over HTTP; empty: only the page may; never printed");
    out.table("analysis");
    out.key("threads", c.analysis.threads, "2: twice the speed on two cores, the same results");
    describe(c.specimen, out);
    out.table("filter");
    out.key("fwhm_nm", c.filter.fwhm_nm, "for finding and display only");
    out.table("find");
    out.key("threshold", c.find.threshold, "of the cations' height: for peaks off the lattice");
    out.table("refine");
    out.key("passes", c.refine.passes, "of the joint fit; three or more besides in a first frame");
    out.table("species");
    out.key("rule", c.species.rule, "or \"quantile\": the literal rule");
    out.table("track");
    out.key("match_lattice", c.track.match_lattice, "of a/sqrt(3): the same column after drift");
    describe(c.statistics, out);
    out.table("library");
    out.key("file", c.library.file, "of the composition series, HDF5; empty: in memory only");
    describe(c.recording, out);
    return out.text();
}

}  // namespace dwellmap

// SPDX-License-Identifier: Apache-2.0
// Published images, where they are at hand: folder DWELLMAP_IMAGES, or shared/data beside the project.
#include "dwellmap/pipeline.hpp"
#include "recording/npy.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

using namespace dwellmap;

namespace {

std::filesystem::path images() {
    const char* folder = std::getenv("DWELLMAP_IMAGES");
    return folder != nullptr ? folder : DWELLMAP_SHARED_DIR "/data";
}

/// Of a file at hand; empty: it is not here.
FrameResult analyse(const std::string& name, double pixel_nm) {
    const auto path = images() / (name + ".npy");
    if (!std::filesystem::exists(path)) {
        WARN("skipped: " << path << " is not here");
        return {};
    }
    NpyFile file(path);
    auto series = std::make_shared<Series>();
    series->rows_px = file.rows();
    series->cols_px = file.cols();
    series->pixel_size_nm = pixel_nm;
    Pipeline pipeline({}, series);
    auto result = pipeline.make_result();
    Frame frame;
    frame.series = series;
    file.read(0, frame.counts);
    frame.row_valid.assign(static_cast<std::size_t>(file.rows()), 1);
    frame.rows_valid = file.rows();
    frame.complete = true;
    CAPTURE(name, result.lattice.a_px);
    REQUIRE(pipeline.process(frame, result) == FrameStatus::ok);
    return result;
}

struct Label {
    float x_px, y_px;
    std::string kind;
};

std::vector<Label> read_labels(const std::string& name) {
    std::ifstream file(images() / (name + ".atoms.csv"));
    std::vector<Label> labels;
    std::string line;
    std::getline(file, line);  // x_px,y_px,kind
    for (Label label; std::getline(file, line); labels.push_back(label)) {
        char comma = 0;
        std::istringstream fields(line);
        fields >> label.x_px >> comma >> label.y_px >> comma >> label.kind;
    }
    return labels;
}

/// Nearest column within 1.5 px; null: there is none.
const Atom* find(const std::vector<Atom>& atoms, const Label& label) {
    const Atom* best = nullptr;
    float nearest = 1.5F;
    for (const Atom& a : atoms) {
        const float distance = std::hypot(a.x_px - label.x_px, a.y_px - label.y_px);
        best = distance <= nearest ? &a : best;
        nearest = std::min(nearest, distance);
    }
    return best;
}

}  // namespace

TEST_CASE("labelled columns of real images are found, each on its sublattice", "[real]") {
    const std::string name = GENERATE("wse2_ti_2_adf1", "wse2_ti_11_adf1");
    const FrameResult result = analyse(name, 0.0399);
    if (result.atoms.empty()) {
        return;
    }
    std::map<std::string, int> all, found;
    for (const Label& label : read_labels(name)) {
        const Atom* a = find(result.atoms, label);
        const Site site = label.kind == "W" || label.kind == "Ti" ? Site::cation : Site::anion;
        ++all[label.kind];
        found[label.kind] += a != nullptr && a->site == site ? 1 : 0;
    }
    CAPTURE(name, found["W"], found["Se2"], found["V_Se"]);
    REQUIRE(all["W"] > 3000);
    CHECK(found["W"] >= 0.999 * all["W"]);
    CHECK(found["Se2"] >= 0.999 * all["Se2"]);
    CHECK(found["V_Se"] >= 0.99 * all["V_Se"]);
    CHECK(found["Ti"] == all["Ti"]);
}

TEST_CASE("real images show their lattice", "[real]") {
    struct Expected {
        std::string name;
        double pixel_nm, a_px;  // a by eye from the spots of the power spectrum
        int cations;
    };
    const auto expected = GENERATE(values<Expected>({{"mos2_60kv", 0.013671875, 24.8, 480},
                                                     {"mos2_v_60kv", 0.017578125, 18.0, 930},
                                                     {"wse2_ti_11_adf1", 0.0399, 8.5, 4100},
                                                     {"wse2_ti_11_adf2", 0.0399, 8.5, 4100},
                                                     {"wse2_ti_2_adf1", 0.0399, 8.6, 4050},
                                                     {"wse2_ti_2_adf2", 0.0399, 8.6, 4050},
                                                     {"janus_partial_12", 0.0078125, 35.6, 235},
                                                     {"janus_partial_16", 0.015625, 18.3, 880},
                                                     {"wse2_full_14", NAN, 39.3, 800},
                                                     {"mxene_ti3c2", NAN, 22.65, 1700},
                                                     {"graphene_gb_4nm", 0.0078125, 31.4, 140},
                                                     {"graphene_si_2nm", 0.0078125, 32.3, 60}}));
    const FrameResult result = analyse(expected.name, expected.pixel_nm);
    if (result.atoms.empty()) {
        return;
    }
    CAPTURE(expected.name);
    CHECK(result.lattice.a_px == Approx(expected.a_px).epsilon(0.03));
    const auto cations = std::count_if(result.atoms.begin(), result.atoms.end(),
                                       [](const Atom& a) { return a.site == Site::cation; });
    CHECK(cations >= expected.cations);
    CHECK(((result.notes & note_no_scale) != 0) == std::isnan(expected.pixel_nm));
}

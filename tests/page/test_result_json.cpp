// SPDX-License-Identifier: Apache-2.0
#include "page/result_json.hpp"

#include <catch2/catch.hpp>

#include <cmath>
#include <limits>

using namespace dwellmap;

namespace {

/// A cation with scores, an anion without, and a cation with a neighbour missing.
FrameResult three_atoms() {
    FrameResult r;
    r.species_names = {"Mo", "Re", "S2", "vacancy"};
    r.atoms.resize(3);
    r.scores.resize(3);
    r.atoms[0].id = 77;
    r.atoms[0].x_px = 12.34567F;
    r.atoms[0].amplitude = 1234.5678F;
    r.atoms[0].site = Site::cation;
    r.atoms[0].flags = flag_edge | flag_misfit;
    r.scores[2].isotropic = 0.0123456F;
    r.scores[2].pca[0] = -0.01F;
    return r;
}

}  // namespace

TEST_CASE("every atom column has one value an atom, and what is not known is null") {
    const auto atoms = frame_json(three_atoms()).at("atoms");
    CHECK(atoms.at("count") == 3);
    for (const auto& [name, values] : atoms.items())
        if (name != "count")
            CHECK(values.size() == 3);
    CHECK(atoms["id"][0] == 77);
    CHECK(atoms["x_px"][0] == 12.346);
    CHECK(atoms["amplitude"][0] == 1234.6);
    CHECK(atoms["flags"][0] == (flag_edge | flag_misfit));
    CHECK(atoms["p_second"][0].is_null());
    CHECK(atoms["species"][0] == -1);
}

TEST_CASE("scores are listed only where they are known, with the index of their atom") {
    const auto scores = frame_json(three_atoms()).at("scores");
    CHECK(scores["atom"] == nlohmann::json{2});
    CHECK(scores["isotropic"] == nlohmann::json{0.01235});
    CHECK(scores["order_parameter"][0].is_null());
    CHECK(scores["zigzag"].size() == 3);
    REQUIRE(scores["pca"].size() == kModes);
    CHECK(scores["pca"][0][0] == -0.01);
    CHECK(scores["pca"][5][0].is_null());
}

TEST_CASE("lengths are in nm with a scale and in px without one") {
    FrameResult r;
    CHECK(frame_json(r)["unit"] == "px");
    CHECK(frame_json(r)["length_per_px"] == 1.0);
    r.pixel_size_nm = 0.0125;
    CHECK(frame_json(r)["unit"] == "nm");
    CHECK(frame_json(r)["length_per_px"] == 0.0125);
}

TEST_CASE("each note becomes its sentence, and each flag has one") {
    FrameResult r;
    r.notes = note_no_scale | note_atoms_dropped;
    const auto notes = frame_json(r)["notes"];
    CHECK(notes == nlohmann::json{to_string(note_no_scale), to_string(note_atoms_dropped)});
    for (const auto flag : {flag_edge, flag_moved, flag_weak, flag_misfit, flag_provisional})
        CHECK(flag_texts_json().contains(std::to_string(flag)));
}

TEST_CASE("a mode set says which mode is the isotropic and which the symmetry-breaking one") {
    ModeSet set;
    CHECK(mode_set_json("Mo", set)["modes"].empty());  // before there are enough atoms
    CHECK(mode_set_json("Mo", set)["isotropic"].is_null());

    set.neighbours = 6;
    set.count = 50;
    set.mean = Eigen::VectorXd::Constant(12, 0.5);
    set.loadings = Eigen::MatrixXd::Identity(12, kModes);
    set.name = {ModeName::shear, ModeName::isotropic, ModeName::unnamed,
                ModeName::symmetry_breaking};
    set.gap_sigma = {12.5, 3.25, HUGE_VAL};
    const auto j = mode_set_json("Re", set);
    CHECK(j["species"] == "Re");
    CHECK(j["isotropic"] == 1);
    CHECK(j["symmetry_breaking"] == 3);
    CHECK(j["mean"].size() == 12);
    REQUIRE(j["modes"].size() == kModes);
    CHECK(j["modes"][2]["loadings"][2] == 1.0);
    CHECK(j["modes"][2]["loadings"][3] == 0.0);
    CHECK(j["modes"][0]["gap_sigma"] == 12.5);
    CHECK(j["modes"][1]["gap_sigma"] == 3.25);
    CHECK(j["modes"][2]["gap_sigma"].is_null());  // nothing it could mix with
}

TEST_CASE("a map keeps its shape and its gaps") {
    FrameResult r;
    MapLayer layer{"isotropic", Image::Constant(2, 3, 0.25F), Image::Constant(2, 3, 0.5F)};
    layer.value(1, 0) = kNaN;
    r.maps.push_back(layer);
    r.map_step_px = 8;
    const auto map = maps_json(r).at(0);
    CHECK(map["name"] == "isotropic");
    CHECK(map["rows"] == 2);
    CHECK(map["cols"] == 3);
    CHECK(map["step_px"] == 8);
    CHECK(map["unit"] == "px");
    CHECK(to_text(map["value"]) == "[0.25,0.25,0.25,null,0.25,0.25]");
    CHECK(map["sigma"][5] == 0.5);
}

TEST_CASE("a name of bytes that are not UTF-8 can't make the text invalid") {
    Series series;
    series.name = "a\xff\xfe<b>";
    const auto text = to_text(series_json(series));
    CHECK(nlohmann::json::parse(text)["name"].get<std::string>().find("<b>") != std::string::npos);
    CHECK(nlohmann::json::parse(text)["pixel_size_nm"].is_null());
}

TEST_CASE("infinite and huge numbers stay valid JSON") {
    FrameResult r;
    r.background = std::numeric_limits<double>::infinity();
    r.chi2 = 1e300;
    r.sigma_px = 1e-300;
    const auto j = nlohmann::json::parse(to_text(frame_json(r)));
    CHECK(j["background"].is_null());
    CHECK(j["chi2"].get<double>() == Approx(1e300));
}

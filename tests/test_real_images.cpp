// SPDX-License-Identifier: Apache-2.0
// Published images, where they are at hand: folder DWELLMAP_IMAGES, or shared/data beside the project.
#include "dwellmap/npy.hpp"
#include "dwellmap/pipeline.hpp"

#include <catch2/catch.hpp>

#include <cstdlib>
#include <filesystem>

using namespace dwellmap;

namespace {

std::filesystem::path images() {
    const char* folder = std::getenv("DWELLMAP_IMAGES");
    return folder != nullptr ? folder : DWELLMAP_SHARED_DIR "/data";
}

}  // namespace

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
    const auto path = images() / (expected.name + ".npy");
    if (!std::filesystem::exists(path)) {
        WARN("skipped: " << path << " is not here");
        return;
    }
    NpyFile file(path);
    auto series = std::make_shared<Series>();
    series->rows_px = file.rows();
    series->cols_px = file.cols();
    series->pixel_size_nm = expected.pixel_nm;
    Pipeline pipeline({}, series);
    auto result = pipeline.make_result();
    Frame frame;
    frame.series = series;
    file.read(0, frame.counts);
    frame.row_valid.assign(static_cast<std::size_t>(file.rows()), 1);
    frame.rows_valid = file.rows();
    frame.complete = true;
    CAPTURE(expected.name, result.lattice.a_px);
    REQUIRE(pipeline.process(frame, result) == FrameStatus::ok);
    CHECK(result.lattice.a_px == Approx(expected.a_px).epsilon(0.03));
    const auto cations = std::count_if(result.atoms.begin(), result.atoms.end(),
                                       [](const Atom& a) { return a.site == Site::cation; });
    CHECK(cations >= expected.cations);
    CHECK(((result.notes & note_no_scale) != 0) == std::isnan(expected.pixel_nm));
}

// SPDX-License-Identifier: Apache-2.0
#include "dwellmap/simulated_microscope.hpp"

#include <cassert>

namespace dwellmap {
namespace {

CrystalConfig cut_to(const ScanConfig& scan, CrystalConfig crystal) {
    crystal.width_nm = scan.cols_px * scan.pixel_size_nm;
    crystal.height_nm = scan.rows_px * scan.pixel_size_nm;
    const bool drifts = scan.drift_nm.norm() > 0 || scan.drift_walk_nm > 0;
    crystal.margin_nm = 1.4 + (drifts ? scan.drift_range_nm : 0);
    return crystal;
}

}  // namespace

SimulatedMicroscope::SimulatedMicroscope(const CrystalConfig& crystal, const ScanConfig& scan,
                                         const ChangeConfig& changes)
    : crystal_(cut_to(scan, crystal)), scan_(scan), changes_(changes) {}

void SimulatedMicroscope::frame(std::uint64_t number, Image& counts,
                                std::vector<TrueColumn>& truth) {
    assert(number >= age_);
    while (age_ < number) {
        changes_.advance(++age_, crystal_);
    }
    scan_.acquire(crystal_, number, counts, truth);
}

Series SimulatedMicroscope::series() const {
    Series s;
    s.name = "simulated";
    s.specimen = "Mo(1-x)Re(x)S2 monolayer";
    s.channel = "ADF";
    s.rows_px = scan().rows_px;
    s.cols_px = scan().cols_px;
    s.pixel_size_nm = scan().pixel_size_nm;
    s.dwell_us = scan().dwell_us;
    s.line_us = scan_.line_us();
    s.flyback_us = scan().flyback_us;
    s.high_tension_v = 60e3;
    s.composition = crystal_.config().composition;
    return s;
}

}  // namespace dwellmap

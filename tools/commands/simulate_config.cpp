// SPDX-License-Identifier: Apache-2.0
#include "commands/simulate_config.hpp"

#include "base/config_reader.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

namespace dwellmap {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

SettingRule<double> finite() {
    return {[](double v) { return std::isfinite(v); }, "must be a finite number"};
}

SettingRule<double> positive() {
    return {[](double v) { return v > 0 && std::isfinite(v); }, "must be more than 0"};
}

SettingRule<double> not_negative(const std::string& text = "must be 0 or more") {
    return {[](double v) { return v >= 0 && std::isfinite(v); }, text};
}

SettingRule<int> at_least(int low, const std::string& remark = "") {
    return {[low](int v) { return v >= low; },
            "must be " + std::to_string(low) + remark + " or more"};
}

/// Reads a value that the file has in another unit.
void scaled(ConfigReader& in, const char* name, double& value, double unit,
            const SettingRule<double>& rule) {
    double shown = value / unit;
    in.key(name, shown, rule);
    value = shown * unit;
}

void read_crystal(ConfigReader& in, CrystalConfig& c) {
    in.key("crystal.composition", c.composition, between(0, 1));
    in.key("crystal.lattice_nm", c.lattice_nm, between(0.1, 2));
    scaled(in, "crystal.angle_deg", c.angle_rad, std::numbers::pi / 180, finite());
    in.key("crystal.misfit", c.misfit, between(-0.2, 0.2));
    in.key("crystal.residual_strain", c.residual_strain, between(0, 0.2));
    in.key("crystal.residual_length_nm", c.residual_length_nm, positive());
    scaled(in, "crystal.zigzag_alpha_pm", c.zigzag.alpha_nm, 1e-3, finite());
    scaled(in, "crystal.zigzag_beta_pm", c.zigzag.beta_nm, 1e-3, finite());
    scaled(in, "crystal.zigzag_gamma_pm", c.zigzag.gamma_nm, 1e-3, finite());
    in.key("crystal.domain_nm", c.domain_nm,
           SettingRule<double>{[](double v) { return v >= 1; }, "must be 1 or more"});
    in.key("crystal.minor_fraction", c.minor_fraction, between(0, 1));
    scaled(in, "crystal.disorder_pm", c.disorder_nm, 1e-3, not_negative());
    in.key("crystal.sulfur_vacancies", c.sulfur_vacancies, between(0, 1));
}

void read_scan(ConfigReader& in, ScanConfig& c) {
    const auto side = whole(16, 8192);
    int size_px = 512;
    in.key("scan.size_px", size_px, side);
    c.rows_px = c.cols_px = side.valid(size_px) ? size_px : 512;
    in.key("scan.rows_px", c.rows_px, side);
    in.key("scan.cols_px", c.cols_px, side);
    in.key("scan.pixel_nm", c.pixel_size_nm, between(0.002, 0.08));
    in.require(std::max(c.rows_px, c.cols_px) * c.pixel_size_nm <= 80,
               "scan: the field of view must not exceed 80 nm");
    in.key("scan.dwell_us", c.dwell_us, positive());
    in.key("scan.flyback_us", c.flyback_us, not_negative());
    in.key("scan.probe_sigma_nm", c.probe_sigma_nm, between(0.01, 0.2));
    double dose = kNone;
    double electrons = kNone;
    in.key("scan.dose", dose, or_absent(positive()));
    in.key("scan.electrons_per_mo", electrons, or_absent(positive()));
    in.require(std::isnan(dose) || std::isnan(electrons),
               "scan.dose and scan.electrons_per_mo say the same: give one");
    c.electrons_per_mo = !std::isnan(dose)        ? dose * kMoCrossSectionA2
                         : !std::isnan(electrons) ? electrons
                                                  : c.electrons_per_mo;
    in.key("scan.background", c.background, not_negative());
    in.key("scan.background_slope", c.background_slope, not_negative());
    in.key("scan.intensity_scatter", c.intensity_scatter, between(0, 0.3));
    scaled(in, "scan.row_jitter_pm", c.row_jitter_nm, 1e-3, not_negative());
    in.key("scan.jitter_correlation", c.jitter_correlation,
           SettingRule<double>{[](double v) { return v >= 0 && v < 1; }, "must be in [0, 1)"});
    in.key("scan.drift_x_nm", c.drift_nm.x(), finite());
    in.key("scan.drift_y_nm", c.drift_nm.y(), finite());
    in.key("scan.drift_walk_nm", c.drift_walk_nm, not_negative());
    in.key("scan.drift_range_nm", c.drift_range_nm, above(0, 20));
    in.key("scan.read_noise", c.read_noise, not_negative());
    bool noise_free = false;
    in.key("scan.noise_free", noise_free);
    c = noise_free ? without_noise(c) : c;
}

void read_changes(ConfigReader& in, ChangeConfig& c) {
    in.key("changes.switches_per_frame", c.switches_per_frame, between(0, 1000));
    in.key("changes.vacancies_per_frame", c.vacancies_per_frame, between(0, 1000));
    in.key("changes.growth_per_frame", c.growth_per_frame, between(0, 1));
    in.key("changes.growth_radius_nm", c.growth_radius_nm, positive());
    scaled(in, "changes.creep_pm_per_frame", c.creep_nm_per_frame, 1e-3, not_negative());
    in.key("changes.first_frame", c.first_frame, at_least(1));
}

void read_stream(ConfigReader& in, SimulateConfig& c) {
    in.key("stream.endpoint", c.endpoint,
           SettingRule<std::string>{
               [](const std::string& v) { return v.find("://") != std::string::npos; },
               "must look like tcp://127.0.0.1:5555"});
    in.key("stream.allow_any_address", c.allow_any_address);
    in.key("stream.rows_per_block", c.rows_per_block, at_least(1));
    c.rows_per_block = std::min(c.rows_per_block, c.scan.rows_px);
    in.key("stream.frames", c.frames, at_least(0, " (endless)"));
    in.key("stream.speed", c.speed, not_negative("must be 0 (as fast as possible) or more"));
    in.key("stream.wait_subscriber_s", c.wait_subscriber_s, not_negative());
    in.key("faults.loss", c.faults.loss, between(0, 1));
    in.key("faults.duplicate", c.faults.duplicate, between(0, 1));
    in.key("faults.reorder", c.faults.reorder, between(0, 1));
    in.key("faults.corrupt", c.faults.corrupt, between(0, 1));
    in.key("faults.stall_s", c.faults.stall_s, not_negative());
}

}  // namespace

const std::array<SettingOption, 30> kSettingOptions{{
    {"--composition", "crystal.composition", "fraction x of Re, 0..1 (0.55)"},
    {"--angle", "crystal.angle_deg", "of the lattice against +x, degrees counter-clockwise (11.5)"},
    {"--sulfur-vacancies", "crystal.sulfur_vacancies", "fraction of S atoms missing (0)"},
    {"--size", "scan.size_px", "rows and columns of the image (512)"},
    {"--pixel-nm", "scan.pixel_nm", "pixel size, nm (0.02)"},
    {"--dose", "scan.dose", "electrons per square angstrom and frame (1e5)"},
    {"--electrons-per-mo", "scan.electrons_per_mo",
     "detected electrons per Mo column, instead of --dose (2000)"},
    {"--dwell-us", "scan.dwell_us", "time per pixel, us (8)"},
    {"--flyback-us", "scan.flyback_us", "time between two rows, us (120)"},
    {"--drift-x-nm", "scan.drift_x_nm", "drift to the right, nm per frame (0)"},
    {"--drift-y-nm", "scan.drift_y_nm", "drift downwards, nm per frame (0)"},
    {"--drift-walk-nm", "scan.drift_walk_nm", "random part of the drift, nm per frame (0)"},
    {"--row-jitter-pm", "scan.row_jitter_pm", "shift of each row, pm rms (2)"},
    {"--read-noise", "scan.read_noise", "counts rms (0)"},
    {"--switches", "changes.switches_per_frame", "cations that change species, per frame (0)"},
    {"--vacancies", "changes.vacancies_per_frame", "S atoms knocked out, per frame (0)"},
    {"--growth", "changes.growth_per_frame",
     "growth of the zigzag in a disc, fraction per frame (0)"},
    {"--creep-pm", "changes.creep_pm_per_frame", "one cation leaves its site, pm per frame (0)"},
    {"--endpoint", "stream.endpoint", "address to publish on (tcp://127.0.0.1:5555)"},
    {"--rows-per-block", "stream.rows_per_block", "rows per message (16)"},
    {"--frames", "stream.frames", "frames to send, 0: endless (0)"},
    {"--speed", "stream.speed", "times as fast as the scan; max (1)"},
    {"--wait-subscriber", "stream.wait_subscriber_s",
     "seconds to wait for a receiver before starting anyway (5)"},
    {"--loss", "faults.loss", "probability that a block is lost (0)"},
    {"--duplicate", "faults.duplicate", "probability that a block is sent twice (0)"},
    {"--reorder", "faults.reorder", "probability that a block is overtaken by the next (0)"},
    {"--corrupt", "faults.corrupt", "probability that a bit of a block flips (0)"},
    {"--stall-s", "faults.stall_s", "pause in the middle of each frame, s (0)"},
    {"--lattice-nm", "crystal.lattice_nm", "lattice parameter at x = 0, nm (0.3184)"},
    {"--seed", "seed", "of everything random (1)"},
}};

SimulateConfig load_simulate_config(const std::string& file,
                                    const std::vector<std::string>& overrides) {
    SimulateConfig c;
    ConfigReader in(ConfigReader::From::file, file, overrides);
    read_crystal(in, c.crystal);
    read_scan(in, c.scan);
    read_changes(in, c.changes);
    read_stream(in, c);
    int seed = 1;
    in.key("seed", seed, at_least(0));
    c.crystal.seed = c.scan.seed = c.changes.seed = static_cast<std::uint64_t>(seed);
    c.faults.seed = static_cast<std::uint32_t>(seed);
    in.finish();
    return c;
}

}  // namespace dwellmap

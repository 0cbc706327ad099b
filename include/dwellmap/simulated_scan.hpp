// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dwellmap/simulated_crystal.hpp"
#include "dwellmap/types.hpp"

#include <Eigen/Core>

#include <array>
#include <cstdint>
#include <vector>

namespace dwellmap {

/// Cross-section of a Mo atom for the simulated annular detector, Å²: 10⁵ e/Å² give 2,000 detected electrons.
inline constexpr double kMoCrossSectionA2 = 0.02;

struct ScanConfig {
    int rows_px = 512;  ///< 16…8192
    int cols_px = 512;
    double pixel_size_nm = 0.02;      ///< [0.002, 0.08]
    double dwell_us = 8;              ///< > 0
    double flyback_us = 120;          ///< >= 0  after each row
    double probe_sigma_nm = 0.05;     ///< [0.01, 0.2]  with the source's size
    double electrons_per_mo = 2000;   ///< > 0   detected, in the whole Gaussian of one Mo atom
    double background = 0.15;         ///< >= 0  of the Mo peak
    double background_slope = 0.05;   ///< of the Mo peak, from edge to edge, along x and along y
    double intensity_scatter = 0.02;  ///< >= 0  rms, of each column in each frame
    double row_jitter_nm = 0.002;     ///< >= 0  rms of each row's shift, along x and along y
    double jitter_correlation = 0.6;  ///< [0, 1)  from row to row
    Eigen::Vector2d drift_nm{0, 0};   ///< of the specimen against the scan, (x, y) per frame
    double drift_walk_nm = 0;         ///< >= 0  rms of a random part of it, along x and along y
    double drift_range_nm = 1;        ///< > 0   the stage turns round there
    double read_noise = 0;            ///< >= 0  rms, counts
    bool counting_noise = true;       ///< false: the expected image, not whole numbers
    std::uint64_t seed = 1;
};

/// The same scan without counting and read noise, row jitter, and scatter: what a fit must return exactly.
ScanConfig without_noise(ScanConfig scan);

/// Where and how bright a column is in one frame.
struct TrueColumn {
    std::int64_t id = 0;  ///< index in SimulatedCrystal::columns(): the same in every frame
    Site site = Site::cation;
    std::int8_t species = species_first;
    std::int8_t atoms = 1;      ///< S: 0, 1, 2
    std::int8_t n = -1;         ///< Re among the six neighbours
    double x_px = 0, y_px = 0;  ///< apparent, drift and the rows' shifts included
    double x_nm = 0, y_nm = 0;  ///< in the specimen
    double amplitude = 0;       ///< of the peak above background, counts
    double isotropic_nm = 0;    ///< true scores, see CrystalColumn
    std::array<double, 3> zigzag_nm{};
};

/// Turns a crystal into an image: incoherent Gaussian probe, contrast Z^1.7, a probe that misses its row a little,
/// a specimen that drifts within and between frames, counting noise. Frame k depends on (config, crystal, k) only.
/// Cost: about 20 ms a 512 × 512 frame.
class SimulatedScan {
public:
    explicit SimulatedScan(const ScanConfig& config);

    /// @param counts [rows × cols] written
    /// @param truth  written: the columns whose apparent position is inside the image
    void acquire(const SimulatedCrystal& crystal, std::uint64_t frame, Image& counts,
                 std::vector<TrueColumn>& truth);

    /// Of the specimen at the start of a frame against that of frame 0, nm.
    Eigen::Vector2d drift_nm(std::uint64_t frame);

    double line_us() const noexcept {
        return config_.cols_px * config_.dwell_us + config_.flyback_us;
    }
    double mo_peak() const noexcept;  ///< counts in the central pixel, above background
    const ScanConfig& config() const noexcept { return config_; }

private:
    void aim(std::uint64_t frame);
    const Eigen::Vector2d& shift_of_row(int row_px) const;
    Eigen::Vector2d apparent_px(const Eigen::Vector2d& position_nm) const;
    void paint(const Eigen::Vector2d& position_nm, const Eigen::Vector2d& apparent_px,
               double amplitude);
    void add_background();
    void detect(std::uint64_t frame, Image& counts) const;

    ScanConfig config_;
    int pad_px_;  ///< rows above and below the image whose columns still reach into it
    std::vector<Eigen::Vector2d> path_nm_;  ///< [frames so far] drift before the stage's turning
    std::vector<Eigen::Vector2d>
        shift_nm_;  ///< [rows + 2 pad] probe against its nominal place in the specimen
    Eigen::Array<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> expected_;
};

}  // namespace dwellmap

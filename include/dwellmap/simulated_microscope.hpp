// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dwellmap/simulated_changes.hpp"
#include "dwellmap/simulated_crystal.hpp"
#include "dwellmap/simulated_scan.hpp"
#include "dwellmap/types.hpp"

#include <cstdint>
#include <vector>

namespace dwellmap {

/// A microscope with a crystal in it, frame after frame; no socket, no clock.
///
///     SimulatedMicroscope microscope(crystal, scan);
///     microscope.frame(0, counts, truth);
class SimulatedMicroscope {
public:
    /// The crystal is cut to the scan's field of view: its width, height and margin are set here.
    SimulatedMicroscope(const CrystalConfig& crystal, const ScanConfig& scan,
                        const ChangeConfig& changes = {});

    /// @param number not smaller than last time; the crystal changes in skipped frames too
    /// @param counts [rows × cols] written
    /// @param truth  written: the columns in the image
    void frame(std::uint64_t number, Image& counts, std::vector<TrueColumn>& truth);

    /// What the start of a stream says of it. Without uuid: that is the sender's to draw.
    Series series() const;

    const SimulatedCrystal& crystal() const noexcept { return crystal_; }
    const ScanConfig& scan() const noexcept { return scan_.config(); }
    double mo_peak() const noexcept { return scan_.mo_peak(); }  ///< counts
    const std::vector<ChangeEvent>& events() const noexcept { return changes_.events(); }

private:
    SimulatedCrystal crystal_;
    SimulatedScan scan_;
    SimulatedChanges changes_;
    std::uint64_t age_ = 0;  ///< frame the crystal is in
};

}  // namespace dwellmap

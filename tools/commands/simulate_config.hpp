// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dwellmap/frame_publisher.hpp"
#include "dwellmap/simulated_microscope.hpp"

#include <array>
#include <string>
#include <vector>

namespace dwellmap {

struct SimulateConfig {
    CrystalConfig crystal;
    ScanConfig scan;
    ChangeConfig changes;
    Faults faults;
    std::string endpoint = "tcp://127.0.0.1:5555";
    bool allow_any_address = false;
    int rows_per_block = 16;
    int frames = 0;                ///< 0: endless
    double speed = 1;              ///< times as fast as the scan; 0: as fast as possible
    double wait_subscriber_s = 5;  ///< then the series starts anyway
};

/// An option of the command line that is a setting of the file under another name.
struct SettingOption {
    const char* option;
    const char* key;
    const char* help;
};
extern const std::array<SettingOption, 30> kSettingOptions;

/// Defaults above, then the TOML file, then the overrides ("scan.dose=1e4").
/// @throws SetupError listing every problem
SimulateConfig load_simulate_config(const std::string& file,
                                    const std::vector<std::string>& overrides);

}  // namespace dwellmap

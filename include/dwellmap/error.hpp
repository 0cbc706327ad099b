// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace dwellmap {

/// Why a frame was given up. The hot path never throws: stages return this, the pipeline counts it.
/// What only degrades a frame (no scale, no second species, ...) is a Note in FrameResult.
enum class FrameStatus { ok, wrong_shape, not_finite, no_contrast, no_atoms };

constexpr std::string_view to_string(FrameStatus s) noexcept {
    switch (s) {  // no `default:`, so the compiler reports a case that was forgotten
        case FrameStatus::ok: return "ok";
        case FrameStatus::wrong_shape:
            return "the frame has another shape than its series announced";
        case FrameStatus::not_finite: return "the image contains NaN or infinity";
        case FrameStatus::no_contrast: return "the image is constant";
        case FrameStatus::no_atoms: return "no lattice of atoms was found in the image";
    }
    return "unknown";
}

/// Thrown only while starting up; lists every problem, so one run shows all mistakes in a config.
struct SetupError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

}  // namespace dwellmap

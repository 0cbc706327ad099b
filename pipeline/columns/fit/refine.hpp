// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/cells.hpp"
#include "base/helper.hpp"
#include "dwellmap/types.hpp"
#include "fit/background.hpp"
#include "fit/fit_image.hpp"
#include "fit/photon_transfer.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

namespace dwellmap {

class ColumnLines;
struct ColumnStep;

/// What all columns of a frame share.
struct FrameFit {
    double sigma_px = 0;  ///< width of a column; 0 before the first fit
    /// (long − short) / (long + short) axis of the mean column: focus, astigmatism, vibration; good to a quarter of
    /// it, because columns that overlap hide some of it from each other
    double ellipticity = 0;
    double ellipticity_rad =
        0;                  ///< of the long axis against +x, counter-clockwise on screen, [0, π)
    double background = 0;  ///< mean over the image, counts
    double gain =
        1;  ///< variance = gain · counts + read_variance; 1 and 0 for electrons counted one by one
    double read_variance = 0;
    double chi2 = 0;       ///< median over the cations
    double amplitude = 0;  ///< median over the cations, counts
};

/// Joint fit of all columns to the raw counts: Poisson maximum likelihood by Gauss-Newton.
///
///   m(x, y) = b(x, y) + Σ_k A_k exp(−((x−x_k)² + (y−y_k)²) / 2σ²),   w = 1/variance(m)
///
/// A pass visits column after column (Gauss-Seidel): a step of (A, x, y) from the pixels within 3 σ of the residual
/// against the model of ALL columns, and the model is changed at once. From a start within 0.3 px two passes
/// come within a tenth of the noise of the converged solution if σ and b are known. Where they are not, each pass ends with
/// one Newton step of σ and b together, the amplitudes eliminated: alone, each would follow the other's error.
/// Columns weaker than five standard errors are held near their start by a prior.
///
/// run() fits a whole frame from a rough start. begin(), take_rows(), place(), pass(), look_back(), end() fit a frame whose σ and b
/// are known from the one before it, band after band of rows, while it is scanned. Those that are given a Half may be called
/// at the same time for both halves. Cost: linear, 0.2 µs a column and
/// pass with AVX2. The constructor allocates, nothing after it.
class Refiner {
public:
    Refiner(int rows_px, int cols_px, std::size_t max_atoms);
    ~Refiner();

    /// A part of the frame that is worked on by itself: rows of pixels from first_px to before last_px, and columns that are
    /// held within it, so that all pixels they shine on and are fitted to lie in it too.
    struct Half {
        int number;  // 0, 1: which sums are added to
        int first_px, last_px;
        float least_x_px, most_x_px;
    };
    /// All of it: not at the same time as a half of it.
    Half whole() const noexcept {
        return {0, 0, image_.cols(), -0.5F, static_cast<float>(image_.cols()) - 0.5F};
    }
    /// Left and right of a line between two pixels.
    std::array<Half, 2> split(int middle_px) const noexcept;

    /// @param counts  rows 0…rows_in−1 are used, but for those where row_valid is 0
    /// @param a_px    lattice parameter: scale of the background and of the limits
    /// @param passes  >= 2; more, up to 10, as long as σ moves by 0.5 % a pass
    /// @param atoms   in: x, y, amplitude; out: the fit, its errors, flags. Site::other that is not significant is removed
    /// @param fit     in: start (sigma_px 0: 0.157 a); out: the frame's values
    void run(const Image& counts, const std::vector<std::uint8_t>& row_valid, int rows_in,
             double a_px, int passes, std::vector<Atom>& atoms, FrameFit& fit) noexcept;

    /// Rows of a frame that is fitted while it is scanned.
    struct RowsInUse {
        int ahead;  ///< below the last one taken: the columns above shine into them
        int all;    ///< with them, up to the first one that is still fitted or looked back on
    };
    /// A new frame of which nothing is there yet; σ, noise and background are those of the last one.
    void begin(double a_px, const FrameFit& known, const RowsInUse& in_use) noexcept;
    /// Rows must come one after the other.
    void take_rows(const Image& counts, const std::vector<std::uint8_t>& row_valid, int first_row,
                   int last_row, const Half& half) noexcept;
    /// Adds the columns [first, last) to the model, at their start.
    void place(const std::vector<Atom>& atoms, std::size_t first, std::size_t last) noexcept;
    /// Weights of these rows from the model as it is.
    void weigh(int first_row, int last_row, const Half& half) noexcept;
    /// @param measure  also errors, flags, χ², background and the frame's shape: in the last pass
    void pass(std::vector<Atom>& atoms, std::size_t first, std::size_t last, bool measure,
              const Half& half) noexcept;
    /// Standard errors of final columns, their neighbours being final too: see joint_errors.hpp.
    void add_neighbour_errors(const Cells& cells, std::size_t first, std::size_t last,
                              std::vector<Atom>& atoms) const noexcept;
    float background_at(float x_px, float y_px) const noexcept {
        return background_.at(x_px, y_px);
    }
    /// Noise of these rows, once their columns are fitted.
    void look_back(int first_row, int last_row, const Half& half) noexcept;
    /// The medians of the frame are those of the columns counted.
    void count(const std::vector<Atom>& atoms, std::size_t first, std::size_t last) noexcept;
    /// σ, background and noise for the next frame; the medians of this one.
    void end(std::vector<Atom>& atoms, FrameFit& fit, Helper& helper = no_helper()) noexcept;

private:
    /// Newton sums of (σ, b) and of the two components of ellipticity, amplitudes eliminated.
    struct alignas(kCacheLine) Shape {
        double sigma = 0, sigma2 = 0, b = 0, b2 = 0, sigma_b = 0;
        double plus = 0, plus2 = 0, cross = 0, cross2 = 0;

        Shape& operator+=(const Shape& other) noexcept;
    };

    void fit_column(Atom& a, std::size_t k, bool measure, const Half& half) noexcept;
    void add_shape(const ColumnStep& step, const Atom& a, int half) noexcept;
    void measure_column(const ColumnStep& step, bool whole, std::size_t k, Atom& a) const noexcept;
    bool rows_valid(const ColumnStep& step) const noexcept;
    double step_shape() noexcept;
    void copy_rows(const Image& counts, const std::vector<std::uint8_t>& row_valid, int first_row,
                   int last_row, const Half& half) noexcept;
    void leave_out(int first_row, int last_row, const Half& half) noexcept;
    void set_start(const std::vector<Atom>& atoms, std::size_t first, std::size_t last) noexcept;
    void estimate_noise() noexcept;
    void correct_errors(std::vector<Atom>& atoms) noexcept;
    void begin_noise() noexcept;
    void begin_count() noexcept;
    void medians(std::size_t columns, Helper& helper) noexcept;
    void add(const Atom& a) noexcept;
    void render(const std::vector<Atom>& atoms) noexcept;

    int rows_in_ = 0, rows_ahead_ = 0;
    double a_px_ = 0;
    double freedom_ = 1;  // degrees of freedom left, a pixel
    FrameFit fit_;
    FitImage image_;
    Background background_;
    std::array<PhotonTransfer, 2> noise_;  // of the halves
    std::array<Shape, 2> shape_{};         // of the halves
    std::vector<std::uint8_t> row_valid_;
    std::vector<float> start_x_, start_y_;
    struct Sample {
        std::vector<float> values, scratch;
    } amplitudes_, chi2_;                 // of the cations counted
    std::unique_ptr<ColumnLines> lines_;  // of the width of now
};

}  // namespace dwellmap

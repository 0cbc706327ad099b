// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/cells.hpp"
#include "base/helper.hpp"
#include "base/point_grid.hpp"
#include "dwellmap/types.hpp"
#include "fit/refine.hpp"
#include "image/find.hpp"

#include <Eigen/Core>

#include <cstdint>
#include <utility>
#include <vector>

namespace dwellmap {

/// Height of a band of rows: more than a column's influence (4.5 σ that it shines, 3 σ that another one is fitted to), so that
/// columns of a band only meet those of the bands above and below. Columns are kept sorted by their band, and along it by
/// tiles as wide as it is high.
int band_height_px(double sigma_px) noexcept;

/// Fits a frame behind the beam, from the columns expected in it.
///
/// When the rows of band t are there, its columns are placed, and pass p of the joint fit is made on band t − 1 − p: every column
/// gets its passes in the same order however the rows came, and after the last row only the last few bands
/// are left to do. How far the columns are off is read off the peaks of each band: drift row by row.
///
/// A band is fitted in three parts: left and right do not meet and are done side by side if there is a helper, then the few tiles
/// between them. Where the scan is off by so much that they could meet, all of the band is between them.
///
/// Cost: Refiner's, and a look-up a peak. The constructor allocates, nothing after it.
class BandFit {
public:
    /// @param passes  of the joint fit, >= 1
    BandFit(int rows_px, int cols_px, std::size_t max_atoms, int passes);

    /// A new frame. `expected` is sorted by band and tile.
    /// @param least_height  of a peak above background, counts of the filtered image, for Site::other
    /// @param atoms         out: as expected, what run() starts from
    void begin(const std::vector<Atom>& expected, double a_px, double sigma_px, double least_height,
               std::vector<Atom>& atoms, Helper& helper = no_helper()) noexcept;

    /// Of the frame that has begun, at any time.
    Refiner::RowsInUse rows_in_use() const noexcept {
        const int ahead = height_px_ + model_reach_px_;
        return {ahead, (passes_ + 2) * height_px_ + model_reach_px_ + ahead};
    }

    /// What the scan has shown so far.
    struct Rows {
        const Image& counts;
        const std::vector<std::uint8_t>& valid;
        const std::vector<Peak>& peaks;  ///< in raster order
        int searched;                    ///< rows 0…n−1 are there, and their peaks
    };

    /// Goes on as far as the rows allow.
    /// @param atoms  [expected, then Site::other as they are found] out: the first settled() are final, all of them with the last row
    void run(const Rows& rows, const Cells& cells, Refiner& refiner, std::vector<Atom>& atoms,
             Helper& helper = no_helper()) noexcept;

    std::size_t settled() const noexcept { return settled_; }
    /// Of them, the first so many whose neighbours within three lattice parameters are final too.
    std::size_t surrounded() const noexcept { return surrounded_; }
    int bands() const noexcept { return bands_; }
    int settled_bands() const noexcept { return settled_bands_; }
    /// The left or the right half of a band's columns, near each other in the image as in a thread's cache.
    std::pair<std::size_t, std::size_t> half_of(int band, int half) const noexcept {
        const Band& b = band_[static_cast<std::size_t>(band)];
        const std::size_t middle = (b.first + b.last) / 2;
        return half == 0 ? std::pair(b.first, middle) : std::pair(middle, b.last);
    }
    bool lost() const noexcept { return lost_; }  ///< the peaks are not where they were expected
    double peak_height() const noexcept {
        return matched_ > 0 ? height_sum_ / matched_ : 0;
    }  ///< of the cations, above background

private:
    struct Band {
        std::size_t first = 0, last = 0;              // expected columns
        std::size_t left_last = 0, right_first = 0;   // of them: ends of the left and right parts
        std::size_t first_other = 0, last_other = 0;  // columns that were not expected
        int cations = 0;                              // expected
    };
    /// What a step works with.
    struct Bench {
        Refiner& refiner;
        std::vector<Atom>& atoms;
        Helper& helper;
    };
    struct Place {
        float x_px, y_px;
        bool cation;
    };
    /// The expected column that is nearest to a peak.
    struct Nearest {
        std::int32_t column;     // or -1
        float height;            // of the peak, above background
        Eigen::Vector2f off_px;  // from where the shift has the column
        bool same;               // a cation, so near that it is this one
    };

    void part_frame(double sigma_px) noexcept;
    void set_bands(const std::vector<Atom>& expected) noexcept;
    void place(int band, const Rows& rows, const Bench& bench) noexcept;
    void follow_peaks(Band& band, int last_row, const Rows& rows, const Bench& bench) noexcept;
    void look_up(const std::vector<Peak>& peaks, std::size_t last, const Bench& bench) noexcept;
    void pass(int band, int number, const Bench& bench) noexcept;
    void settle(int band, const Cells& cells, const Bench& bench) noexcept;
    template <class F>
    void left_and_right(int band, const Bench& bench, const F& f) const noexcept;
    int last_row(int band) const noexcept { return std::min((band + 1) * height_px_, rows_px_); }

    int rows_px_, cols_px_, passes_;
    int height_px_ = 1, bands_ = 0, next_ = 0;
    int reach_px_ = 0, model_reach_px_ = 0;           // of a band's columns: fitted to, shine on
    int left_px_ = 0, middle_px_ = 0, right_px_ = 0;  // left ends, the middle is, right begins here
    float most_shift_px_ = 0;                         // along x, that the parts bear
    int settled_bands_ = 0;
    std::size_t settled_ = 0, surrounded_ = 0, next_peak_ = 0;
    float a_px_ = 1, least_height_ = 0;
    Eigen::Vector2f shift_px_{0, 0};  // of the columns against what was expected
    int wanted_ = 0, matched_ = 0;    // cations of the bands placed, and those with a peak
    double height_sum_ = 0;
    bool lost_ = false;
    PointGrid grid_;
    std::vector<Place> base_;    // of the expected columns
    std::vector<Nearest> near_;  // [peaks of a band]
    std::vector<Band> band_;
};

}  // namespace dwellmap

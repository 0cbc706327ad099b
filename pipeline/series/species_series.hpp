// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "atoms/online_covariance.hpp"
#include "atoms/online_pca.hpp"
#include "classes/kmeans.hpp"
#include "dwellmap/field_of_view.hpp"
#include "series/score_cells.hpp"
#include "series/series_regression.hpp"

#include <Eigen/Core>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace dwellmap {

/// All statistics of one species of centre over the fields of view of a composition series.
///
/// One part a field: exact covariance, scores of the joint modes, cells by (x, n), classes, regressions. A field that is put again
/// replaces its old part. Scores are of the modes in use, which follow when the joint modes have moved by more than a thousandth; until then
/// a new frame costs its own field only. Then the fields are scored again, as many as have kRescoreAtOnce atoms an update, and
/// the old modes and scores stay in use, together, until the last field has its new ones.
class SpeciesSeries {
public:
    static constexpr double kStill = 1e-3;
    static constexpr Eigen::Index kRescoreAtOnce = 10'000;

    struct Part {
        std::string key;
        int number =
            0;  ///< of the image: in the order they came, since finish() that of the library
        double x = 0;
        std::vector<std::int32_t> atom;  ///< its place in the field
        std::vector<std::int8_t> n, n_outer;
        std::vector<int> block;
        std::vector<float> error;
        std::vector<std::size_t> slot;  ///< in the classes
        Eigen::MatrixXd offsets;        ///< [2N × atoms] in the common lattice frame
        Eigen::MatrixXd scores;         ///< [kModes × atoms] of the modes in use
        Eigen::MatrixXd next_scores;    ///< of the next ones; empty until its turn
        OnlineCovariance set{1};
    };

    /// @param species    of the centres: species_first or species_second
    /// @param classes    of neighbourhoods; 0: by silhouette
    SpeciesSeries(std::int8_t species, int neighbours, bool parity, int classes);

    /// Adds the field, at `place` among the parts, or replaces the part of its key.
    /// @param turns  sixths of a turn to the common first direction
    void put(const FieldOfView& field, int turns, std::size_t place);

    /// Takes what was put since into modes, cells, classes, surface and regressions; each starts from where it was.
    void update();

    /// As update(), but all from the start and at once, without turns: modes in use = joint modes, everything of the same atoms.
    void finish();

    const ModeSet& modes() const noexcept { return in_use_; }  ///< joint: all fields stacked
    int isotropic() const noexcept { return isotropic_; }      ///< which mode; -1: none is
    int symmetry_breaking() const noexcept { return symmetry_breaking_; }  ///< the response below
    int row_direction() const noexcept { return row_direction_; }  ///< of it: along a1, a2, a2 − a1
    const std::vector<std::unique_ptr<Part>>& parts() const noexcept { return parts_; }
    const std::vector<ScoreCell>& cells() const noexcept { return cells_.cells(); }
    const SeriesRegression& regression() const noexcept { return regression_; }
    const KMeans& classes() const noexcept { return classes_; }

    /// How well k = 2, 3, ... classes are parted, [k − 2]; NaN: not known yet. An update renews one k at most, with classes of their own of
    /// kSilhouetteSample atoms; finish() takes all atoms, and KMeans::kSample of them for the silhouette.
    const std::vector<double>& silhouettes() const noexcept { return silhouettes_; }
    int silhouettes_age() const noexcept;  ///< updates since the first of them was found
    static constexpr std::size_t kSilhouetteSample = 300;
    static constexpr int kSilhouetteEvery = 4;  ///< updates

private:
    static constexpr Eigen::Index kFirstShell = 12;
    static constexpr int kClassNumbers = KMeans::kMaxClasses - 1;  // 2, 3, ...
    static constexpr unsigned kSeed = 1;

    Part& part_of(const std::string& key, std::size_t place);
    void fill(const FieldOfView& field, int turns, Part& part) const;
    void put_into_classes(Part& part);
    bool find_joint_modes();
    double moved() const noexcept;
    bool follow_modes();
    void take_modes();
    void name_modes();
    void sample();
    void update_classes();
    void renew_silhouette();
    KMeans begin_classes(int k);
    void choose_classes();

    std::int8_t species_;
    int neighbours_, class_count_;
    bool parity_;
    std::vector<std::unique_ptr<Part>> parts_;
    std::vector<double> changed_;  // compositions
    std::vector<std::size_t> free_slots_;
    std::size_t slots_ = 0;
    OnlineCovariance joint_;
    OnlinePca pca_;
    ModeSet in_use_;
    std::optional<ModeSet> next_;
    ScoreSample sample_;
    ScoreCells cells_;
    KMeans classes_;
    SeriesRegression regression_;
    std::vector<double> silhouettes_;
    std::vector<int> silhouettes_made_;  // by which update
    int updates_ = 0, silhouette_turn_ = 0;
    int isotropic_ = -1, symmetry_breaking_ = -1, row_direction_ = 0;
};

}  // namespace dwellmap

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>

namespace dwellmap {

/// Mean μ and scatter M = Σ(x−μ)(x−μ)ᵀ of a set of neighbourhoods x, exact at every step.
///
///   add:      δ = x − μ;      μ += δ/n;         M += δ(x − μ)ᵀ                  [Welford 1962]
///   remove:   the same backwards: μ −= δ/(n−1) with the old μ in δ;  M −= δ(x − μ)ᵀ
///   forget:   n ← λ n;  M ← λ M: from then on the weighted mean and scatter, older vectors with λ, λ², ...
///   merge:    δ = μ_b − μ_a;  μ += δ n_b/n;     M = M_a + M_b + δδᵀ n_a n_b/n   [Chan 1983]
///
/// A batch is merged as a set of its own (mean and scatter in two passes), or taken out by the same equations solved for a.
/// An atom seen again is remove(old) + add(new), or part of a CovarianceChange. Cost O(dim²) a vector, in a batch a few times less.
/// The constructor allocates; nothing after it does. Not thread-safe.
/// [Welford 1962] Technometrics 4, 419.  [Chan 1983] Chan, Golub, LeVeque, Am. Stat. 37, 242.
class OnlineCovariance {
public:
    explicit OnlineCovariance(Eigen::Index dim);

    /// @param x [dim] one neighbourhood, finite
    void add(const Eigen::Ref<const Eigen::VectorXd>& x) noexcept;

    /// @param x [dim] exactly what had been added before
    void remove(const Eigen::Ref<const Eigen::VectorXd>& x) noexcept;

    /// @param x [dim × n] n neighbourhoods, finite
    void add_batch(const Eigen::Ref<const Eigen::MatrixXd>& x) noexcept;

    /// @param x [dim × n] exactly what had been added before, in whatever batches
    void remove_batch(const Eigen::Ref<const Eigen::MatrixXd>& x) noexcept;

    /// Vectors have got other values: see CovarianceChange.
    /// @param shift   [dim] Σ d
    /// @param product [dim × dim] Σ d sᵀ or its transpose
    void change(const Eigen::Ref<const Eigen::VectorXd>& shift,
                const Eigen::Ref<const Eigen::MatrixXd>& product) noexcept;

    /// As if add() had been given all that `other` (same dim) holds.
    void merge(const OnlineCovariance& other) noexcept;

    /// All that has been added counts `factor` times as much from now on. What was added before can't be removed any more.
    /// @param factor (0, 1]
    void forget(double factor) noexcept;

    void clear() noexcept;

    double count() const noexcept { return count_; }  ///< sum of weights: whole, unless forgetting
    const Eigen::VectorXd& mean() const noexcept { return mean_; }        ///< [dim] length
    const Eigen::MatrixXd& scatter() const noexcept { return scatter_; }  ///< [dim × dim] length²

private:
    void merge(double count, const Eigen::VectorXd& mean, const Eigen::MatrixXd& scatter) noexcept;
    void find_moments(const Eigen::Ref<const Eigen::MatrixXd>& x) noexcept;

    double count_ = 0;
    Eigen::VectorXd mean_, delta_;  // delta_ is scratch space
    Eigen::MatrixXd scatter_;
    // of the batch at hand; padded to whole tiles
    Eigen::VectorXd batch_mean_;
    Eigen::MatrixXd batch_scatter_, centred_;
};

}  // namespace dwellmap

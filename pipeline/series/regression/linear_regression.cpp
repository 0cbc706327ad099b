// SPDX-License-Identifier: Apache-2.0
#include "regression/linear_regression.hpp"

#include <Eigen/Cholesky>

#include <algorithm>
#include <cmath>
#include <set>

namespace dwellmap {
namespace {

constexpr std::int64_t kMinAtoms = 10;  // of a cell, to know its variance

/// Which columns of (n, x, 1) the rows of positive weight can determine.
Eigen::Array4i determined(const Eigen::MatrixX3d& inputs, const Eigen::ArrayXd& weight) noexcept {
    Eigen::Array4i known = Eigen::Array4i::Zero();
    Eigen::Index first = -1;
    for (Eigen::Index i = 0; i < weight.size(); ++i) {
        if (weight[i] > 0) {
            first = first < 0 ? i : first;
            known[0] = known[0] != 0 || inputs(i, 0) != inputs(first, 0) ? 1 : 0;
            known[1] = known[1] != 0 || inputs(i, 1) != inputs(first, 1) ? 1 : 0;
            known[3] = 1;
        }
    }
    return known;
}

/// (Aᵀ W A)⁻¹ Aᵀ W and (Aᵀ W A)⁻¹ for A = inputs; rows of what is not determined are zero.
struct NormalEquations {
    Eigen::Array4i known;
    Eigen::Matrix3d inverse;
    Eigen::Matrix3Xd map;
    bool solved;

    NormalEquations(const Eigen::MatrixX3d& inputs, const Eigen::ArrayXd& weight)
        : known(determined(inputs, weight)) {
        const Eigen::Vector3d kept(known[0], known[1], known[3]);
        const Eigen::MatrixX3d a = inputs * kept.asDiagonal();
        Eigen::Matrix3d normal = a.transpose() * weight.matrix().asDiagonal() * a;
        normal.diagonal() += (1 - kept.array()).matrix();
        const Eigen::Vector3d unit = normal.diagonal().cwiseMax(1e-300).cwiseSqrt().cwiseInverse();
        const Eigen::LDLT<Eigen::Matrix3d> factor(unit.asDiagonal() * normal * unit.asDiagonal());
        solved = known[3] != 0 && factor.vectorD().minCoeff() > 1e-12;
        inverse = unit.asDiagonal() * factor.solve(Eigen::Matrix3d(unit.asDiagonal()));
        inverse = kept.asDiagonal() * inverse * kept.asDiagonal();
        map = inverse * a.transpose() * weight.matrix().asDiagonal();
    }
};

/// (a, b, d) as (a, b, c, d)
Eigen::Vector4d spread(const Eigen::Vector3d& v) { return {v[0], v[1], 0, v[2]}; }

Eigen::Matrix4d spread(const Eigen::Matrix3d& m) {
    Eigen::Matrix4d wide = Eigen::Matrix4d::Zero();
    const Eigen::Array3i to(0, 1, 3);
    for (int row = 0; row < 3; ++row) {
        for (int column = 0; column < 3; ++column) {
            wide(to[row], to[column]) = m(row, column);
        }
    }
    return wide;
}

struct Columns {
    Eigen::MatrixX3d inputs;  // n, x, 1
    Eigen::VectorXd mean;
    Eigen::ArrayXd count, scatter;

    explicit Columns(std::span<const ResponseCell> cells) {
        const auto size = static_cast<Eigen::Index>(cells.size());
        inputs.resize(size, 3);
        mean.resize(size);
        count.resize(size);
        scatter.resize(size);
        for (Eigen::Index i = 0; i < size; ++i) {
            const auto& c = cells[static_cast<std::size_t>(i)];
            inputs.row(i) << c.n, c.x, 1;
            mean[i] = c.mean;
            count[i] = static_cast<double>(c.count);
            scatter[i] = c.sum_of_squares;
        }
    }
    /// Of single atoms in each cell; the pooled variance where there are too few.
    Eigen::ArrayXd variance() const {
        const double pooled = scatter.sum() / std::max(1.0, (count - 1).max(0).sum());
        return (count >= kMinAtoms).select(scatter / (count - 1).max(1), pooled);
    }
};

LinearFit fit_of(std::string_view name, std::span<const ResponseCell> cells,
                 const NormalEquations& normal, const Eigen::Matrix3Xd& map) {
    LinearFit fit;
    fit.map = map;
    fit.estimate.name = name;
    Eigen::Vector3d values = Eigen::Vector3d::Zero();
    for (std::size_t i = 0; i < cells.size(); ++i) {
        values += map.col(static_cast<Eigen::Index>(i)) * cells[i].mean;
        fit.estimate.count += cells[i].count;
    }
    fit.estimate.converged = normal.solved;
    if (normal.solved) {
        set_values(spread(values), normal.known, fit.estimate);
    }
    return fit;
}

Eigen::Matrix3d covariance_of(const Eigen::Matrix3Xd& map, const Eigen::ArrayXd& variance) {
    return map * variance.matrix().asDiagonal() * map.transpose();
}

}  // namespace

LinearFit regress_atoms(std::span<const ResponseCell> cells) {
    const Columns c(cells);
    const NormalEquations normal(c.inputs, c.count);
    LinearFit fit = fit_of("least squares, atoms", cells, normal, normal.map);
    if (normal.solved) {
        const Eigen::VectorXd residual = c.mean - c.inputs * (normal.map * c.mean);
        const double squares = c.scatter.sum() + (c.count * residual.array().square()).sum();
        set_model_errors(spread(Eigen::Matrix3d(normal.inverse * squares / (c.count.sum() - 3))),
                         fit.estimate);
    }
    return fit;
}

LinearFit regress_cells(std::span<const ResponseCell> cells) {
    const Columns c(cells);
    const double least = std::max(1e-12 * c.mean.squaredNorm(), 1e-300);
    const Eigen::ArrayXd weight =
        (c.count >= kMinAtoms).select(c.count / c.variance().max(least), 0.0);
    const NormalEquations normal(c.inputs, weight);
    LinearFit fit = fit_of("least squares, cells", cells, normal, normal.map);
    if (normal.solved) {
        set_model_errors(spread(normal.inverse), fit.estimate);
    }
    return fit;
}

LinearFit regress_predictions(std::span<const ResponseCell> cells, const GaussianProcess& process) {
    std::set<double> compositions;
    for (const auto& c : cells) {
        compositions.insert(c.x);
    }
    const Columns c(cells);
    const auto rows = static_cast<Eigen::Index>(7 * compositions.size());
    Eigen::MatrixX3d inputs(rows, 3);
    Eigen::MatrixXd shares = Eigen::MatrixXd::Zero(rows, c.mean.size());
    Eigen::Index row = 0;
    for (const double x : compositions) {
        for (int n = 0; n <= 6; ++n, ++row) {
            inputs.row(row) << n, x, 1;
            const Eigen::VectorXd share = process.shares(n, x);
            for (Eigen::Index cell = 0, filled = 0; cell < c.mean.size() && share.size() > 0;
                 ++cell) {
                shares(row, cell) = c.count[cell] > 0 ? share[filled++] : 0;
            }
        }
    }
    const NormalEquations normal(inputs, Eigen::ArrayXd::Ones(rows));
    LinearFit fit = fit_of("least squares, Gaussian process", cells, normal, normal.map * shares);
    fit.estimate.converged = normal.solved && process.known();
    if (fit.estimate.converged) {
        const Eigen::ArrayXd variance = c.variance() / c.count.max(1);
        set_model_errors(spread(covariance_of(fit.map, variance)), fit.estimate);
    } else {
        fit.estimate.value = {};
        fit.estimate.ratio = Coefficients{}.a;
    }
    return fit;
}

RegressionEstimate regress_separations(std::span<const Separation> separations) {
    const auto size = static_cast<Eigen::Index>(separations.size());
    Eigen::MatrixX3d inputs(size, 3);
    Eigen::VectorXd separation(size);
    Eigen::ArrayXd weight(size);
    for (Eigen::Index i = 0; i < size; ++i) {
        const auto& s = separations[static_cast<std::size_t>(i)];
        const bool usable = s.se > 0 && std::isfinite(s.separation);
        inputs.row(i) << s.n, s.x, 1;
        separation[i] = usable ? s.separation : 0;
        weight[i] = usable ? 1 / (s.se * s.se) : 0;
    }
    const NormalEquations normal(inputs, weight);
    RegressionEstimate e;
    e.name = "least squares, symmetric mixtures";
    e.count = (weight > 0).count();
    e.converged = normal.solved;
    if (normal.solved) {
        const Eigen::Vector3d values = normal.map * separation;
        set_values(spread(values), normal.known, e);
        set_model_errors(spread(normal.inverse), e);
        const double chi2 = (weight * (separation - inputs * values).array().square()).sum();
        const double degrees = static_cast<double>(e.count - normal.known.sum());
        const double widening = degrees > 0 ? std::max(1.0, chi2 / degrees) : 1;
        set_errors(spread(Eigen::Matrix3d(widening * normal.inverse)), e);
    }
    return e;
}

}  // namespace dwellmap

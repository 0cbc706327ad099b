// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>
#include <Eigen/SVD>

#include <cstdlib>

namespace dwellmap::reference {

struct Moments {
    Eigen::VectorXd mean;
    Eigen::MatrixXd scatter;
};

/// The textbook two-pass formula, written to be obviously right and not to be fast.
inline Moments batch_moments(const Eigen::MatrixXd& x) {
    const Eigen::VectorXd mean = x.rowwise().mean();
    const Eigen::MatrixXd centred = x.colwise() - mean;
    return {mean, centred * centred.transpose()};
}

/// [dim × n] correlated columns far from the origin, where naive running sums lose their digits.
inline Eigen::MatrixXd random_neighbourhoods(Eigen::Index dim, Eigen::Index n, unsigned seed,
                                             double offset = 1e4) {
    std::srand(seed);
    const Eigen::MatrixXd mix = Eigen::MatrixXd::Random(dim, dim);
    return (mix * Eigen::MatrixXd::Random(dim, n)).array() + offset;
}

struct Pca {
    Eigen::VectorXd variance;    ///< descending
    Eigen::MatrixXd components;  ///< columns
};

/// Eigenvectors of the sample covariance, by another route than the online one: singular values of the data.
inline Pca batch_pca(const Eigen::MatrixXd& x) {
    const Eigen::MatrixXd centred = x.colwise() - x.rowwise().mean();
    const Eigen::BDCSVD<Eigen::MatrixXd> svd(centred, Eigen::ComputeThinU);
    return {svd.singularValues().array().square() / static_cast<double>(x.cols() - 1),
            svd.matrixU()};
}

}  // namespace dwellmap::reference

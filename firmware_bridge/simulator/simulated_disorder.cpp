// SPDX-License-Identifier: Apache-2.0
#include "simulator/simulated_disorder.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace dwellmap {

Eigen::VectorXd smooth_field(const Eigen::MatrixX2d& points_nm, double rms, double length_nm,
                             Noise& noise) {
    constexpr int kWaves = 256;
    Eigen::ArrayXd field = Eigen::ArrayXd::Zero(points_nm.rows());
    for (int w = 0; w < kWaves; ++w) {
        const double kx = noise.normal() / length_nm;
        const double ky = noise.normal() / length_nm;
        const double phase = 2 * std::numbers::pi * noise.uniform();
        field += (kx * points_nm.col(0).array() + ky * points_nm.col(1).array() + phase).cos();
    }
    field -= field.mean();
    return field * (rms / std::sqrt(field.square().mean()));
}

std::vector<ZigzagDomain> draw_domains(const Eigen::MatrixX2d& points_nm, double size_nm,
                                       double minor_fraction, Noise& noise) {
    const Eigen::RowVector2d corner = points_nm.colwise().minCoeff();
    const Eigen::RowVector2d extent = points_nm.colwise().maxCoeff() - corner;
    const auto count =
        static_cast<Eigen::Index>(std::max(1.0, std::round(extent.prod() / (size_nm * size_nm))));
    Eigen::MatrixX2d centres_nm(count, 2);
    std::vector<ZigzagDomain> domains(static_cast<std::size_t>(count));
    for (Eigen::Index d = 0; d < count; ++d) {
        centres_nm.row(d) << corner.x() + noise.uniform() * extent.x(),
            corner.y() + noise.uniform() * extent.y();
        auto& domain = domains[static_cast<std::size_t>(d)];
        domain.sign = noise.uniform() < 0.5 ? -1 : 1;
        domain.direction = noise.uniform() < minor_fraction ? 1 + noise.below(2) : 0;
    }
    std::vector<ZigzagDomain> of_point;
    of_point.reserve(static_cast<std::size_t>(points_nm.rows()));
    for (Eigen::Index k = 0; k < points_nm.rows(); ++k) {
        Eigen::Index nearest = 0;
        (centres_nm.rowwise() - points_nm.row(k)).rowwise().squaredNorm().minCoeff(&nearest);
        of_point.push_back(domains[static_cast<std::size_t>(nearest)]);
    }
    return of_point;
}

}  // namespace dwellmap

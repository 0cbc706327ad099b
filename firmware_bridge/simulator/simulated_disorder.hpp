// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dwellmap/simulated_noise.hpp"

#include <Eigen/Core>

#include <vector>

namespace dwellmap {

/// A smooth random field with a Gaussian correlation, at some points: many plane waves of random phase.
/// @param points_nm [n × 2]
/// @return [n] mean 0; rms as given, over these points
Eigen::VectorXd smooth_field(const Eigen::MatrixX2d& points_nm, double rms, double length_nm,
                             Noise& noise);

struct ZigzagDomain {
    int sign = 1;       ///< ±1
    int direction = 0;  ///< of its rows: 0, 1, 2 along a1, a2, a2 − a1
};

/// Domains are the Voronoi cells of random points, in the rectangle around the given points.
/// @param points_nm      [n × 2]
/// @param size_nm        of a domain
/// @param minor_fraction of the domains: direction 1 or 2 instead of 0
/// @return [n] the domain that each point is in
std::vector<ZigzagDomain> draw_domains(const Eigen::MatrixX2d& points_nm, double size_nm,
                                       double minor_fraction, Noise& noise);

}  // namespace dwellmap

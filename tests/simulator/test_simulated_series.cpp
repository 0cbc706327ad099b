// SPDX-License-Identifier: Apache-2.0
#include "dwellmap/simulated_crystal.hpp"

#include <Eigen/Dense>
#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

namespace dwellmap {
namespace {

using Eigen::Vector2d;
constexpr std::array<double, 4> kSeries{0.05, 0.55, 0.78, 0.95};

const CrystalColumn& column(const SimulatedCrystal& crystal, int k) {
    return crystal.columns()[static_cast<std::size_t>(k)];
}

bool in_field(const SimulatedCrystal& crystal, const CrystalColumn& c) {
    const auto& p = c.position_nm;
    return p.x() >= 0 && p.y() >= 0 && p.x() < crystal.config().width_nm &&
           p.y() < crystal.config().height_nm;
}

Vector2d on_screen(double angle) { return {std::cos(angle), -std::sin(angle)}; }

TEST_CASE("the zigzag of Re sites follows a n + b x + d") {
    CrystalConfig config;
    config.width_nm = config.height_nm = 12;
    config.domain_nm = 1000;
    Eigen::Matrix3d normal = Eigen::Matrix3d::Zero();
    Eigen::Vector3d right = Eigen::Vector3d::Zero();
    for (unsigned seed = 1; seed <= 8; ++seed) {
        for (const double x : kSeries) {
            config.composition = x;
            config.seed = seed * 10 + static_cast<unsigned>(x * 10);
            const SimulatedCrystal crystal(config);
            for (int k = 0; k < crystal.cations(); ++k) {
                const auto& c = column(crystal, k);
                if (c.species == species_second && c.n >= 0 && in_field(crystal, c)) {
                    const Eigen::Vector3d row(c.n, x, 1);
                    normal += row * row.transpose();
                    right += row * (-c.zigzag_sign * c.zigzag_nm[0]);
                }
            }
        }
    }
    // limits: four standard deviations, seen over 60 such series
    const Eigen::Vector3d abd_pm = 1e3 * normal.ldlt().solve(right);
    const auto& law = config.zigzag;
    CAPTURE(abd_pm.transpose());
    CHECK(abd_pm[0] == Approx(1e3 * 8 / 3 * law.beta_nm).margin(0.12));
    CHECK(abd_pm[1] == Approx(1e3 * (4 * law.gamma_nm + 6 * law.beta_nm)).margin(1.0));
    CHECK(abd_pm[2] == Approx(1e3 * (4 * law.alpha_nm + 2 * law.beta_nm)).margin(0.5));
    CHECK(abd_pm[1] / (6 * abd_pm[0]) == Approx(0.5).margin(0.12));
}

/// Offsets of the neighbours from their ideal places, a column for each Re site of a series.
Eigen::MatrixXd re_neighbourhoods(CrystalConfig config) {
    std::vector<double> offsets;
    for (const double x : kSeries) {
        config.composition = x;
        config.seed += 1;
        const SimulatedCrystal crystal(config);
        for (int k = 0; k < crystal.cations(); ++k) {
            const auto& c = column(crystal, k);
            if (c.species != species_second || c.n < 0 || !in_field(crystal, c)) {
                continue;
            }
            for (const int q : crystal.neighbours(k)) {
                const auto& neighbour = column(crystal, q);
                const Vector2d d =
                    neighbour.position_nm - c.position_nm - (neighbour.ideal_nm - c.ideal_nm);
                offsets.insert(offsets.end(), {d.x(), d.y()});
            }
        }
    }
    return Eigen::Map<Eigen::MatrixXd>(offsets.data(), 12,
                                       static_cast<Eigen::Index>(offsets.size()) / 12);
}

TEST_CASE("the batch principal components of a series are the breathing, then the zigzag") {
    CrystalConfig config;
    config.width_nm = config.height_nm = 16;
    config.seed = GENERATE(100U, 200U, 300U);
    Eigen::MatrixXd x = re_neighbourhoods(config);
    x.colwise() -= x.rowwise().mean().eval();
    Eigen::MatrixXd covariance = x * x.transpose() / static_cast<double>(x.cols() - 1);

    Eigen::MatrixXd inversion =
        Eigen::MatrixXd::Zero(12, 12);  // a neighbour's offset becomes its antipode's, reversed
    Eigen::VectorXd breathing(12);
    Eigen::VectorXd zigzag = Eigen::VectorXd::Zero(12);
    for (Eigen::Index q = 0; q < 6; ++q) {
        inversion.block<2, 2>(2 * q, 2 * ((q + 3) % 6)) = -Eigen::Matrix2d::Identity();
        breathing.segment<2>(2 * q) =
            on_screen(config.angle_rad + static_cast<double>(q) * std::numbers::pi / 3) /
            std::sqrt(6.0);
        if (q % 3 != 0) {
            zigzag.segment<2>(2 * q) = on_screen(config.angle_rad + std::numbers::pi / 2) / 2;
        }
    }
    covariance = ((covariance + inversion * covariance * inversion.transpose()) / 2).eval();
    const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(covariance);  // ascending
    CHECK(std::abs(solver.eigenvectors().col(11).dot(breathing)) > 0.98);
    CHECK(std::abs(solver.eigenvectors().col(10).dot(zigzag)) > 0.99);
}

}  // namespace
}  // namespace dwellmap

// SPDX-License-Identifier: Apache-2.0
#include "fit/joint_errors.hpp"
#include "support/honeycomb.hpp"

#include <Eigen/Cholesky>
#include <Eigen/LU>
#include <catch2/catch.hpp>

using namespace dwellmap;
using testing::Honeycomb;

namespace {

/// Fisher information of (A, x, y) of all columns of the honeycomb under counting noise.
Eigen::MatrixXd fisher(const Honeycomb& h) {
    const auto n = static_cast<Eigen::Index>(h.columns.size());
    const Image variance = h.expected();
    const double s2 = h.sigma_px * h.sigma_px;
    Eigen::MatrixXd f = Eigen::MatrixXd::Zero(3 * n, 3 * n);
    std::vector<Eigen::Index> near;
    Eigen::MatrixXd gradient(3, n);
    for (int y = 0; y < h.rows_px; ++y) {
        for (int x = 0; x < h.cols_px; ++x) {
            near.clear();
            for (Eigen::Index k = 0; k < n; ++k) {
                const auto& c = h.columns[static_cast<std::size_t>(k)];
                if (std::hypot(x - c.x, y - c.y) < 4.5 * h.sigma_px) {
                    const double e = h.column_at(c, x, y);
                    gradient.col(k) = e * Eigen::Vector3d(1, c.amplitude * (x - c.x) / s2,
                                                          c.amplitude * (y - c.y) / s2);
                    near.push_back(k);
                }
            }
            for (const auto k : near) {
                for (const auto l : near) {
                    f.block<3, 3>(3 * k, 3 * l) +=
                        gradient.col(k) * gradient.col(l).transpose() / variance(y, x);
                }
            }
        }
    }
    return f;
}

FrameFit fit_of(const Honeycomb& h) {
    FrameFit fit;
    fit.sigma_px = h.sigma_px;
    fit.background = h.background;
    return fit;
}

}  // namespace

TEST_CASE("standard errors of columns side by side are those of the joint fit", "[joint_errors]") {
    Honeycomb h(90, 100);
    const Eigen::MatrixXd f = fisher(h);
    const Eigen::MatrixXd joint = f.llt().solve(Eigen::MatrixXd::Identity(f.rows(), f.cols()));
    auto atoms = h.atoms();
    for (std::size_t k = 0; k < atoms.size(); ++k) {
        const auto at = static_cast<Eigen::Index>(3 * k);
        const Eigen::Matrix3d alone = f.block<3, 3>(at, at).inverse();
        atoms[k].se_amplitude = static_cast<float>(std::sqrt(alone(0, 0)));
        atoms[k].se_x_px = static_cast<float>(std::sqrt(alone(1, 1)));
        atoms[k].se_y_px = static_cast<float>(std::sqrt(alone(2, 2)));
        atoms[k].background = static_cast<float>(h.background);
    }
    const auto alone = atoms;
    add_neighbour_errors(h.cells, fit_of(h), 0, atoms.size(), atoms);
    for (int site : {0, 1}) {
        double raised = 0, wanted = 0, n = 0;
        for (std::size_t k = 0; k < atoms.size(); ++k) {
            if (h.columns[k].site == site && h.inside(h.columns[k])) {
                const auto at = static_cast<Eigen::Index>(3 * k);
                const double true_x = std::sqrt(joint(at + 1, at + 1)),
                             true_y = std::sqrt(joint(at + 2, at + 2));
                CAPTURE(site, k, alone[k].se_x_px);
                CHECK(atoms[k].se_x_px == Approx(true_x).epsilon(0.05));
                CHECK(atoms[k].se_y_px == Approx(true_y).epsilon(0.05));
                raised += atoms[k].se_x_px / alone[k].se_x_px;
                wanted += true_x / alone[k].se_x_px;
                ++n;
            }
        }
        CAPTURE(site, raised / n, wanted / n);
        CHECK(raised / n == Approx(wanted / n).epsilon(0.02));
        CHECK(wanted / n > (site == 0 ? 1.0 : 1.03));  // or there was nothing to be raised
    }
}

TEST_CASE("only columns with neighbours, and only those asked for, get larger errors",
          "[joint_errors]") {
    Honeycomb h(90, 100);
    auto atoms = h.atoms();
    for (Atom& a : atoms) {
        a.se_x_px = a.se_y_px = 0.05F;
        a.se_amplitude = 2;
    }
    const auto before = atoms;
    const std::size_t first = 10, last = 30;
    atoms[15].site = Site::other;
    for (int i = -40; i <= 40; ++i) {  // the column 20 stands alone
        for (int j = -40; j <= 1; ++j) {
            if (std::abs(i - atoms[20].i) + std::abs(j - atoms[20].j) < 4 &&
                h.cells.at(i, j, 1 - h.columns[20].site) >= 0) {
                h.cells.set(i, j, 1 - h.columns[20].site, -1);
            }
        }
    }
    add_neighbour_errors(h.cells, fit_of(h), first, last, atoms);
    int raised = 0;
    for (std::size_t k = 0; k < atoms.size(); ++k) {
        CAPTURE(k);
        CHECK(atoms[k].se_x_px >= before[k].se_x_px);
        if (k < first || k >= last || k == 15 || k == 20) {
            CHECK(atoms[k].se_x_px == before[k].se_x_px);
            CHECK(atoms[k].se_y_px == before[k].se_y_px);
        }
        raised += atoms[k].se_x_px > before[k].se_x_px ? 1 : 0;
    }
    CHECK(raised > 5);
}

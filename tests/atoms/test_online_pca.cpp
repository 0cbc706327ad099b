// SPDX-License-Identifier: Apache-2.0
#include "atoms/online_pca.hpp"

#include "atoms/patterns.hpp"
#include "reference/batch_pca.hpp"
#include "support/allocations.hpp"

#include <catch2/catch.hpp>

#include <Eigen/Eigenvalues>

#include <random>

using namespace dwellmap;

namespace {

/// Neighbourhoods with a breathing, a zigzag and a shear of given rms on white noise, nm.
class Source {
public:
    Source(double isotropic, double zigzag, double shear, unsigned seed)
        : isotropic_(isotropic), zigzag_(zigzag), shear_(shear), random_(seed) {}
    Eigen::VectorXd next() {
        const auto& p = ideal_patterns();
        Eigen::VectorXd x = isotropic_ * normal_(random_) * p.isotropic +
                            (normal_(random_) > 0 ? 1 : -1) * zigzag_ * p.zigzag[0] +
                            shear_ * normal_(random_) * p.shear[0];
        for (auto& v : x) {
            v += 0.001 * normal_(random_);
        }
        return x;
    }

private:
    double isotropic_, zigzag_, shear_;
    std::mt19937 random_;
    std::normal_distribution<double> normal_;
};

}  // namespace

TEST_CASE("online principal components equal the batch ones", "[online_pca]") {
    const int neighbours = GENERATE(6, 12, 24);
    const Eigen::MatrixXd x = reference::random_neighbourhoods(2 * neighbours, 2000, 7, 0.3);
    OnlineCovariance set(2 * neighbours);
    for (Eigen::Index i = 0; i < x.cols(); ++i) {
        set.add(x.col(i));
    }
    OnlinePca pca(neighbours, false);
    REQUIRE(pca.update(set));
    const auto batch = reference::batch_pca(x);
    for (int k = 0; k < kModes; ++k) {
        CAPTURE(neighbours, k);
        CHECK(pca.modes().variance[static_cast<std::size_t>(k)] ==
              Approx(batch.variance[k]).epsilon(1e-10));
        CHECK(std::abs(pca.modes().loadings.col(k).dot(batch.components.col(k))) ==
              Approx(1).epsilon(1e-10));
        // scores, up to the sign
        const double online = pca.modes().loadings.col(k).dot(x.col(5) - pca.modes().mean);
        const double direct = batch.components.col(k).dot(x.col(5) - x.rowwise().mean());
        CHECK(std::abs(online) == Approx(std::abs(direct)).epsilon(1e-9).margin(1e-10));
    }
}

TEST_CASE("with parity they are those of the covariance averaged over inversion", "[online_pca]") {
    const int neighbours = GENERATE(6, 12, 24);
    const Eigen::Index dim = 2 * neighbours;
    const Eigen::MatrixXd x = reference::random_neighbourhoods(dim, 2000, 8, 0.3);
    Eigen::MatrixXd inversion = Eigen::MatrixXd::Zero(dim, dim);
    const auto antipode = antipodes(neighbours);
    for (Eigen::Index k = 0; k < neighbours; ++k) {
        inversion.block<2, 2>(2 * k, 2 * antipode[static_cast<std::size_t>(k)]) =
            -Eigen::Matrix2d::Identity();
    }
    const Eigen::MatrixXd c = reference::batch_moments(x).scatter / 1999;
    const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> batch(
        0.5 * (c + inversion * c * inversion.transpose()));
    OnlineCovariance set(dim);
    set.add_batch(x);
    OnlinePca pca(neighbours, true);
    REQUIRE(pca.update(set));
    for (int k = 0; k < kModes; ++k) {
        CAPTURE(neighbours, k);
        const Eigen::Index from = dim - 1 - k;
        CHECK(pca.modes().variance[static_cast<std::size_t>(k)] ==
              Approx(batch.eigenvalues()[from]).epsilon(1e-10));
        CHECK(std::abs(pca.modes().loadings.col(k).dot(batch.eigenvectors().col(from))) ==
              Approx(1).epsilon(1e-10));
    }
}

TEST_CASE("the gap tells how far a mode is from mixing with the next", "[online_pca]") {
    const bool parity = GENERATE(false, true);
    Source source(0.01, 0.01, 0.002, 2);  // breathing and zigzag are of unlike parity
    OnlineCovariance set(12);
    for (int k = 0; k < 1000; ++k) {
        set.add(source.next());
    }
    OnlinePca pca(6, parity);
    REQUIRE(pca.update(set));
    CHECK((pca.modes().gap_sigma[0] > 4) == parity);
    CHECK((pca.modes().gap_sigma[1] > 4) == parity);
}

TEST_CASE("modes are named by symmetry, whichever is larger", "[online_pca]") {
    const bool zigzag_first = GENERATE(false, true);
    Source source(zigzag_first ? 0.006 : 0.012, zigzag_first ? 0.012 : 0.006, 0.003, 1);
    OnlineCovariance set(12);
    OnlinePca pca(6, true);
    for (int k = 0; k < 2000; ++k) {
        set.add(source.next());
    }
    REQUIRE(pca.update(set));
    CHECK(pca.modes().name[zigzag_first ? 1 : 0] == ModeName::isotropic);
    CHECK(pca.modes().name[zigzag_first ? 0 : 1] == ModeName::symmetry_breaking);
    CHECK(pca.modes().overlap[0] > 0.99);
    CHECK(pca.modes().overlap[1] > 0.99);
}

TEST_CASE("parity keeps a breathing and a zigzag of equal variance apart", "[online_pca]") {
    Source source(0.01, 0.01, 0.002, 2);
    OnlineCovariance set(12);
    for (int k = 0; k < 1000; ++k) {
        set.add(source.next());
    }
    OnlinePca pca(6, true);
    REQUIRE(pca.update(set));
    CHECK(pca.modes().overlap[0] > 0.99);
    CHECK(pca.modes().overlap[1] > 0.99);
}

TEST_CASE("between updates no mode changes its sign or its place, also where two swap ranks",
          "[online_pca]") {
    Source source(0.0100, 0.0098, 0.0099, 3);
    OnlineCovariance set(12);
    OnlinePca pca(6, true);
    for (int k = 0; k < 200; ++k) {
        set.add(source.next());
    }
    REQUIRE(pca.update(set));
    int flips = 0;
    for (int update = 0; update < 100; ++update) {
        const Eigen::MatrixXd before = pca.modes().loadings;
        for (int k = 0; k < 30; ++k) {
            set.add(source.next());
        }
        pca.update(set);
        for (int k = 0; k < 3; ++k) {
            flips += before.col(k).dot(pca.modes().loadings.col(k)) < 0.7 ? 1 : 0;
        }
        const Eigen::MatrixXd gram = pca.modes().loadings.transpose() * pca.modes().loadings;
        CHECK((gram - Eigen::MatrixXd::Identity(kModes, kModes)).norm() < 1e-10);
    }
    CHECK(flips == 0);
}

TEST_CASE("too few neighbourhoods give no modes, and an update does not allocate", "[online_pca]") {
    const int neighbours = GENERATE(6, 24);
    const Eigen::MatrixXd x = reference::random_neighbourhoods(2 * neighbours, 100, 4, 0);
    OnlineCovariance set(2 * neighbours);
    OnlinePca pca(neighbours, true);
    for (Eigen::Index i = 0; i < OnlinePca::kMinCount - 1; ++i) {
        set.add(x.col(i));
    }
    CHECK_FALSE(pca.update(set));
    CHECK(pca.modes().count == 0);
    for (Eigen::Index i = 0; i < 100; ++i) {
        set.add(x.col(i));
    }
    REQUIRE(pca.update(set));
    CHECK(testing::allocations_in([&] { pca.update(set); }) == 0);
}

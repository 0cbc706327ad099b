// SPDX-License-Identifier: Apache-2.0
#include "atoms/covariance_change.hpp"
#include "atoms/online_covariance.hpp"
#include "reference/batch_pca.hpp"
#include "support/allocations.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <random>
#include <vector>

using namespace dwellmap;

TEST_CASE("the running covariance equals the batch one", "[online_covariance]") {
    const Eigen::Index dim = GENERATE(1, 12, 48);
    const unsigned seed = GENERATE(take(3, random(1U, 1'000'000U)));
    CAPTURE(dim, seed);
    const Eigen::MatrixXd x = reference::random_neighbourhoods(dim, 400, seed);

    OnlineCovariance online(dim);
    const auto allocations = testing::allocations_in([&] {
        for (Eigen::Index i = 0; i < x.cols(); ++i) {
            online.add(x.col(i));
        }
    });

    const auto batch = reference::batch_moments(x);
    CHECK(online.count() == static_cast<double>(x.cols()));
    CHECK(online.mean().isApprox(batch.mean, 1e-13));
    CHECK(online.scatter().isApprox(batch.scatter, 1e-9));
    CHECK(allocations == 0);
}

TEST_CASE("a random history of adding, removing and correcting equals the batch of what is left",
          "[online_covariance]") {
    const unsigned seed = GENERATE(1U, 2U, 3U);
    const Eigen::MatrixXd x = reference::random_neighbourhoods(12, 3000, seed, 0.3);
    std::mt19937 random(seed);
    std::vector<Eigen::Index> inside;
    OnlineCovariance online(12);
    for (Eigen::Index next = 0; next < x.cols(); ++next) {
        online.add(x.col(next));
        inside.push_back(next);
        if (random() % 2 == 0) {
            std::swap(inside[random() % inside.size()], inside.back());
            online.remove(x.col(inside.back()));
            inside.pop_back();
        }
    }
    Eigen::MatrixXd left(12, static_cast<Eigen::Index>(inside.size()));
    for (std::size_t k = 0; k < inside.size(); ++k) {
        left.col(static_cast<Eigen::Index>(k)) = x.col(inside[k]);
    }
    const auto batch = reference::batch_moments(left);
    CHECK(online.count() == static_cast<double>(left.cols()));
    CHECK(online.mean().isApprox(batch.mean, 1e-12));
    CHECK(online.scatter().isApprox(batch.scatter, 1e-11));
}

TEST_CASE("removing the last one leaves nothing, not NaN", "[online_covariance]") {
    OnlineCovariance online(3);
    const Eigen::Vector3d x(1, 2, 3);
    online.add(x);
    online.remove(x);
    CHECK(online.count() == 0);
    CHECK(online.mean().isZero(0));
    CHECK(online.scatter().isZero(0));
}

TEST_CASE("merging two streams equals seeing both, also when one is empty", "[online_covariance]") {
    const Eigen::MatrixXd x = reference::random_neighbourhoods(5, 100, 1);
    const Eigen::Index split = GENERATE(0, 1, 40, 100);
    CAPTURE(split);
    OnlineCovariance a(5), b(5);
    for (Eigen::Index i = 0; i < x.cols(); ++i) {
        (i < split ? a : b).add(x.col(i));
    }
    a.merge(b);
    const auto batch = reference::batch_moments(x);
    CHECK(a.count() == static_cast<double>(x.cols()));
    CHECK(a.mean().isApprox(batch.mean, 1e-13));
    CHECK(a.scatter().isApprox(batch.scatter, 1e-9));
}

TEST_CASE("batches, in and out, equal single vectors and do not allocate", "[online_covariance]") {
    const Eigen::Index dim = GENERATE(1, 12, 48);
    const Eigen::Index size = GENERATE(1, 63, 64, 200);
    CAPTURE(dim, size);
    const Eigen::MatrixXd x = reference::random_neighbourhoods(dim, 400, 8, 0.3);
    OnlineCovariance batches(dim), single(dim);
    const auto allocations = testing::allocations_in([&] {
        for (Eigen::Index first = 0; first < x.cols(); first += size) {
            batches.add_batch(x.middleCols(first, std::min(size, x.cols() - first)));
        }
        batches.remove_batch(x.middleCols(100, size));
        batches.remove_batch(x.leftCols(0));
    });
    for (Eigen::Index k = 0; k < x.cols(); ++k) {
        if (k < 100 || k >= 100 + size) {
            single.add(x.col(k));
        }
    }
    CHECK(batches.count() == single.count());
    CHECK(batches.mean().isApprox(single.mean(), 1e-12));
    CHECK(batches.scatter().isApprox(single.scatter(), 1e-11));
    CHECK(allocations == 0);
}

TEST_CASE("a random history of batches equals the batch of what is left", "[online_covariance]") {
    const unsigned seed = GENERATE(1U, 2U, 3U);
    const Eigen::MatrixXd x = reference::random_neighbourhoods(12, 3000, seed, 0.3);
    std::mt19937 random(seed);
    OnlineCovariance online(12);
    Eigen::Index first = 0, last = 0;  // what is inside
    while (last < x.cols()) {
        const auto more = std::min(static_cast<Eigen::Index>(1 + random() % 100), x.cols() - last);
        online.add_batch(x.middleCols(last, more));
        last += more;
        const auto less = std::min(static_cast<Eigen::Index>(random() % 100), last - first);
        online.remove_batch(x.middleCols(first, less));
        first += less;
    }
    const auto batch = reference::batch_moments(x.middleCols(first, last - first));
    CHECK(online.count() == static_cast<double>(last - first));
    CHECK(online.mean().isApprox(batch.mean, 1e-12));
    CHECK(online.scatter().isApprox(batch.scatter, 1e-10));
    online.remove_batch(x.middleCols(first, last - first));
    CHECK(online.count() == 0);
    CHECK(online.scatter().isZero(0));
}

TEST_CASE("forgetting is the weighted batch", "[online_covariance]") {
    const double factor = GENERATE(0.5, 0.9, 1.0);
    const Eigen::MatrixXd x = reference::random_neighbourhoods(12, 300, 3, 0.3);
    const Eigen::Index block = 30;
    OnlineCovariance online(12);
    Eigen::VectorXd weight(x.cols());
    for (Eigen::Index first = 0; first < x.cols(); first += block) {
        online.forget(factor);
        online.add_batch(x.middleCols(first, block));
        weight.head(first) *= factor;
        weight.segment(first, block).setOnes();
    }
    const Eigen::VectorXd mean = x * weight / weight.sum();
    const Eigen::MatrixXd centred = x.colwise() - mean;
    CHECK(online.count() == Approx(weight.sum()).epsilon(1e-12));
    CHECK(online.mean().isApprox(mean, 1e-12));
    CHECK(online.scatter().isApprox(centred * weight.asDiagonal() * centred.transpose(), 1e-12));
}

TEST_CASE("a million additions, removals and corrections leave what the batch leaves",
          "[online_covariance]") {
    const Eigen::Index atoms = 3000;
    Eigen::MatrixXd x = reference::random_neighbourhoods(12, atoms, 9, 0.3);
    std::mt19937 random(9);
    std::uniform_int_distribution<Eigen::Index> any(0, atoms - 1);
    std::normal_distribution<double> normal(0, 0.01);
    std::vector<bool> in(static_cast<std::size_t>(atoms), false);
    OnlineCovariance online(12);
    for (int step = 0; step < 1'000'000; ++step) {
        const Eigen::Index k = any(random);
        const auto member = static_cast<std::size_t>(k);
        if (in[member]) {
            online.remove(x.col(k));
        }
        x.col(k).array() += normal(random);
        in[member] = random() % 8 != 0;
        if (in[member]) {
            online.add(x.col(k));
        }
    }
    Eigen::MatrixXd left(12, atoms);
    Eigen::Index n = 0;
    for (Eigen::Index k = 0; k < atoms; ++k) {
        if (in[static_cast<std::size_t>(k)]) {
            left.col(n++) = x.col(k);
        }
    }
    const auto batch = reference::batch_moments(left.leftCols(n));
    CHECK(online.count() == static_cast<double>(n));
    CHECK(online.mean().isApprox(batch.mean, 1e-9));
    CHECK(online.scatter().isApprox(batch.scatter, 1e-9));
}

TEST_CASE("vectors changed in two parts at a time leave what the batch of their new values leaves",
          "[online_covariance]") {
    const Eigen::Index dim = GENERATE(5, 12, 48);
    const Eigen::Index atoms = 400;
    Eigen::MatrixXd x = reference::random_neighbourhoods(dim, atoms, 7, 0.3);
    OnlineCovariance online(dim);
    online.add_batch(x);
    CovarianceChange upper(dim), lower(dim);
    std::mt19937 random(7);
    std::normal_distribution<double> normal(0, 0.02);
    const auto any = [&](Eigen::Index n) { return static_cast<Eigen::Index>(random()) % n; };
    const auto allocations = testing::allocations_in([&] {
        Eigen::Matrix<double, Eigen::Dynamic, 1, 0, 48, 1> to;
        for (int frame = 0; frame < 300; ++frame) {
            upper.begin(online);
            lower.begin(online);
            for (Eigen::Index k = any(3); k < atoms; k += 1 + any(3)) {
                to = x.col(k);
                to[any(dim)] += normal(random);
                (k < atoms / 2 ? upper : lower).put(x.col(k).data(), to.data());
                x.col(k) = to;
            }
            upper.merge(lower);
            upper.apply(online);
        }
    });
    const auto batch = reference::batch_moments(x);
    CHECK(online.count() == static_cast<double>(atoms));
    CHECK(online.mean().isApprox(batch.mean, 1e-12));
    CHECK(online.scatter().isApprox(batch.scatter, 1e-12));
    CHECK(allocations == 0);
}

// SPDX-License-Identifier: Apache-2.0
#include "regression/linear_regression.hpp"

#include "regression/magnitude_sums.hpp"
#include "support/regression_series.hpp"

#include <catch2/catch.hpp>

#include <Eigen/LU>
#include <Eigen/QR>

#include <cmath>
#include <vector>

using namespace dwellmap;
using testing::Series;
using testing::simulate_series;

namespace {

/// Least squares on every atom, one row each, by orthogonal factorisation.
struct AtomByAtom {
    Eigen::MatrixX3d inputs;
    Eigen::VectorXd magnitude;

    explicit AtomByAtom(const Series& s) {
        const auto size = static_cast<Eigen::Index>(s.n.size());
        inputs.resize(size, 3);
        magnitude.resize(size);
        for (Eigen::Index i = 0; i < size; ++i) {
            const auto at = static_cast<std::size_t>(i);
            inputs.row(i) << s.n[at], s.x[at], 1;
            magnitude[i] = std::abs(s.score[at]);
        }
    }
    Eigen::Vector3d solve(const Eigen::ArrayXd& weight) const {
        const Eigen::VectorXd root = weight.sqrt();
        const Eigen::MatrixX3d weighted = root.asDiagonal() * inputs;
        return weighted.householderQr().solve(Eigen::VectorXd(root.asDiagonal() * magnitude));
    }
    Eigen::Matrix3d covariance() const {
        const Eigen::VectorXd residual =
            magnitude - inputs * solve(Eigen::ArrayXd::Ones(magnitude.size()));
        return (inputs.transpose() * inputs).inverse() * residual.squaredNorm() /
               static_cast<double>(magnitude.size() - 3);
    }
};

void check_values(const RegressionEstimate& e, const Eigen::Vector3d& expected) {
    CHECK(e.value.a == Approx(expected[0]).epsilon(1e-10));
    CHECK(e.value.b == Approx(expected[1]).epsilon(1e-10));
    CHECK(e.value.d == Approx(expected[2]).epsilon(1e-10));
    CHECK(e.ratio == Approx(expected[1] / (6 * expected[0])).epsilon(1e-10));
    CHECK(std::isnan(e.value.c));
}

}  // namespace

TEST_CASE("least squares on cells equals that on every atom", "[linear_regression]") {
    const Series series = simulate_series({}, 1);
    const AtomByAtom atoms(series);
    const auto e = regress_atoms(MagnitudeSums(series.sample()).cells()).estimate;
    REQUIRE(e.converged);
    check_values(e, atoms.solve(Eigen::ArrayXd::Ones(atoms.magnitude.size())));
    CHECK(e.se_model.a == Approx(std::sqrt(atoms.covariance()(0, 0))).epsilon(1e-10));
    CHECK(e.se_model.b == Approx(std::sqrt(atoms.covariance()(1, 1))).epsilon(1e-10));
    CHECK(e.se_model.d == Approx(std::sqrt(atoms.covariance()(2, 2))).epsilon(1e-10));
    CHECK(e.count == 5952);
    CHECK(std::isnan(e.se.a));
}

TEST_CASE("weighted least squares equals that on every atom with its cell's variance",
          "[linear_regression]") {
    const Series series = simulate_series({}, 2);
    const AtomByAtom atoms(series);
    const auto cells = MagnitudeSums(series.sample()).cells();
    Eigen::ArrayXd weight(atoms.magnitude.size());
    for (Eigen::Index i = 0; i < weight.size(); ++i) {
        for (const auto& c : cells) {
            if (c.n == atoms.inputs(i, 0) && c.x == atoms.inputs(i, 1)) {
                weight[i] = c.count < 10 ? 0 : static_cast<double>(c.count - 1) / c.sum_of_squares;
            }
        }
    }
    check_values(regress_cells(cells).estimate, atoms.solve(weight));
}

TEST_CASE("the regression on a Gaussian process is the one on its matrix of predictions",
          "[linear_regression]") {
    const Series series = simulate_series({}, 3);
    const auto cells = MagnitudeSums(series.sample()).cells();
    GaussianProcess process;
    REQUIRE(process.fit(cells));
    Eigen::MatrixX3d inputs(28, 3);
    Eigen::VectorXd prediction(28);
    for (int row = 0; row < 28; ++row) {
        const double x = testing::SeriesTruth{}.compositions[static_cast<std::size_t>(row / 7)];
        inputs.row(row) << row % 7, x, 1;
        prediction[row] = process.predict(row % 7, x).mean;
    }
    const auto e = regress_predictions(cells, process).estimate;
    REQUIRE(e.converged);
    check_values(e, inputs.householderQr().solve(prediction));
    CHECK(std::isfinite(e.se_ratio_model));
    const auto unknown = regress_predictions(cells, GaussianProcess()).estimate;
    CHECK_FALSE(unknown.converged);
    CHECK(std::isnan(unknown.ratio));
}

TEST_CASE("separations on a plane give it, and those off it wider errors", "[linear_regression]") {
    std::vector<Separation> separations;
    for (const double x : {0.2, 0.5, 0.9}) {
        for (int n = 0; n <= 6; ++n) {
            separations.push_back({static_cast<double>(n), x, 1.5 * n + 6 * x + 1, 0.3});
        }
    }
    separations.push_back({3, 0.5, NAN, 0.3});
    separations.push_back({3, 0.5, 100, NAN});  // not known: not used
    auto e = regress_separations(separations);
    check_values(e, {1.5, 6, 1});
    CHECK(e.count == 21);
    CHECK(e.se.b == Approx(e.se_model.b));
    for (std::size_t k = 0; k < 21; ++k) {
        separations[k].separation += k % 2 == 0 ? 0.9 : -0.9;
    }
    e = regress_separations(separations);
    CHECK(e.se.b == Approx(3 * e.se_model.b).epsilon(0.15));
}

TEST_CASE("errors between blocks are those between series, where atoms are not independent",
          "[linear_regression]") {
    testing::SeriesTruth truth;
    truth.block_factor = 0.5;
    truth.atoms = 400;
    std::vector<double> ratios, quoted, model;
    for (unsigned seed = 0; seed < 150; ++seed) {
        const Series series = simulate_series(truth, 100 + seed);
        const MagnitudeSums sums(series.sample());
        LinearFit fit = regress_atoms(sums.cells());
        sums.set_block_errors(fit);
        ratios.push_back(fit.estimate.ratio);
        quoted.push_back(fit.estimate.se_ratio);
        model.push_back(fit.estimate.se_ratio_model);
    }
    const double sd = testing::spread_of(ratios).sd;
    CHECK(testing::spread_of(quoted).mean == Approx(sd).epsilon(0.2));
    CHECK(testing::spread_of(model).mean < 0.8 * sd);
}

TEST_CASE("the range without one image is that of regressions without it", "[linear_regression]") {
    const Series series = simulate_series({}, 4);
    const Range range = leave_one_image_out(MagnitudeSums(series.sample()), regress_cells);
    Range expected;
    for (int image = 0; image < 4; ++image) {
        const auto rest = MagnitudeSums(series.without(image).sample()).cells();
        expected.add(regress_cells(rest).estimate.ratio);
    }
    CHECK(range.low == Approx(expected.low));
    CHECK(range.high == Approx(expected.high));
    CHECK(range.low < range.high);
}

TEST_CASE("what a sample does not determine is not known", "[linear_regression]") {
    testing::SeriesTruth one_image;
    one_image.compositions = {0.5};
    const auto cells = MagnitudeSums(simulate_series(one_image, 5).sample()).cells();
    const auto e = regress_atoms(cells).estimate;
    CHECK(e.converged);
    CHECK(std::isfinite(e.value.a));
    CHECK(std::isfinite(e.se_model.a));
    CHECK(std::isnan(e.value.b));
    CHECK(std::isnan(e.ratio));
    CHECK(std::isnan(e.se_ratio_model));
    CHECK_FALSE(regress_atoms({}).estimate.converged);
    CHECK_FALSE(regress_cells({}).estimate.converged);
    CHECK_FALSE(regress_separations({}).converged);
    // n and x change together
    const std::vector<ResponseCell> collinear = {
        {1, 0.1, 20, 1, 5}, {2, 0.2, 20, 2, 5}, {3, 0.3, 20, 3, 5}};
    CHECK_FALSE(regress_atoms(collinear).estimate.converged);
    CHECK(std::isnan(regress_cells(collinear).estimate.ratio));
    Series single;
    single.push(1, 0, 0.5, 2.0, 0, 0);
    const MagnitudeSums sums(single.sample());
    LinearFit fit = regress_atoms(sums.cells());
    CHECK(fit.estimate.value.d == 2);
    sums.set_block_errors(fit);
    CHECK(std::isnan(fit.estimate.se.d));
}

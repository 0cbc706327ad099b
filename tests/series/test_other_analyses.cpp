// SPDX-License-Identifier: Apache-2.0
#include "dwellmap/types.hpp"
#include "series/descriptor_pca.hpp"
#include "series/paper_analysis.hpp"
#include "support/synthetic_field.hpp"

#include <Eigen/Dense>

#include <catch2/catch.hpp>

#include <algorithm>
#include <memory>

using namespace dwellmap;
using testing::SyntheticField;

namespace {

Library four_fields() {
    Library library;
    for (const double x : {0.05, 0.55, 0.78, 0.95}) {
        SyntheticField f;
        f.x = x;
        f.seed = static_cast<unsigned>(100 * x);
        library.put(std::make_shared<FieldOfView>(f.make()));
    }
    return library;
}

}  // namespace

TEST_CASE("components of the symmetry-adapted description bear the names of what was put in",
          "[descriptor_pca]") {
    const auto pca = descriptor_pca(four_fields(), species_second, Descriptor::symmetry);
    REQUIRE(pca.count > 1000);
    const auto isotropic = std::find(pca.names.begin(), pca.names.end(), "isotropic");
    REQUIRE(isotropic != pca.names.end());
    CHECK(pca.loadings.row(isotropic - pca.names.begin()).head(2).cwiseAbs().maxCoeff() > 0.98);
    CHECK(pca.explained.sum() <= 1 + 1e-12);
    CHECK((pca.loadings.transpose() * pca.loadings).isIdentity(1e-12));
}

TEST_CASE("distances see the breathing and, in antisymmetric pairs, the zigzag",
          "[descriptor_pca]") {
    const auto pca = descriptor_pca(four_fields(), species_second, Descriptor::distances);
    REQUIRE(pca.loadings.rows() == 6);
    const Eigen::VectorXd even = Eigen::VectorXd::Constant(6, 1 / std::sqrt(6.0));
    Eigen::VectorXd zigzag(6);
    zigzag << 0, 0.5, 0.5, 0, -0.5, -0.5;
    CHECK((even.transpose() * pca.loadings.leftCols(2)).norm() > 0.99);
    CHECK((zigzag.transpose() * pca.loadings.leftCols(2)).norm() > 0.99);
}

TEST_CASE("too few atoms are counted, and no more is said", "[descriptor_pca]") {
    SyntheticField f;
    f.side = 3;
    Library library;
    library.put(std::make_shared<FieldOfView>(f.make()));
    CHECK(descriptor_pca(library, species_second, Descriptor::offsets).loadings.size() == 0);
    CHECK(descriptor_pca(Library{}, species_second, Descriptor::offsets).count == 0);
    CHECK(analyse_as_published(Library{}, species_second).count == 0);
}

TEST_CASE("the published analysis is the uncentred decomposition of the distances",
          "[paper_analysis]") {
    Library library;
    SyntheticField f;
    f.x = 0.78;
    FieldOfView field = f.make();
    field.rotation_rad = 0.2;  // no neighbour near the end of the order, at π
    library.put(std::make_shared<FieldOfView>(field));
    const auto p = analyse_as_published(library, species_second);
    std::vector<Eigen::VectorXd> rows;
    for (std::size_t k = 0; k < field.size(); ++k) {
        const bool inside = field.x[k] > 0.03 * field.width && field.x[k] < 0.97 * field.width &&
                            field.y[k] > 0.03 * field.height && field.y[k] < 0.97 * field.height;
        if (field.species[k] == 1 && inside) {
            Eigen::VectorXd d(6);
            for (Eigen::Index n = 0; n < 6; ++n) {
                d[n] = field.offsets.col(static_cast<Eigen::Index>(k)).segment<2>(2 * n).norm();
            }
            rows.push_back(d);
        }
    }
    REQUIRE(p.count == static_cast<std::int64_t>(rows.size()));
    REQUIRE(p.count > 100);
    Eigen::MatrixXd x(p.count, 6);
    for (std::size_t k = 0; k < rows.size(); ++k) {
        x.row(static_cast<Eigen::Index>(k)) = rows[k];
    }
    const Eigen::BDCSVD<Eigen::MatrixXd> batch(x, Eigen::ComputeThinU | Eigen::ComputeThinV);
    CHECK(p.singular_values.isApprox(batch.singularValues(), 1e-8));
    // scores are columns of U: the largest component's are all of one size
    std::int64_t scores = 0;
    for (const ScoreCell& cell : p.cells) {
        scores += cell.mixture.count;
        CHECK((cell.mixture.best == 0 || cell.mixture.best == 2));
    }
    CHECK(scores == p.count);
}

TEST_CASE("published: neighbours are counted if they are of the other species",
          "[paper_analysis]") {
    Library library;
    SyntheticField f;
    f.x = 0.95;  // nearly all are second-species: few unlike ones around those
    library.put(std::make_shared<FieldOfView>(f.make()));
    const auto p = analyse_as_published(library, species_second);
    REQUIRE(p.cells.size() == 7);
    CHECK(p.cells[0].mixture.count > p.cells[1].mixture.count);
    CHECK(p.cells[1].mixture.count > p.cells[3].mixture.count);
}

TEST_CASE("published: what the images are made of alone adds up to what they are together",
          "[paper_analysis]") {
    const Library library = four_fields();
    const auto squares = [](const PaperComponents& p) -> Eigen::MatrixXd {
        return p.components * p.singular_values.cwiseAbs2().asDiagonal() * p.components.transpose();
    };
    Eigen::MatrixXd sum = Eigen::MatrixXd::Zero(6, 6);
    std::int64_t count = 0;
    for (const auto& field : library.fields()) {
        const auto alone = decompose_as_published(*field, species_second);
        REQUIRE(alone.count > 30);
        CHECK(alone.response > 0);
        sum += squares(alone);
        count += alone.count;
    }
    const auto all = analyse_as_published(library, species_second);
    CHECK(all.count == count);
    CHECK(sum.isApprox(squares(all), 1e-10));
}

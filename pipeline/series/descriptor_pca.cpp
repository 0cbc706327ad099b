// SPDX-License-Identifier: Apache-2.0
#include "series/descriptor_pca.hpp"

#include "atoms/online_covariance.hpp"
#include "dwellmap/types.hpp"

#include <Eigen/Eigenvalues>

#include <algorithm>

namespace dwellmap {
namespace {

constexpr double kFewest = 30;

}  // namespace

DescriptorPca descriptor_pca(const Library& library, std::int8_t species, Descriptor descriptor) {
    DescriptorPca out;
    out.descriptor = descriptor;
    if (library.fields().empty()) {
        return out;
    }
    const int neighbours = library.fields().front()->neighbours;
    const Eigen::Index dim = dimension(descriptor, neighbours);
    out.names = component_names(descriptor, neighbours);
    OnlineCovariance set(dim);
    Eigen::VectorXd values(dim);
    for (const auto& field : library.fields()) {
        for (std::size_t k = 0; k < field->size(); ++k) {
            if (field->species[k] == species) {
                describe(descriptor, field->offsets.col(static_cast<Eigen::Index>(k)), field->a,
                         values);
                set.add(values);
            }
        }
    }
    out.count = static_cast<std::int64_t>(set.count());
    if (set.count() < kFewest) {
        return out;
    }
    const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(set.scatter() / (set.count() - 1));
    const Eigen::Index modes = std::min<Eigen::Index>(dim, kModes);
    out.mean = set.mean();
    out.variance = solver.eigenvalues().tail(modes).reverse();
    out.explained = out.variance / std::max(solver.eigenvalues().sum(), 1e-300);
    out.loadings = solver.eigenvectors().rightCols(modes).rowwise().reverse();
    for (auto loading : out.loadings.colwise()) {
        Eigen::Index largest = 0;
        loading.cwiseAbs().maxCoeff(&largest);
        loading *= loading[largest] < 0 ? -1 : 1;
    }
    return out;
}

const char* to_string(Descriptor descriptor) noexcept {
    switch (descriptor) {
        case Descriptor::offsets: return "offsets";
        case Descriptor::distances: return "distances";
        case Descriptor::angles: return "angles";
        case Descriptor::rotation_invariant: return "rotation_invariant";
        case Descriptor::symmetry: return "symmetry";
    }
    return "unknown";
}

}  // namespace dwellmap

// SPDX-License-Identifier: Apache-2.0
#include "classes/silhouette.hpp"

#include "classes/kmeans.hpp"

#include "base/vectorise.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace dwellmap {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// out[j] = |x_j − x_i|²
/// @param x [n × dim] the first components of all vectors, then the second ones, …
DWELLMAP_VECTORISE void square_distances(const double* x, Eigen::Index n, Eigen::Index dim,
                                         Eigen::Index i, double* __restrict out) noexcept {
    std::fill_n(out, n, 0.0);
    for (Eigen::Index d = 0; d < dim; ++d, x += n) {
        for (Eigen::Index j = 0; j < n; ++j) {
            out[j] += (x[j] - x[i]) * (x[j] - x[i]);
        }
    }
}

}  // namespace

double mean_silhouette(const Eigen::MatrixXd& x, const std::vector<std::int8_t>& labels) {
    const Eigen::MatrixXd by_component = x.transpose();
    std::array<double, KMeans::kMaxClasses> counts{};
    for (const auto label : labels) {
        ++counts[static_cast<std::size_t>(label)];
    }
    std::vector<double> distance2(labels.size());
    double sum = 0;
    for (std::size_t i = 0; i < labels.size(); ++i) {
        square_distances(by_component.data(), x.cols(), x.rows(), static_cast<Eigen::Index>(i),
                         distance2.data());
        std::array<double, KMeans::kMaxClasses> to_class{};
        for (std::size_t j = 0; j < labels.size(); ++j) {
            to_class[static_cast<std::size_t>(labels[j])] += std::sqrt(distance2[j]);
        }
        const auto own = static_cast<std::size_t>(labels[i]);
        const double a = to_class[own] / std::max(1.0, counts[own] - 1);
        double b = kInfinity;
        for (std::size_t c = 0; c < counts.size(); ++c) {
            b = c == own || counts[c] == 0 ? b : std::min(b, to_class[c] / counts[c]);
        }
        const bool counts_for_something = counts[own] > 1 && b < kInfinity && std::max(a, b) > 0;
        sum += counts_for_something ? (b - a) / std::max(a, b) : 0;
    }
    return sum / std::max(1.0, static_cast<double>(labels.size()));
}

}  // namespace dwellmap

// SPDX-License-Identifier: Apache-2.0
#include "classes/nearest_centre.hpp"

#include "base/vectorise.hpp"

#include <cstring>
#include <limits>

namespace dwellmap {

DWELLMAP_VECTORISE void find_nearest_centres(const double* x, const double* centres,
                                             Eigen::Index dim, Eigen::Index k,
                                             NearestCentres& out) noexcept {
    using Lanes = double __attribute__((vector_size(64)));
    using Labels = std::int64_t __attribute__((vector_size(64)));
    Lanes first = Lanes{} + std::numeric_limits<double>::max(), second = first;
    Labels label{};
    for (Eigen::Index c = 0; c < k; ++c) {
        Lanes sum{};
        for (Eigen::Index d = 0; d < dim; ++d) {
            Lanes value;
            std::memcpy(&value, x + 8 * d, sizeof value);
            value -= centres[c * dim + d];
            sum += value * value;
        }
        const auto nearer = sum < first;
        const Lanes other = nearer ? first : sum;
        second = other < second ? other : second;
        first = nearer ? sum : first;
        label = nearer ? Labels{} + c : label;
    }
    std::memcpy(out.first2, &first, sizeof first);
    std::memcpy(out.second2, &second, sizeof second);
    std::memcpy(out.label, &label, sizeof label);
}

DWELLMAP_VECTORISE void come_nearer(const double* x, std::size_t blocks, Eigen::Index dim,
                                    const double* centre, double* distance2) noexcept {
    for (std::size_t b = 0; b < blocks; ++b, x += 8 * dim, distance2 += 8) {
        double sum[8] = {};
        for (Eigen::Index d = 0; d < dim; ++d) {
            for (int lane = 0; lane < 8; ++lane) {
                const double difference = x[8 * d + lane] - centre[d];
                sum[lane] += difference * difference;
            }
        }
        for (int lane = 0; lane < 8; ++lane) {
            distance2[lane] = sum[lane] < distance2[lane] ? sum[lane] : distance2[lane];
        }
    }
}

}  // namespace dwellmap

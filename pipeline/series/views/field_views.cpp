// SPDX-License-Identifier: Apache-2.0
#include "views/field_views.hpp"

#include "atoms/patterns.hpp"
#include "views/descriptors.hpp"

#include <cmath>
#include <vector>

namespace dwellmap {
namespace {

constexpr int kBins = 241;
constexpr double kReach_a[] = {1.5, 2.5, 3.0};  // holds 6, 12 to 18, 24 neighbours

double reach_a(int neighbours) {
    return neighbours == 6 ? kReach_a[0] : neighbours == 24 ? kReach_a[2] : kReach_a[1];
}

class Mean {
public:
    void add(double v) noexcept {
        ++n_;
        const double d = v - mean_;
        mean_ += d / n_;
        squares_ += d * (v - mean_);
    }
    MeanValue value() const noexcept {
        return n_ < 2 ? MeanValue{} : MeanValue{mean_, std::sqrt(squares_ / (n_ * (n_ - 1)))};
    }

private:
    double n_ = 0, mean_ = 0, squares_ = 0;
};

}  // namespace

FieldViews::FieldViews(int neighbours) : histogram_(neighbours, kBins, reach_a(neighbours)) {}

void FieldViews::measure_order(const FieldOfView& field) {
    Mean hexatic, tetratic;
    std::array<std::vector<double>, 3> zigzag;
    std::vector<std::int16_t> i, j;
    for (std::int8_t s = 0; s < 2; ++s) {
        i.clear();
        j.clear();
        zigzag = {};
        for (std::size_t k = 0; k < field.size(); ++k) {
            if (field.species[k] != s) {
                continue;
            }
            const auto offsets = field.offsets.col(static_cast<Eigen::Index>(k));
            hexatic.add(std::abs(bond_order(6, offsets)));
            tetratic.add(std::abs(bond_order(4, offsets)));
            i.push_back(field.i[k]);
            j.push_back(field.j[k]);
            for (std::size_t r = 0; r < 3; ++r) {
                zigzag[r].push_back(ideal_patterns().zigzag[r].dot(offsets.head<12>()));
            }
        }
        for (std::size_t r = 0; r < 3; ++r) {
            long_range_[static_cast<std::size_t>(s)][r] =
                long_range_order(i, j, zigzag[r], static_cast<int>(r));
        }
    }
    hexatic_ = hexatic.value();
    tetratic_ = tetratic.value();
}

void FieldViews::run(const FieldOfView& field) {
    histogram_.clear();
    ClusterCounts clusters{};
    for (std::size_t k = 0; k < field.size(); ++k) {
        histogram_.add(field.offsets.col(static_cast<Eigen::Index>(k)), field.a);
        ++clusters[static_cast<std::size_t>(field.species[k])]
                  [static_cast<std::size_t>(field.n[k])];
    }
    clusters_ = cluster_statistics(clusters, field.composition);
    half_order_ = half_order_peaks(field.x, field.y, field.i, field.j);
    measure_order(field);
}

}  // namespace dwellmap

// SPDX-License-Identifier: Apache-2.0
#include "classes/kmeans.hpp"

#include "classes/silhouette.hpp"

#include "classes/nearest_centre.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <limits>
#include <numeric>
#include <utility>

namespace dwellmap {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kRounding = 1e-12;  // of a distance: far above what the bounds can be wrong by

using Order = std::vector<int>;  // [k] which old class a new one is

/// @return the two largest moves, summed
double move_to_means(const Eigen::MatrixXd& sums, const std::vector<std::int64_t>& counts,
                     Eigen::MatrixXd& centres) noexcept {
    double largest = 0, second = 0;
    for (Eigen::Index c = 0; c < centres.cols(); ++c) {
        const auto count = static_cast<double>(counts[static_cast<std::size_t>(c)]);
        if (count > 0) {
            const double move = (sums.col(c) / count - centres.col(c)).norm();
            second = std::max(second, std::min(largest, move));
            largest = std::max(largest, move);
            centres.col(c) = sums.col(c) / count;
        }
    }
    return largest + second;
}

Order by_population(const std::vector<std::int64_t>& counts) {
    Order order(counts.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](int a, int b) {
        return counts[static_cast<std::size_t>(a)] > counts[static_cast<std::size_t>(b)];
    });
    return order;
}

/// The order of the fresh centres in which they are nearest to the old ones, in the sum of squares.
Order by_resemblance(const Eigen::MatrixXd& fresh, const Eigen::MatrixXd& old) {
    Order order(static_cast<std::size_t>(old.cols()));
    std::iota(order.begin(), order.end(), 0);
    Eigen::MatrixXd distance2(old.cols(), old.cols());
    for (Eigen::Index c = 0; c < old.cols(); ++c) {
        distance2.col(c) = (fresh.colwise() - old.col(c)).colwise().squaredNorm();
    }
    Order best = order;
    double least = kInfinity;
    do {
        double sum = 0;
        for (std::size_t c = 0; c < order.size(); ++c) {
            sum += distance2(order[c], static_cast<Eigen::Index>(c));
        }
        if (sum < least) {
            least = sum;
            best = order;
        }
    } while (std::next_permutation(order.begin(), order.end()));
    return best;
}

}  // namespace

KMeans::KMeans(int k, Eigen::Index dim, unsigned seed) : dim_(dim), seed_(seed), random_(seed) {
    now_.centres = now_.sums = Eigen::MatrixXd::Zero(dim, k);
    now_.counts.assign(static_cast<std::size_t>(k), 0);
}

void KMeans::put(std::size_t index, const Eigen::Ref<const Eigen::VectorXd>& x) {
    const std::size_t b = index / kLanes;
    if (index >= now_.labels.size()) {
        now_.labels.resize(index + 1, -1);
        now_.reach.resize(b + 1, kInfinity);
        values_.resize((b + 1) * static_cast<std::size_t>(dim_));
    }
    auto& label = now_.labels[index];
    if (label < 0) {
        label = 0;
        ++now_.counts[0];
        ++size_;
    } else {
        now_.sums.col(label) -= vector(index);
    }
    Column(values_[b * static_cast<std::size_t>(dim_)].lane + index % kLanes, dim_) = x;
    now_.sums.col(label) += x;
    now_.reach[b] = -kInfinity;
}

void KMeans::remove(std::size_t index) noexcept {
    if (index >= now_.labels.size() || now_.labels[index] < 0) {
        return;
    }
    const auto label = now_.labels[index];
    now_.sums.col(label) -= vector(index);
    --now_.counts[static_cast<std::size_t>(label)];
    --size_;
    now_.labels[index] = -1;
}

void KMeans::add_up(Partition& p) const noexcept {
    p.sums.setZero();
    std::fill(p.counts.begin(), p.counts.end(), 0);
    for (std::size_t i = 0; i < p.labels.size(); ++i) {
        if (p.labels[i] >= 0) {
            p.sums.col(p.labels[i]) += vector(i);
            ++p.counts[static_cast<std::size_t>(p.labels[i])];
        }
    }
}

/// @return whether any vector has changed class
bool KMeans::assign(Partition& p) const noexcept {
    bool changed = false;
    NearestCentres nearest;
    for (std::size_t b = 0; b < p.reach.size(); ++b) {
        if (p.drift < p.reach[b]) {
            continue;
        }
        find_nearest_centres(block(b), p.centres.data(), dim_, p.centres.cols(), nearest);
        double gap = kInfinity;
        const std::size_t here = std::min(kLanes, p.labels.size() - b * kLanes);
        for (std::size_t lane = 0; lane < here; ++lane) {
            const std::size_t i = b * kLanes + lane;
            const auto from = p.labels[i], to = static_cast<std::int8_t>(nearest.label[lane]);
            if (from < 0) {
                continue;
            }
            const double second = std::sqrt(nearest.second2[lane]);
            gap = std::min(gap, second * (1 - kRounding) - std::sqrt(nearest.first2[lane]));
            if (from != to) {
                p.sums.col(from) -= vector(i);
                p.sums.col(to) += vector(i);
                --p.counts[static_cast<std::size_t>(from)];
                ++p.counts[static_cast<std::size_t>(to)];
                p.labels[i] = to;
                changed = true;
            }
        }
        p.reach[b] = p.drift + gap;
    }
    return changed;
}

void KMeans::run(Partition& p, int most_steps) const noexcept {
    for (int step = 0; step < most_steps; ++step) {
        if (!assign(p) && step > 0) {
            return;
        }
        p.drift += move_to_means(p.sums, p.counts, p.centres);
    }
}

void KMeans::update() {
    run(now_, kWarmSteps);
    if (size_ <= 2 * size_at_start_) {
        return;
    }
    Partition best = start();
    for (int s = 1; s < kStarts; ++s) {
        Partition other = start();
        if (inertia(other) < inertia(best)) {
            std::swap(best, other);
        }
    }
    take(std::move(best));
    if (size_at_start_ < kProvisional * now_.centres.cols()) {
        renumber(by_population(now_.counts));
    }
    size_at_start_ = size_;
}

bool KMeans::restart() {
    add_up(now_);
    return size_ > 0 && take(start());
}

/// An index at random, by weight; of those that are there.
std::size_t KMeans::draw(const std::vector<double>& weights) noexcept {
    const double total = std::accumulate(weights.begin(), weights.end(), 0.0);
    double left = static_cast<double>(random_()) * 0x1p-32 * total;
    std::size_t chosen = 0;
    for (std::size_t i = 0; i < now_.labels.size(); ++i) {
        if (now_.labels[i] >= 0) {
            chosen = i;
            left -= weights[i];
            if (left < 0) {
                break;
            }
        }
    }
    return chosen;
}

/// k-means++: each centre is a vector, drawn with a probability ∝ the squared distance to the nearest centre so far.
Eigen::MatrixXd KMeans::spread_centres() {
    std::vector<double> distance2(now_.reach.size() * kLanes, 0.0);
    const auto set_all = [&](double value) {
        std::transform(now_.labels.begin(), now_.labels.end(), distance2.begin(),
                       [value](std::int8_t label) { return label < 0 ? 0 : value; });
    };
    Eigen::MatrixXd centres(dim_, now_.centres.cols());
    set_all(1);
    centres.col(0) = vector(draw(distance2));
    set_all(kInfinity);
    for (Eigen::Index c = 1; c < centres.cols(); ++c) {
        come_nearer(block(0), now_.reach.size(), dim_, centres.col(c - 1).data(), distance2.data());
        centres.col(c) = vector(draw(distance2));
    }
    return centres;
}

KMeans::Partition KMeans::start() {
    Partition p = now_;
    std::for_each(p.labels.begin(), p.labels.end(),
                  [](auto& label) { label = std::min<std::int8_t>(label, 0); });
    std::fill(p.reach.begin(), p.reach.end(), -kInfinity);
    p.drift = 0;
    p.centres = spread_centres();
    add_up(p);
    run(p, kColdSteps);
    return p;
}

bool KMeans::take(Partition fresh) {
    if (size_at_start_ > 0 && !(inertia(fresh) < 0.999 * inertia(now_))) {
        return false;
    }
    std::swap(now_, fresh);
    renumber(by_resemblance(now_.centres, fresh.centres));
    return true;
}

void KMeans::renumber(const Order& order) {
    const Partition old = now_;
    std::array<std::int8_t, kMaxClasses> renamed{};
    for (std::size_t c = 0; c < order.size(); ++c) {
        const auto to = static_cast<Eigen::Index>(c);
        now_.centres.col(to) = old.centres.col(order[c]);
        now_.sums.col(to) = old.sums.col(order[c]);
        now_.counts[c] = old.counts[static_cast<std::size_t>(order[c])];
        renamed[static_cast<std::size_t>(order[c])] = static_cast<std::int8_t>(c);
    }
    for (auto& label : now_.labels) {
        label = label < 0 ? label : renamed[static_cast<std::size_t>(label)];
    }
}

double KMeans::inertia(const Partition& p) const noexcept {
    double sum = 0;
    for (std::size_t i = 0; i < p.labels.size(); ++i) {
        sum += p.labels[i] < 0 ? 0 : (vector(i) - p.centres.col(p.labels[i])).squaredNorm();
    }
    return sum;
}

double KMeans::silhouette() const {
    std::vector<std::size_t> there, sample;
    for (std::size_t i = 0; i < now_.labels.size(); ++i) {
        if (now_.labels[i] >= 0) {
            there.push_back(i);
        }
    }
    std::sample(there.begin(), there.end(), std::back_inserter(sample), kSample,
                std::mt19937(seed_));
    Eigen::MatrixXd x(dim_, static_cast<Eigen::Index>(sample.size()));
    std::vector<std::int8_t> labels;
    for (std::size_t s = 0; s < sample.size(); ++s) {
        x.col(static_cast<Eigen::Index>(s)) = vector(sample[s]);
        labels.push_back(now_.labels[sample[s]]);
    }
    return mean_silhouette(x, labels);
}

}  // namespace dwellmap

// SPDX-License-Identifier: Apache-2.0
#include "series/paper_analysis.hpp"

#include "dwellmap/types.hpp"
#include "regression/gaussian_process.hpp"

#include <Eigen/Eigenvalues>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace dwellmap {
namespace {

constexpr int kNeighbours = 6, kAlwaysTwo = 2;
constexpr std::int64_t kFewest = 30;
constexpr double kEdge = 0.03;  // of the side

using Six = Eigen::Matrix<double, kNeighbours, 1>;

/// Distances by the neighbours' angle on the image, −π to π.
Six distances_by_angle(const Eigen::Ref<const Eigen::VectorXd>& offsets, double rotation_rad) {
    std::array<std::pair<double, double>, kNeighbours> found;
    for (int k = 0; k < kNeighbours; ++k) {
        const Eigen::Vector2d r = offsets.segment<2>(2 * k);
        const double angle = std::atan2(r.y(), r.x()) + rotation_rad;
        found[static_cast<std::size_t>(k)] = {std::remainder(angle, 2 * std::numbers::pi),
                                              r.norm()};
    }
    std::sort(found.begin(), found.end());
    Six out;
    for (int k = 0; k < kNeighbours; ++k) {
        out[k] = found[static_cast<std::size_t>(k)].second;
    }
    return out;
}

bool is_inside(const FieldOfView& f, std::size_t k) noexcept {
    const auto off_edge = [](double v, double side) {
        return v > kEdge * side && v < (1 - kEdge) * side;
    };
    return off_edge(f.x[k], f.width) && off_edge(f.y[k], f.height);
}

/// The atoms of the species, numbers into the field.
std::vector<std::size_t> atoms_of(const FieldOfView& f, std::int8_t species) {
    std::vector<std::size_t> atoms;
    for (std::size_t k = 0; k < f.size(); ++k) {
        if (f.species[k] == species && is_inside(f, k)) {
            atoms.push_back(k);
        }
    }
    return atoms;
}

void append_distances(const FieldOfView& f, const std::vector<std::size_t>& atoms,
                      std::vector<Six>& rows) {
    for (const auto k : atoms) {
        rows.push_back(
            distances_by_angle(f.offsets.col(static_cast<Eigen::Index>(k)), f.rotation_rad));
    }
}

/// All atoms of the species: their distances, and a sample that lacks the scores only.
std::vector<Six> stack(const Library& library, std::int8_t species, ScoreSample& sample) {
    std::vector<Six> rows;
    int image = 0;
    for (const auto& field : library.fields()) {
        const FieldOfView& f = *field;
        const auto atoms = atoms_of(f, species);
        append_distances(f, atoms, rows);
        for (const auto k : atoms) {
            const int unlike = species == species_first ? f.n[k] : kNeighbours - f.n[k];
            sample.n.push_back(unlike);
            sample.x.push_back(std::isfinite(f.x_of_series()) ? f.x_of_series() : 0);
            sample.image.push_back(image);
            sample.error.push_back(0);
        }
        ++image;
    }
    return rows;
}

/// Of the components after the first, the mean distance, the one most like two neighbours nearer and two farther, opposite each other.
int find_response(const Eigen::MatrixXd& components) {
    int best = 1;
    double most = 0;
    for (int c = 1; c < kNeighbours; ++c) {
        for (int row = 0; row < 3; ++row) {
            double overlap = 0;
            for (int k = 0; k < kNeighbours; ++k) {
                const int from_row = (k - row + kNeighbours) % kNeighbours;
                const double sign = from_row % 3 == 0 ? 0 : from_row < 3 ? 0.5 : -0.5;
                overlap += sign * components(k, c);
            }
            if (std::abs(overlap) > most) {
                most = std::abs(overlap);
                best = c;
            }
        }
    }
    return best;
}

PaperComponents decompose(const std::vector<Six>& rows) {
    PaperComponents p;
    if (static_cast<std::int64_t>(rows.size()) < kFewest) {
        return p;
    }
    p.count = static_cast<std::int64_t>(rows.size());
    Eigen::Matrix<double, kNeighbours, kNeighbours> squares;
    squares.setZero();
    for (const Six& x : rows) {
        squares += x * x.transpose();
    }
    const Eigen::SelfAdjointEigenSolver<decltype(squares)> solver(squares);
    p.singular_values = solver.eigenvalues().cwiseMax(0).cwiseSqrt().reverse();
    p.components = solver.eigenvectors().rowwise().reverse();
    p.response = find_response(p.components);
    return p;
}

void fit_response(PaperAnalysis& p) {
    std::vector<ResponseCell> responses;
    for (const ScoreCell& cell : p.cells) {
        responses.push_back(cell.response);
    }
    GaussianProcess process;
    if (!process.fit(responses)) {
        return;
    }
    for (const ScoreCell& cell : p.cells) {
        p.predictions.push_back(cell.response.count > 0 ? process.predict(cell.n, cell.x).mean
                                                        : kNaN);
    }
    p.estimate = regress_predictions(responses, process).estimate;
}

}  // namespace

PaperAnalysis analyse_as_published(const Library& library, std::int8_t species) {
    ScoreSample sample;
    const std::vector<Six> rows = stack(library, species, sample);
    PaperAnalysis p{decompose(rows), {}, {}, {}};
    if (p.count == 0) {
        return p;
    }
    for (const Six& x : rows) {
        sample.score.push_back(x.dot(p.components.col(p.response)) / p.singular_values[p.response]);
    }
    ScoreCells cells(kAlwaysTwo);
    cells.fit(sample);
    p.cells = cells.cells();
    fit_response(p);
    return p;
}

PaperComponents decompose_as_published(const FieldOfView& field, std::int8_t species) {
    std::vector<Six> rows;
    append_distances(field, atoms_of(field, species), rows);
    return decompose(rows);
}

}  // namespace dwellmap

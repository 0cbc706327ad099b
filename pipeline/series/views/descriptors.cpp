// SPDX-License-Identifier: Apache-2.0
#include "views/descriptors.hpp"

#include "atoms/patterns.hpp"

#include <Eigen/Eigenvalues>
#include <Eigen/LU>

#include <array>
#include <cmath>

namespace dwellmap {
namespace {

using Neighbourhood = Eigen::Ref<const Eigen::VectorXd>;
using FirstShell = Eigen::Matrix<double, 12, 1>;

constexpr Eigen::Index kZigzag = 5;  // the first row of three
constexpr std::array<const char*, 12> kSymmetryNames{
    "isotropic", "rotation", "trigonal", "translation_u", "translation_v", "zigzag0",
    "zigzag1",   "zigzag2",  "shear0",   "shear1",        "sliding_u",     "sliding_v"};

using Sites = Eigen::Matrix<double, 2, 24>;

/// [2 × 24] of the ideal lattice, in units of a; the first N of them are the smaller templates.
const Sites& ideal_sites() {
    static const Sites sites = [] {
        Sites s;
        Eigen::Index k = 0;
        for (const auto& [i, j] : neighbour_sites(24)) {
            s.col(k++) = Eigen::Vector2d(i + 0.5 * j, std::sqrt(0.75) * j);
        }
        return s;
    }();
    return sites;
}

double cross(const Eigen::Vector2d& a, const Eigen::Vector2d& b) noexcept {
    return a.x() * b.y() - a.y() * b.x();
}

/// The columns nearest to the given ones that are orthonormal: P (PᵀP)^(−1/2).
Eigen::Matrix<double, 12, 3> orthonormalise(const Eigen::Matrix<double, 12, 3>& patterns) {
    const Eigen::Matrix3d gram = patterns.transpose() * patterns;
    return patterns * Eigen::SelfAdjointEigenSolver<Eigen::Matrix3d>(gram).operatorInverseSqrt();
}

FirstShellMatrix make_symmetry_basis() {
    const Patterns& ideal = ideal_patterns();
    FirstShellMatrix b;
    b.row(0) = ideal.isotropic;
    b.row(1) = ideal.rotation;
    for (Eigen::Index k = 0; k < 6; ++k) {
        const double sign = (k % 2 == 0 ? 1 : -1) / std::sqrt(6);
        b.block<1, 2>(2, 2 * k) = sign * ideal_sites().col(k).transpose();
        b.block<2, 2>(10, 2 * k) = sign * Eigen::Matrix2d::Identity();
    }
    b.row(3) = ideal.translation[0];
    b.row(4) = ideal.translation[1];
    b.row(8) = ideal.shear[0];
    b.row(9) = ideal.shear[1];
    const auto translation = b.middleRows<2>(3);
    Eigen::Matrix<double, 12, 3> zigzag;
    for (std::size_t r = 0; r < 3; ++r) {
        const FirstShell& z = ideal.zigzag[r];
        zigzag.col(static_cast<Eigen::Index>(r)) = z - translation.transpose() * (translation * z);
    }
    b.middleRows<3>(kZigzag) = orthonormalise(zigzag).transpose();
    return b;
}

void describe_angles(const Neighbourhood& offsets, Eigen::Ref<Eigen::VectorXd> out) noexcept {
    for (Eigen::Index k = 0; k < out.size(); ++k) {
        const Eigen::Vector2d site = ideal_sites().col(k), r = offsets.segment<2>(2 * k);
        out[k] = std::atan2(cross(site, r), site.dot(r));
    }
}

/// Every offset turned by an angle, counter-clockwise.
void turn(const Neighbourhood& offsets, double cosine, double sine,
          Eigen::Ref<Eigen::VectorXd> out) noexcept {
    for (Eigen::Index d = 0; d < offsets.size(); d += 2) {
        const double u = offsets[d], v = offsets[d + 1];
        out[d] = cosine * u - sine * v;
        out[d + 1] = sine * u + cosine * v;
    }
}

void describe_symmetry(const Neighbourhood& offsets, double a,
                       Eigen::Ref<Eigen::VectorXd> out) noexcept {
    FirstShell displacements;
    for (Eigen::Index k = 0; k < 6; ++k) {
        displacements.segment<2>(2 * k) = offsets.segment<2>(2 * k) - a * ideal_sites().col(k);
    }
    out.noalias() = symmetry_basis() * displacements;
}

}  // namespace

Eigen::Index dimension(Descriptor descriptor, int neighbours) noexcept {
    switch (descriptor) {
        case Descriptor::distances:
        case Descriptor::angles: return neighbours;
        case Descriptor::symmetry: return 12;
        case Descriptor::offsets:
        case Descriptor::rotation_invariant: break;
    }
    return 2 * Eigen::Index{neighbours};
}

std::vector<std::string> component_names(Descriptor descriptor, int neighbours) {
    if (descriptor == Descriptor::symmetry) {
        return {kSymmetryNames.begin(), kSymmetryNames.end()};
    }
    std::vector<std::string> names;
    for (int k = 0; k < neighbours; ++k) {
        const std::string number = std::to_string(k);
        if (descriptor == Descriptor::distances) {
            names.push_back("distance" + number);
        } else if (descriptor == Descriptor::angles) {
            names.push_back("angle" + number);
        } else {
            names.push_back("u" + number);
            names.push_back("v" + number);
        }
    }
    return names;
}

void describe(Descriptor descriptor, const Neighbourhood& offsets, double a,
              Eigen::Ref<Eigen::VectorXd> out) noexcept {
    switch (descriptor) {
        case Descriptor::offsets: out = offsets; break;
        case Descriptor::distances:
            for (Eigen::Index k = 0; k < out.size(); ++k) {
                out[k] = offsets.segment<2>(2 * k).norm();
            }
            break;
        case Descriptor::angles: describe_angles(offsets, out); break;
        case Descriptor::rotation_invariant: {
            const double angle = local_rotation(offsets);
            turn(offsets, std::cos(angle), -std::sin(angle), out);
            break;
        }
        case Descriptor::symmetry: describe_symmetry(offsets, a, out); break;
    }
}

double local_rotation(const Neighbourhood& offsets) noexcept {
    double sine = 0, cosine = 0;
    for (Eigen::Index k = 0; k < offsets.size() / 2; ++k) {
        const Eigen::Vector2d site = ideal_sites().col(k), r = offsets.segment<2>(2 * k);
        sine += cross(site, r);
        cosine += site.dot(r);
    }
    return std::atan2(sine, cosine);
}

const FirstShellMatrix& symmetry_basis() {
    static const FirstShellMatrix basis = make_symmetry_basis();
    return basis;
}

std::complex<double> bond_order(int fold, const Neighbourhood& offsets) noexcept {
    std::complex<double> sum = 0;
    for (Eigen::Index d = 0; d < 12; d += 2) {
        sum += std::polar(1.0, fold * std::atan2(offsets[d + 1], offsets[d]));
    }
    return sum / 6.0;
}

void turn_60(int steps, const Neighbourhood& offsets, Eigen::Ref<Eigen::VectorXd> out) noexcept {
    const Eigen::Index turns = (steps % 6 + 6) % 6;
    const auto first = ideal_sites().col(turns);  // of the first shell: cos, sin of the angle
    for (Eigen::Index shell = 0; shell < offsets.size(); shell += 12) {
        const Eigen::Index before = 2 * turns, after = 12 - before;
        turn(offsets.segment(shell, after), first.x(), first.y(),
             out.segment(shell + before, after));
        turn(offsets.segment(shell + after, before), first.x(), first.y(),
             out.segment(shell, before));
    }
}

}  // namespace dwellmap

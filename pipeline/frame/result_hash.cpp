// SPDX-License-Identifier: Apache-2.0
#include "dwellmap/result_hash.hpp"

#include <bit>
#include <concepts>
#include <string_view>

namespace dwellmap {
namespace {

/// Word by word h ← (h ⊕ w)·p, h ← h ⊕ (h ≫ 32): FNV-1a of 64-bit words with the high bits brought back down, or two flipped signs
/// would cancel.
class Hash {
public:
    void add(std::integral auto v) noexcept { word(static_cast<std::uint64_t>(v)); }
    void add(float v) noexcept { word(bits(v)); }
    void add(double v) noexcept {
        word(std::bit_cast<std::uint64_t>(v == v ? v : std::numeric_limits<double>::quiet_NaN()));
    }
    void add(std::string_view text) noexcept {
        add(text.size());
        for (const char c : text) {
            add(static_cast<unsigned char>(c));
        }
    }
    template <class... Values>
    void all(const Values&... values) noexcept {
        (add(values), ...);
    }
    /// Two a word; in four lanes, as a multiplication waits for the one before it.
    void floats(const float* values, std::size_t count) noexcept {
        std::array<std::uint64_t, 4> lanes{1, 2, 3, 4};
        std::array<std::uint32_t, 64> some;
        for (; count >= some.size(); count -= some.size(), values += some.size()) {
            for (std::size_t k = 0; k < some.size(); ++k) {
                some[k] = bits(values[k]);
            }
            for (std::size_t k = 0; k < some.size(); k += 2) {
                auto& lane = lanes[k / 2 % lanes.size()];
                lane = mix(lane, std::uint64_t{some[k]} << 32U | some[k + 1]);
            }
        }
        for (const auto lane : lanes) {
            word(lane);
        }
        for (; count > 0; --count) {
            add(*values++);
        }
    }
    template <class Numbers>
    void list(const Numbers& numbers) noexcept {
        add(numbers.size());
        for (auto k = numbers.size() * 0; k < numbers.size(); ++k) {
            add(numbers.data()[k]);
        }
    }
    std::uint64_t value() const noexcept { return h_ == 0 ? 1 : h_; }

private:
    static std::uint32_t bits(float v) noexcept {
        const auto b = std::bit_cast<std::uint32_t>(v);
        return (b & 0x7fffffffU) > 0x7f800000U ? 0x7fc00000U : b;  // without a branch
    }
    static std::uint64_t mix(std::uint64_t h, std::uint64_t w) noexcept {
        h = (h ^ w) * 0x9e3779b97f4a7c15U;
        return h ^ h >> 32U;
    }
    void word(std::uint64_t w) noexcept { h_ = mix(h_, w); }

    std::uint64_t h_ = 0xcbf29ce484222325U;
};

void add(Hash& h, const Atom& a) noexcept {
    h.all(a.x_px, a.y_px, a.se_x_px, a.se_y_px, a.amplitude, a.se_amplitude, a.background, a.chi2,
          a.p_second);
    h.all(a.id, static_cast<std::uint8_t>(a.site), a.species, a.n, a.complete, a.flags, a.i, a.j);
}

void add(Hash& h, const Scores& s) noexcept {
    h.list(s.pca);
    h.list(s.se_pca);
    h.list(s.zigzag);
    h.all(s.isotropic, s.order_parameter, s.se_isotropic, s.se_order_parameter);
}

void add(Hash& h, const Lattice& l) noexcept {
    h.all(l.found, l.a1_px.x(), l.a1_px.y(), l.a2_px.x(), l.a2_px.y(), l.a_px, l.se_a_px,
          l.rotation_rad, l.anisotropy);
}

void add(Hash& h, const SpeciesResult& s) noexcept {
    h.all(s.threshold, s.quantile_threshold, s.fraction_second, s.expected_second, s.mean_first,
          s.sigma_first, s.mean_second, s.sigma_second);
    h.list(s.clusters);
}

void add(Hash& h, const ModeSet& m) noexcept {
    h.all(m.neighbours, m.count);
    h.list(m.mean);
    h.list(m.loadings);
    h.list(m.variance);
    h.list(m.explained);
    h.list(m.overlap);
    h.list(m.gap_sigma);
    for (const auto name : m.name) {
        h.add(static_cast<std::uint8_t>(name));
    }
}

void add(Hash& h, const Image& image) noexcept {
    h.all(image.rows(), image.cols());
    h.floats(image.data(), static_cast<std::size_t>(image.size()));
}

/// Each by itself: the processor has several under way.
template <class Item>
void add_each(Hash& h, const std::vector<Item>& items) noexcept {
    for (const auto& item : items) {
        Hash own;
        add(own, item);
        h.add(own.value());
    }
}

}  // namespace

std::uint64_t result_hash(const FrameResult& r) noexcept {
    Hash h;
    h.all(r.frame_number, r.rows_valid, r.complete, r.pixel_size_nm);
    for (const auto& name : r.species_names) {
        h.add(name);
    }
    h.all(r.atoms.size(), r.scores.size(), r.row_shifts.size(), r.maps.size());
    add_each(h, r.atoms);
    add_each(h, r.scores);
    add(h, r.lattice);
    h.all(r.drift_px.x(), r.drift_px.y());
    for (const auto& shift : r.row_shifts) {
        h.all(shift.y_px, shift.dx_px, shift.dy_px, shift.se_px);
    }
    h.all(r.sigma_px, r.ellipticity, r.ellipticity_rad, r.background, r.chi2, r.notes);
    add(h, r.species);
    for (const auto& modes : r.modes) {
        add(h, modes);
    }
    for (const auto& layer : r.maps) {
        h.add(std::string_view(layer.name));
        add(h, layer.value);
        add(h, layer.sigma);
    }
    h.add(r.map_step_px);
    return h.value();
}

}  // namespace dwellmap

// SPDX-License-Identifier: Apache-2.0
#include "atoms/map.hpp"

#include "base/buffers.hpp"
#include "base/vectorise.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

namespace dwellmap {
namespace {

constexpr int kLongestSide = 256;  // map pixels
constexpr double kReach = 0.62;    // of a
constexpr int kLanes = 8;
constexpr std::array<const char*, MapPainter::layers> kNames{"isotropic", "order_parameter",
                                                             "mode_1", "mode_2", "mode_3"};

/// A part of the map, in its pixels.
struct Box {
    int x, y, cols, rows;
};

/// Of the pixels in a box (whole vectors wide) around the atom at (x, y), those nearer to it than to another.
DWELLMAP_VECTORISE void claim(float x, float y, std::int32_t atom, const Box& box, int stride,
                              float* __restrict distance2,
                              std::int32_t* __restrict nearest) noexcept {
    for (int py = box.y; py < box.y + box.rows; ++py) {
        const float dy = static_cast<float>(py) - y;
        float* line2 = distance2 + static_cast<std::ptrdiff_t>(py) * stride + box.x;
        std::int32_t* line = nearest + (line2 - distance2);
        for (int at = 0; at < box.cols; ++at) {
            const float dx = static_cast<float>(box.x + at) - x;
            const float d2 = dx * dx + dy * dy;
            const std::int32_t nearer = -static_cast<std::int32_t>(d2 < line2[at]);  // all bits
            line[at] = (atom & nearer) | (line[at] & ~nearer);  // a store that depends is slow
            line2[at] = std::min(d2, line2[at]);
        }
    }
}

/// One layer of one row. Pairs are loaded one by one: the instructions that gather are slower.
/// @param table [1 + painted] value and error
void look_up(const std::array<float, 2>* table, const std::int32_t* index, int count,
             float* __restrict value, float* __restrict sigma) noexcept {
    using Pair = float __attribute__((vector_size(8)));
    const auto pair = [&](int at) {
        Pair p;
        std::memcpy(&p, table + index[at], sizeof p);
        return p;
    };
    int at = 0;
    for (; at + 4 <= count; at += 4) {
        const auto a = __builtin_shufflevector(pair(at), pair(at + 1), 0, 1, 2, 3);
        const auto b = __builtin_shufflevector(pair(at + 2), pair(at + 3), 0, 1, 2, 3);
        const auto values = __builtin_shufflevector(a, b, 0, 2, 4, 6);
        const auto sigmas = __builtin_shufflevector(a, b, 1, 3, 5, 7);
        std::memcpy(value + at, &values, sizeof values);
        std::memcpy(sigma + at, &sigmas, sizeof sigmas);
    }
    for (; at < count; ++at) {
        value[at] = table[index[at]][0];
        sigma[at] = table[index[at]][1];
    }
}

}  // namespace

MapPainter::MapPainter(int rows_px, int cols_px, std::size_t max_atoms)
    : step_px_(std::max(1, (std::max(rows_px, cols_px) + kLongestSide - 1) / kLongestSide)),
      rows_((rows_px + step_px_ - 1) / step_px_),
      cols_((cols_px + step_px_ - 1) / step_px_),
      stride_(cols_ + kLanes),
      nearest_(static_cast<std::size_t>(rows_) * static_cast<std::size_t>(stride_)),
      distance2_(nearest_.size()) {
    make_room(painted_, max_atoms);
    for (auto& table : tables_) {
        make_room(table, max_atoms + 1);
    }
}

std::vector<MapLayer> MapPainter::make_layers() const {
    std::vector<MapLayer> out;
    out.reserve(layers);
    for (const char* name : kNames) {
        out.push_back(
            {name, Image::Constant(rows_, cols_, kNaN), Image::Constant(rows_, cols_, kNaN)});
    }
    return out;
}

void MapPainter::begin(double a_px) noexcept {
    reach_ = static_cast<float>(kReach * a_px) / static_cast<float>(step_px_);
    painted_.clear();
    std::fill(nearest_.begin(), nearest_.end(), 0);
    std::fill(distance2_.begin(), distance2_.end(), reach_ * reach_);
}

void MapPainter::paint(const std::vector<Atom>& atoms, std::size_t first, std::size_t last,
                       Helper& helper) noexcept {
    const std::size_t before = painted_.size();
    for (std::size_t k = first; k < last; ++k) {
        if ((atoms[k].complete & 1) != 0) {
            painted_.push_back(static_cast<std::int32_t>(k));
        }
    }
    helper.halves(static_cast<std::size_t>(rows_), [&](int, std::size_t top, std::size_t bottom) {
        for (std::size_t p = before; p < painted_.size(); ++p) {
            paint_one(atoms[static_cast<std::size_t>(painted_[p])],
                      static_cast<std::int32_t>(p) + 1, static_cast<int>(top),
                      static_cast<int>(bottom));
        }
    });
}

/// The pixels of the rows top…bottom − 1.
void MapPainter::paint_one(const Atom& atom, std::int32_t number, int top, int bottom) noexcept {
    const auto step = static_cast<float>(step_px_);
    const float x = (atom.x_px + 0.5F) / step - 0.5F, y = (atom.y_px + 0.5F) / step - 0.5F;
    const int x0 = std::max(0, static_cast<int>(std::ceil(x - reach_))),
              x1 = std::min(cols_ - 1, static_cast<int>(x + reach_));
    const int y0 = std::max(top, static_cast<int>(std::ceil(y - reach_))),
              y1 = std::min(bottom - 1, static_cast<int>(y + reach_));
    claim(x, y, number, {x0, y0, (x1 - x0 + kLanes) / kLanes * kLanes, y1 - y0 + 1}, stride_,
          distance2_.data(), nearest_.data());
}

void MapPainter::fill(const std::vector<Scores>& scores, std::vector<MapLayer>& maps,
                      Helper& helper) noexcept {
    for (auto& table : tables_) {
        table.resize(painted_.size() + 1);
        table[0] = {kNaN, kNaN};
    }
    helper.halves(painted_.size(), [&](int, std::size_t first, std::size_t last) {
        for (std::size_t k = first; k < last; ++k) {
            const Scores& s = scores[static_cast<std::size_t>(painted_[k])];
            tables_[0][k + 1] = {s.isotropic, s.se_isotropic};
            tables_[1][k + 1] = {s.order_parameter, s.se_order_parameter};
            for (std::size_t m = 0; m < 3; ++m) {
                tables_[2 + m][k + 1] = {s.pca[m], s.se_pca[m]};
            }
        }
    });
    helper.halves(static_cast<std::size_t>(rows_), [&](int, std::size_t first, std::size_t last) {
        for (std::size_t layer = 0; layer < layers; ++layer) {
            for (int y = static_cast<int>(first); y < static_cast<int>(last); ++y) {
                look_up(tables_[layer].data(), nearest_.data() + y * stride_, cols_,
                        maps[layer].value.data() + y * cols_, maps[layer].sigma.data() + y * cols_);
            }
        }
    });
}

}  // namespace dwellmap

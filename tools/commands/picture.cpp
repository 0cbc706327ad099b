// SPDX-License-Identifier: Apache-2.0
#include "commands/picture.hpp"

#include <cairo.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <memory>
#include <numbers>
#include <stdexcept>
#include <vector>

namespace dwellmap {
namespace {

constexpr double kSide = 1100, kTitle = 40, kBar = 130, kFont = 16;

struct Colour {
    double r, g, b;
};

constexpr std::array<Colour, 4> kSpeciesColours{
    {{0.20, 0.80, 1.00}, {1.00, 0.45, 0.10}, {0.55, 0.90, 0.40}, {1.00, 0.25, 0.65}}};
constexpr Colour kOther{1, 0.9, 0.2}, kFlagged{1, 0.1, 0.1}, kNothing{0.35, 0.35, 0.35};

using Surface = std::unique_ptr<cairo_surface_t, decltype(&cairo_surface_destroy)>;
using Context = std::unique_ptr<cairo_t, decltype(&cairo_destroy)>;

/// A dark sheet with a title and, below it, an image area of `width × height` map units.
struct Sheet {
    Surface surface{nullptr, cairo_surface_destroy};
    Context cr{nullptr, cairo_destroy};
    double zoom;

    Sheet(const std::string& title, double width, double height)
        : zoom(kSide / std::max(width, height)) {
        surface.reset(cairo_image_surface_create(CAIRO_FORMAT_RGB24,
                                                 static_cast<int>(width * zoom + kBar),
                                                 static_cast<int>(height * zoom + kTitle)));
        cr.reset(cairo_create(surface.get()));
        cairo_set_source_rgb(cr.get(), 0.08, 0.08, 0.09);
        cairo_paint(cr.get());
        cairo_select_font_face(cr.get(), "sans-serif", CAIRO_FONT_SLANT_NORMAL,
                               CAIRO_FONT_WEIGHT_NORMAL);
        cairo_set_font_size(cr.get(), kFont);
        text(10, kTitle - 14, title);
    }

    void text(double x, double y, const std::string& what) const {
        cairo_set_source_rgb(cr.get(), 0.93, 0.93, 0.93);
        cairo_move_to(cr.get(), x, y);
        cairo_show_text(cr.get(), what.c_str());
    }

    void save(const std::string& path) const {
        const auto status = cairo_surface_write_to_png(surface.get(), path.c_str());
        if (status != CAIRO_STATUS_SUCCESS) {
            throw std::runtime_error("cannot write " + path + ": " +
                                     cairo_status_to_string(status));
        }
    }
};

std::string format(double v) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.3g", v);
    return text.data();
}

void paint_pixels(const Sheet& sheet, const std::vector<std::uint32_t>& pixels, int width,
                  int height, double zoom) {
    const Surface image(
        cairo_image_surface_create_for_data(
            reinterpret_cast<unsigned char*>(const_cast<std::uint32_t*>(pixels.data())),
            CAIRO_FORMAT_RGB24, width, height, width * 4),
        cairo_surface_destroy);
    cairo_t* cr = sheet.cr.get();
    cairo_save(cr);
    cairo_translate(cr, 0, kTitle);
    cairo_scale(cr, zoom, zoom);
    cairo_set_source_surface(cr, image.get(), 0, 0);
    cairo_pattern_set_filter(cairo_get_source(cr), CAIRO_FILTER_NEAREST);
    cairo_paint(cr);
    cairo_restore(cr);
}

/// A bar of a round length, about a fifth of the width. @param step image pixels a drawn one
void draw_scale_bar(const Sheet& sheet, const FrameResult& result, double drawn_width,
                    double bottom, double step = 1) {
    const double per_drawn = step * result.length_per_px();
    const double width = drawn_width * per_drawn;
    const double decade = std::pow(10, std::floor(std::log10(width / 5)));
    const double mantissa = width / 5 / decade;
    const double length = decade * (mantissa >= 5 ? 5 : mantissa >= 2 ? 2 : 1);
    const double x = 20, y = bottom - 24, drawn = length / per_drawn * sheet.zoom;
    cairo_set_source_rgba(sheet.cr.get(), 0, 0, 0, 0.6);
    cairo_rectangle(sheet.cr.get(), x - 10, y - 28, std::max(drawn, 60.0) + 20, 44);
    cairo_fill(sheet.cr.get());
    cairo_set_source_rgb(sheet.cr.get(), 1, 1, 1);
    cairo_rectangle(sheet.cr.get(), x, y, drawn, 5);
    cairo_fill(sheet.cr.get());
    sheet.text(x, y - 8, format(length) + " " + result.length_unit());
}

Colour mix(const Colour& a, const Colour& b, double t) {
    return {a.r + t * (b.r - a.r), a.g + t * (b.g - a.g), a.b + t * (b.b - a.b)};
}

/// @param t −1…1 for the diverging scale (blue, white, red), 0…1 for the sequential one (dark blue to yellow)
Colour colour_of(double t, ColourScale scale) {
    static constexpr std::array<Colour, 5> diverging{{{0.13, 0.30, 0.60},
                                                      {0.45, 0.65, 0.85},
                                                      {0.97, 0.97, 0.97},
                                                      {0.93, 0.58, 0.45},
                                                      {0.65, 0.07, 0.16}}};
    static constexpr std::array<Colour, 5> sequential{{{0.27, 0.00, 0.33},
                                                       {0.23, 0.32, 0.55},
                                                       {0.13, 0.57, 0.55},
                                                       {0.37, 0.79, 0.38},
                                                       {0.99, 0.91, 0.14}}};
    const double p = std::clamp(scale == ColourScale::diverging ? 2 + 2 * t : 4 * t, 0.0, 4.0);
    const auto k = static_cast<std::size_t>(std::min(3.0, p));
    const auto& table = scale == ColourScale::diverging ? diverging : sequential;
    return mix(table[k], table[k + 1], p - static_cast<double>(k));
}

std::uint32_t pack(const Colour& c) {
    const auto byte = [](double v) {
        return static_cast<std::uint32_t>(std::lround(255 * std::clamp(v, 0.0, 1.0)));
    };
    return byte(c.r) << 16 | byte(c.g) << 8 | byte(c.b);
}

/// Circle, square, triangle, diamond: shape tells species apart without colour.
void draw_mark(cairo_t* cr, double x, double y, double r, int shape) {
    constexpr std::array<int, 4> corners{0, 4, 3, 4};
    cairo_new_path(cr);
    const auto s = static_cast<std::size_t>(shape);
    if (corners[s] == 0) {
        cairo_arc(cr, x, y, r, 0, 2 * std::numbers::pi);
    }
    for (int k = 0; k < corners[s]; ++k) {
        const double turn = 2 * std::numbers::pi * k / corners[s] - std::numbers::pi / 2 +
                            (shape == 1 ? std::numbers::pi / 4 : 0);
        cairo_line_to(cr, x + 1.2 * r * std::cos(turn), y + 1.2 * r * std::sin(turn));
    }
    cairo_close_path(cr);
    cairo_stroke(cr);
}

void draw_legend(const Sheet& sheet, const FrameResult& result, double x) {
    cairo_t* cr = sheet.cr.get();
    for (std::size_t s = 0; s < result.species_names.size(); ++s) {
        const auto count =
            std::count_if(result.atoms.begin(), result.atoms.end(),
                          [&](const Atom& a) { return a.species == static_cast<int>(s); });
        if (count == 0) {
            continue;
        }
        const double y = kTitle + 20 + 50 * static_cast<double>(s);
        cairo_set_source_rgb(cr, kSpeciesColours[s].r, kSpeciesColours[s].g, kSpeciesColours[s].b);
        draw_mark(cr, x + 16, y, 6, static_cast<int>(s));
        sheet.text(x + 30, y + 5, result.species_names[s]);
        sheet.text(x + 30, y + 24, std::to_string(count));
    }
}

float percentile(std::vector<float>& values, double fraction) {
    if (values.empty()) {
        return 0;
    }
    const auto at = values.begin() +
                    static_cast<std::ptrdiff_t>(fraction * static_cast<double>(values.size() - 1));
    std::nth_element(values.begin(), at, values.end());
    return *at;
}

}  // namespace

void draw_atoms(const std::string& path, const std::string& title, const Frame& frame,
                const FrameResult& result) {
    const auto width = static_cast<int>(frame.counts.cols()),
               height = static_cast<int>(frame.counts.rows());
    std::vector<float> sorted(frame.counts.data(), frame.counts.data() + frame.counts.size());
    const float low = percentile(sorted, 0.005), high = percentile(sorted, 0.997);
    std::vector<std::uint32_t> grey(sorted.size());
    for (std::size_t k = 0; k < grey.size(); ++k) {
        const double v = (frame.counts.data()[k] - low) / std::max(high - low, 1e-30F);
        grey[k] = pack({v, v, v});
    }
    const Sheet sheet(title, width, height);
    paint_pixels(sheet, grey, width, height, sheet.zoom);
    cairo_t* cr = sheet.cr.get();
    const double radius = std::clamp(0.16 * result.lattice.a_px * sheet.zoom, 2.0, 9.0);
    cairo_set_line_width(cr, 1.4);
    for (const Atom& a : result.atoms) {
        const double x = (a.x_px + 0.5) * sheet.zoom, y = kTitle + (a.y_px + 0.5) * sheet.zoom;
        const int species = a.species;
        const Colour c = species < 0 ? kOther : kSpeciesColours[static_cast<std::size_t>(species)];
        cairo_set_source_rgb(cr, c.r, c.g, c.b);
        draw_mark(cr, x, y, radius, std::max(species, 0));
        if ((a.flags & (flag_moved | flag_misfit)) != 0) {
            cairo_set_source_rgb(cr, kFlagged.r, kFlagged.g, kFlagged.b);
            cairo_move_to(cr, x - radius, y - radius);
            cairo_line_to(cr, x + radius, y + radius);
            cairo_move_to(cr, x - radius, y + radius);
            cairo_line_to(cr, x + radius, y - radius);
            cairo_stroke(cr);
        }
    }
    draw_scale_bar(sheet, result, width, kTitle + height * sheet.zoom);
    draw_legend(sheet, result, width * sheet.zoom);
    sheet.save(path);
}

void draw_map(const std::string& path, const std::string& title, const Image& values,
              ColourScale scale, const FrameResult& result) {
    const auto width = static_cast<int>(values.cols()), height = static_cast<int>(values.rows());
    std::vector<float> known;
    for (Eigen::Index k = 0; k < values.size(); ++k) {
        if (std::isfinite(values.data()[k])) {
            known.push_back(std::abs(values.data()[k]));
        }
    }
    const double range = std::max(percentile(known, 0.99), 1e-12F);
    std::vector<std::uint32_t> pixels(static_cast<std::size_t>(values.size()));
    for (std::size_t k = 0; k < pixels.size(); ++k) {
        const float v = values.data()[k];
        pixels[k] = pack(std::isfinite(v) ? colour_of(v / range, scale) : kNothing);
    }
    const Sheet sheet(title, width, height);
    paint_pixels(sheet, pixels, width, height, sheet.zoom);
    const double bottom = kTitle + height * sheet.zoom;
    cairo_t* cr = sheet.cr.get();
    const double x = width * sheet.zoom + 16, top = kTitle + 20,
                 length = std::min(500.0, bottom - top - 40);
    for (int k = 0; k < static_cast<int>(length); ++k) {
        const double t = 1 - k / length;
        const Colour c = colour_of(scale == ColourScale::diverging ? 2 * t - 1 : t, scale);
        cairo_set_source_rgb(cr, c.r, c.g, c.b);
        cairo_rectangle(cr, x, top + k, 22, 1.5);
        cairo_fill(cr);
    }
    const double unit = result.has_scale() ? 1000 : 1;
    sheet.text(x, top - 6, result.has_scale() ? "pm" : "px");
    sheet.text(x + 28, top + 8, format(unit * range));
    sheet.text(x + 28, top + length / 2 + 5,
               format(scale == ColourScale::diverging ? 0 : unit * range / 2));
    sheet.text(x + 28, top + length, format(scale == ColourScale::diverging ? -unit * range : 0));
    draw_scale_bar(sheet, result, width, bottom, result.map_step_px);
    sheet.save(path);
}

}  // namespace dwellmap

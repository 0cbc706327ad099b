// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Core>

#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <vector>

namespace dwellmap {

inline constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

/// [rows × cols], row-major like the wire, element (y, x), in detector counts.
/// Pixel centres are at integers: (0, 0) is the centre of the top-left pixel; x = column, y = row.
using Image = Eigen::Array<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// What is known of a series of frames before its first pixel. NaN means: nobody said.
struct Series {
    std::string uuid;      ///< 36 characters, drawn by the sender
    std::string name;      ///< for people
    std::string specimen;  ///< for people
    std::string channel;   ///< detector, for people
    int rows_px = 0;
    int cols_px = 0;
    std::uint64_t expected_frames = 0;  ///< 0: open
    double pixel_size_nm = std::numeric_limits<double>::quiet_NaN();
    double rotation_rad = 0;  ///< of the scan, counter-clockwise
    double dwell_us = std::numeric_limits<double>::quiet_NaN();
    double line_us =
        std::numeric_limits<double>::quiet_NaN();  ///< start of a row to the start of the next
    double flyback_us =
        std::numeric_limits<double>::quiet_NaN();  ///< the part of line_us that is not imaging
    double high_tension_v = std::numeric_limits<double>::quiet_NaN();
    double composition =
        std::numeric_limits<double>::quiet_NaN();  ///< expected fraction of the second cation, 0..1
};

/// An image as far as it has been scanned: rows that are not valid hold 0 and are never looked at.
struct Frame {
    std::shared_ptr<const Series> series;
    std::uint64_t number = 0;
    Image counts;                         ///< [rows × cols]
    std::vector<std::uint8_t> row_valid;  ///< [rows] 1: scanned and received
    int rows_valid = 0;                   ///< how many of row_valid are 1
    bool complete = false;                ///< no more rows will come (lost ones stay invalid)
    std::int64_t last_row_ns = 0;         ///< steady clock, when the newest row had arrived
};

/// Where a column stands in the unit cell.
enum class Site : std::uint8_t { cation, anion, other };

/// Why a column must not be trusted, as bits of Atom::flags. 0: nothing is wrong.
enum Flag : std::uint16_t {
    flag_edge = 1,  ///< the window reaches over the edge of the image or an unscanned row
    flag_moved =
        2,  ///< the fit left its start by more than 0.22 a: half-way to the next column is 0.29 a
    flag_weak = 4,    ///< amplitude below three of its standard errors: position is the site's
    flag_misfit = 8,  ///< reduced chi² far above the frame's: contamination, a tear, a wrong model
    flag_provisional =
        16  ///< near the last scanned row: will be fitted again when rows below it are there
};

/// Index of a species name in FrameResult::species_names.
enum Species : std::int8_t {
    species_unknown = -1,
    species_first = 0,
    species_second = 1,
    species_anion = 2,
    species_vacancy = 3
};

/// One atomic column. Amplitude and background in counts; the width is the frame's.
struct Atom {
    std::int64_t id = -1;            ///< of its track: the same column in every frame
    float x_px = 0, y_px = 0;        ///< centre
    float se_x_px = 0, se_y_px = 0;  ///< standard errors, from the Fisher information
    float amplitude = 0;             ///< peak above background
    float se_amplitude = 0;
    float background = 0;
    float chi2 = 0;         ///< reduced, of the pixels of its window; ~1 for counting noise
    float p_second = kNaN;  ///< probability of being the second cation species
    Site site = Site::other;
    std::int8_t species = species_unknown;
    std::int8_t n = -1;  ///< second-species cations among the 6 nearest; -1: not all are there
    std::uint8_t complete = 0;  ///< bits 0, 1, 2: all 6, 12, 24 neighbours are there
    std::uint16_t flags = 0;
    std::int16_t i = 0, j = 0;  ///< indices of its unit cell in this frame's lattice
};

/// Whether a column may be a centre or a neighbour in the statistics.
inline bool usable(const Atom& a) noexcept {
    return (a.flags & (flag_edge | flag_moved | flag_weak | flag_misfit)) == 0;
}

inline constexpr int kModes = 6;  ///< principal components published

/// Distortion around one cation; NaN where the neighbourhood is not complete. Length unit of the frame.
struct Scores {
    std::array<float, kModes> pca;  ///< of its own species' modes
    std::array<float, kModes> se_pca;
    float isotropic = kNaN;        ///< projection on the ideal breathing pattern
    std::array<float, 3> zigzag;   ///< projections on the three ideal 2x1 patterns
    float order_parameter = kNaN;  ///< largest |zigzag|: the symmetry breaking
    float se_isotropic = kNaN;
    float se_order_parameter = kNaN;
    Scores() {
        pca.fill(kNaN);
        se_pca.fill(kNaN);
        zigzag.fill(kNaN);
    }
};

/// Two basis vectors of the cation lattice, 60 degrees apart counter-clockwise as seen on screen.
struct Lattice {
    bool found = false;
    Eigen::Vector2d a1_px{0, 0}, a2_px{0, 0};  ///< (x, y), y down
    double a_px = 0;  ///< lattice parameter: of the hexagonal cell of equal area
    double se_a_px = 0;
    double rotation_rad = 0;  ///< of a1 against +x, counter-clockwise on screen
    double anisotropy = 0;    ///< longest / shortest of the three row spacings - 1
};

/// How far the cations of a few rows of the image are from where the frames before saw them, the frame's drift taken off.
struct RowShift {
    float y_px;          ///< middle of the rows
    float dx_px, dy_px;  ///< mean
    float se_px;         ///< of either
};

enum class ModeName : std::uint8_t {
    unnamed,
    isotropic,
    symmetry_breaking,
    shear,
    translation,
    rotation
};

constexpr const char* to_string(ModeName name) noexcept {
    switch (name) {
        case ModeName::unnamed: return "unnamed";
        case ModeName::isotropic: return "isotropic";
        case ModeName::symmetry_breaking: return "symmetry breaking";
        case ModeName::shear: return "shear";
        case ModeName::translation: return "translation";
        case ModeName::rotation: return "rotation";
    }
    return "unknown";
}

/// Principal components of the neighbourhoods of one species. Vectors are in the lattice frame:
/// u along a1, v 90 degrees counter-clockwise from it on screen; (u, v) of neighbour 0, of neighbour 1, ...
struct ModeSet {
    int neighbours = 0;                      ///< N
    std::int64_t count = 0;                  ///< neighbourhoods behind it
    Eigen::VectorXd mean;                    ///< [2N] mean offsets
    Eigen::MatrixXd loadings;                ///< [2N × kModes] unit columns
    std::array<double, kModes> variance{};   ///< length²
    std::array<double, kModes> explained{};  ///< fraction of the total variance
    std::array<ModeName, kModes> name{};
    std::array<double, kModes>
        overlap{};  ///< |cosine| with the ideal pattern of that name, first shell
    std::array<double, kModes>
        gap_sigma{};  ///< to the nearest variance it could mix with, in sampling errors; below 4 they may mix
};

/// One map: value and standard error on a coarse grid over the image; NaN where nothing is known.
struct MapLayer {
    const char* name = "";
    Image value, sigma;  ///< [map rows × map cols]
};

enum Stage : std::uint8_t {
    stage_filter,
    stage_find,
    stage_lattice,
    stage_refine,
    stage_species,
    stage_track,
    stage_neighbourhood,
    stage_statistics,
    stage_map,
    stage_count
};
inline constexpr std::array<const char*, stage_count> kStageNames{
    "filter", "find",          "lattice",    "refine", "species",
    "track",  "neighbourhood", "statistics", "map"};

/// What the operator has to know about a result, as bits of FrameResult::notes.
enum Note : std::uint32_t {
    note_no_scale = 1,     ///< no pixel size: lengths are in px
    note_one_species = 2,  ///< the cations have one contrast: no second species
    note_quantile_differs =
        4,  ///< the literal quantile rule would label more than 1 % of the cations otherwise
    note_sublattices_alike =
        8,  ///< cation and anion columns have the same contrast: which is which is arbitrary
    note_no_anions = 16,  ///< only one sublattice was found
    note_other_lattice =
        32,  ///< lattice or contrast are not the configured specimen's: generic species names
    note_not_hexagonal = 64,  ///< the three row spacings differ by more than 10 %
    note_few_atoms = 128,     ///< too few complete neighbourhoods for principal components
    note_rows_lost = 256,     ///< rows are missing in a complete frame
    note_drift_lost =
        512,  ///< the frame could not be placed on the earlier ones: tracks start anew
    note_atoms_dropped = 1024  ///< more columns than the buffers hold
};
inline constexpr int kNoteCount = 11;

/// One sentence for a Note bit.
const char* to_string(Note note) noexcept;

struct SpeciesResult {
    double threshold =
        std::numeric_limits<double>::quiet_NaN();  ///< contrast, relative to the first species
    double quantile_threshold = std::numeric_limits<double>::quiet_NaN();  ///< of the literal rule
    double fraction_second = std::numeric_limits<double>::quiet_NaN();     ///< measured
    double expected_second = std::numeric_limits<double>::quiet_NaN();     ///< given
    double mean_first = 0, sigma_first = 0, mean_second = 0,
           sigma_second = 0;  ///< contrast, counts
    std::array<std::int64_t, 8>
        clusters{};  ///< complete cations with k second-species atoms among the 7
};

/// All that came out of a frame (or of its part scanned so far).
struct FrameResult {
    std::shared_ptr<const Series> series;
    std::uint64_t frame_number = 0;
    int rows_valid = 0;
    bool complete = false;
    double pixel_size_nm =
        std::numeric_limits<double>::quiet_NaN();  ///< NaN: lengths below are in px
    std::array<std::string, 4> species_names;      ///< first, second, anion, vacancy

    std::vector<Atom> atoms;     ///< capacity from the start, see Pipeline::make_result()
    std::vector<Scores> scores;  ///< [atoms]
    Lattice lattice;
    Eigen::Vector2d drift_px{0, 0};  ///< of this frame against the first one of the series
    std::vector<RowShift>
        row_shifts;       ///< drift within the frame; empty where there is no frame before
    double sigma_px = 0;  ///< width of a column, one for the frame
    double ellipticity =
        0;  ///< (long − short) / (long + short) axis of the mean column; good to a quarter of it
    double ellipticity_rad =
        0;                  ///< of the long axis against +x, counter-clockwise on screen, [0, π)
    double background = 0;  ///< mean, counts
    double chi2 = 0;        ///< median of the columns' reduced chi²
    SpeciesResult species;
    std::array<ModeSet, 2> modes;  ///< of the first and of the second species
    std::vector<MapLayer> maps;    ///< isotropic, symmetry breaking, first modes
    int map_step_px = 1;           ///< image pixels a map pixel

    std::uint32_t notes = 0;  ///< bits of Note
    std::array<float, stage_count> time_us{};
    float latency_us = 0;          ///< newest row received -> this result complete
    std::int64_t last_row_ns = 0;  ///< as in Frame

    bool has_scale() const noexcept { return std::isfinite(pixel_size_nm); }
    double length_per_px() const noexcept { return has_scale() ? pixel_size_nm : 1.0; }
    const char* length_unit() const noexcept { return has_scale() ? "nm" : "px"; }
    void note_if(bool so, Note note) noexcept { notes |= so ? note : 0U; }
};

/// What became of all that was received. blocks = merged + duplicate + orphan + rejected.
/// frames = analysed + overwritten + failed (+ one waiting, + one being analysed).
struct Counters {
    std::uint64_t received = 0;  ///< messages of any kind
    std::uint64_t blocks =
        0;  ///< row blocks among them, and all that was rejected: its kind is not to be trusted
    std::uint64_t merged = 0;
    std::uint64_t duplicate = 0;  ///< blocks whose rows were all there already
    std::uint64_t orphan = 0;     ///< blocks of an unknown series or of a frame already closed
    std::uint64_t rejected = 0;   ///< failed a check: size, checksum, Verifier, meaning
    std::uint64_t reordered = 0;  ///< came later than their successor (not lost after all)
    std::uint64_t lost = 0;       ///< gaps in the sender's sequence, messages
    std::uint64_t lost_rows = 0;  ///< rows still missing when their frame was closed
    std::uint64_t ignored = 0;    ///< unknown kind: a newer sender
    std::uint64_t frames = 0;     ///< frames closed
    std::uint64_t overwritten =
        0;  ///< complete frames replaced by a newer one before they were analysed
    std::uint64_t analysed = 0;  ///< complete frames
    std::uint64_t failed = 0;    ///< complete frames given up, see FrameStatus
};

/// State of the stream, for the operator.
enum class StreamState : std::uint8_t { waiting, live, stale, ended, disconnected };

constexpr const char* to_string(StreamState state) noexcept {
    switch (state) {
        case StreamState::waiting: return "waiting";
        case StreamState::live: return "live";
        case StreamState::stale: return "stale";
        case StreamState::ended: return "ended";
        case StreamState::disconnected: return "disconnected";
    }
    return "unknown";
}

}  // namespace dwellmap

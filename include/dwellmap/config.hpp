// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <limits>
#include <string>
#include <vector>

namespace dwellmap {

struct StreamConfig {
    std::string input = "tcp://127.0.0.1:5555";    ///< the microscope's publisher
    std::string publish = "tcp://127.0.0.1:5556";  ///< our results; empty: not published
    std::string control = "tcp://127.0.0.1:5557";  ///< where commands are taken; empty: nowhere
    double stale_s = 3.0;                          ///< nothing received for so long: stale
};

struct WebConfig {
    std::string address = "127.0.0.1";
    int port = 8080;    ///< 0: no page
    std::string token;  ///< of programs other than the page that may give commands; empty: none may
};

struct AnalysisConfig {
    /// With 2, a second thread does half of every stage, to the same bits, if the machine has
    /// another core.
    int threads = 2;
};

struct SpecimenConfig {
    /// Host cation, second cation, anion column.
    std::vector<std::string> species{"Mo", "Re", "S2"};
    std::string brighter = "cations";  ///< which sublattice: cations | anions
    double lattice_nm = 0.3184;        ///< to check the scale against
    double composition =
        std::numeric_limits<double>::quiet_NaN();  ///< over the stream's; NaN: not given
    double pixel_size_nm = std::numeric_limits<double>::quiet_NaN();  ///< over the stream's
};

struct FilterConfig {
    double fwhm_nm = 0.12;  ///< of the Gaussian; for finding and display only
};

struct FindConfig {
    double threshold = 0.5;  ///< of the cations' height: a peak off the lattice must reach it
};

struct RefineConfig {
    int passes = 2;  ///< of the joint fit; three more where nothing is known of the frame
};

struct SpeciesConfig {
    std::string rule = "mixture";  ///< mixture | quantile: see SpeciesSorter
};

struct TrackConfig {
    double match_lattice = 0.4;  ///< of a/√3, the distance of columns: the same column after drift
};

struct StatisticsConfig {
    int neighbours = 6;                 ///< of the principal components
    std::string population = "tracks";  ///< tracks: every atom once | observations: every sighting
    double forgetting = 1;              ///< weight of the earlier sightings when a frame is added
    std::string compatibility =
        "none";       ///< none | paper: the published analysis beside ours, in results
    int classes = 4;  ///< of neighbourhoods; 0: by silhouette, where a series is complete
    bool parity =
        true;  ///< average the covariance over inversion: modes of unlike symmetry stay apart
};

struct LibraryConfig {
    std::string file;  ///< HDF5, of the composition series; empty: kept in memory only
};

/// What the analyzer records when it is told to.
struct RecordingConfig {
    std::string folder = ".";  ///< where recordings are put
    double before_s = 10;      ///< what came so long before the command is recorded too
    int before_mib = 256;      ///< but no more of it than this
    int queue_mib = 1024;      ///< waiting for the disk; what is beyond it is left out, and marked
    bool compress = false;     ///< shuffle and deflate, lossless: 50 to 100 MB/s a core
};

/// The ranges are in the table of config.cpp, with the meanings that describe() prints.
struct Config {
    StreamConfig stream;
    WebConfig web;
    AnalysisConfig analysis;
    SpecimenConfig specimen;
    FilterConfig filter;
    FindConfig find;
    RefineConfig refine;
    SpeciesConfig species;
    TrackConfig track;
    StatisticsConfig statistics;
    LibraryConfig library;
    RecordingConfig recording;
};

/// Defaults above, then the TOML file, then the overrides ("refine.passes=6").
/// @throws SetupError listing every problem
Config load_config(const std::string& file, const std::vector<std::string>& overrides);

/// The same from the text of a TOML file, for instance one by describe().
Config parse_config(const std::string& toml, const std::vector<std::string>& overrides = {});

/// The settings as TOML with a comment each: what --print-config shows and results carry.
std::string describe(const Config& config);

}  // namespace dwellmap

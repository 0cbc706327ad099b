// SPDX-License-Identifier: Apache-2.0
#include "commands/analyze_image.hpp"
#include "commands/analyze_job.hpp"
#include "commands/atoms_csv.hpp"
#include "commands/output_file.hpp"
#include "commands/series_results.hpp"

#include "dwellmap/error.hpp"
#include "dwellmap/library_file.hpp"
#include "store/ranks.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <optional>
#include <thread>

namespace {

using namespace dwellmap;

std::uint64_t count_frames(const AnalyzeJob& job) {
    try {
        return job.error.empty() ? ImageReader(job.input).frames() : 0;
    } catch (const SetupError&) {
        return 0;  // reported when its turn comes
    }
}

/// The first image alone, because it names the lattice direction for all; then the others, `threads` at a time.
/// Of several ranks each takes every size-th image; of the others' it has nothing.
std::vector<ImageOutput> analyse_images(const AnalyzeOptions& o,
                                        const std::vector<AnalyzeJob>& jobs, const Ranks& ranks,
                                        ResultsFile* export_to) {
    std::vector<ImageOutput> outputs(jobs.size());
    std::vector<std::uint64_t> offsets(jobs.size(), 0);
    for (std::size_t k = 1; k < offsets.size(); ++k) {
        offsets[k] = offsets[k - 1] + count_frames(jobs[k - 1]);
    }
    double direction_rad = std::numeric_limits<double>::quiet_NaN();
    if (ranks.rank() == 0 && !outputs.empty()) {
        outputs[0] = analyse_image(o, jobs[0], direction_rad, 0, export_to);
        direction_rad = outputs[0].direction_rad;
    }
    direction_rad = ranks.broadcast(direction_rad);
    const auto mine = [&](std::size_t k) {
        return k % static_cast<std::size_t>(ranks.size()) == static_cast<std::size_t>(ranks.rank());
    };
    std::atomic<std::size_t> next = 1;
    std::vector<std::jthread> workers;
    workers.reserve(static_cast<std::size_t>(o.threads));
    for (int t = 0; t < o.threads; ++t) {
        workers.emplace_back([&] {
            for (std::size_t k = next++; k < outputs.size(); k = next++) {
                if (mine(k)) {
                    outputs[k] = analyse_image(o, jobs[k], direction_rad, offsets[k], export_to);
                }
            }
        });
    }
    workers.clear();
    return outputs;
}

/// The images that gave something, in their order. Rank 0 has of the other ranks' what goes into a library.
std::vector<SeriesImage> collect_images(const std::vector<AnalyzeJob>& jobs,
                                        std::vector<ImageOutput>& outputs, const Ranks& ranks) {
    std::vector<Library::FieldPtr> fields(outputs.size());
    for (std::size_t k = 0; k < outputs.size(); ++k) {
        fields[k] = outputs[k].image ? outputs[k].image->field : nullptr;
    }
    ranks.gather(fields);
    std::vector<SeriesImage> images;
    for (std::size_t k = 0; k < outputs.size(); ++k) {
        if (outputs[k].image) {
            images.push_back(std::move(*outputs[k].image));
        } else if (fields[k]) {
            images.emplace_back();
            images.back().file = jobs[k].input.label;
            images.back().field = fields[k];
        }
    }
    return images;
}

/// What the images and the libraries add up to.
SeriesFields join(const AnalyzeOptions& o, const std::vector<SeriesImage>& images) {
    Library known;
    for (const auto& path : o.libraries) {
        const Library other = read_library(path);
        for (const auto& field : other.fields()) {
            known.check_fits(*field, path);
        }
        known.merge(other);
    }
    SeriesFields fields = collect_fields(known, images);
    for (const auto& reason : fields.left_out) {
        std::cerr << "dwellmap-analyze: not in the statistics of the series: " << reason << '\n';
    }
    return fields;
}

/// How the results of live runs compare, to the terminal. @return the same as JSON, an object an image
nlohmann::json report_replays(const std::vector<AnalyzeJob>& jobs,
                              const std::vector<ImageOutput>& outputs) {
    auto list = nlohmann::json::array();
    for (std::size_t k = 0; k < jobs.size(); ++k) {
        const auto& replay = outputs[k].replay;
        if (replay.has_results()) {
            std::cout << jobs[k].input.label << ": " << replay.text() << '\n';
            list.push_back(replay.json());
            list.back()["file"] = jobs[k].input.label;
        }
    }
    return list;
}

/// Tables and summaries in the order of the images. @return how many images had an error
int report_images(const std::vector<ImageOutput>& outputs, std::optional<OutputFile>& atoms) {
    int failed = 0;
    for (const auto& output : outputs) {
        std::cout << output.summary;
        if (atoms) {
            atoms->stream() << output.table;
        }
        for (const auto& error : output.errors) {
            std::cerr << "dwellmap-analyze: " << error << '\n';
        }
        failed += output.errors.empty() ? 0 : 1;
    }
    return failed;
}

void check_ranks(const AnalyzeOptions& o, const Ranks& ranks) {
    if (ranks.size() > 1 && (!o.atoms.empty() || !o.results.empty() || !o.export_to.empty())) {
        throw SetupError(
            "several ranks write a library only: give --write-library FILE, then run "
            "dwellmap-analyze --library FILE --results OUT.json");
    }
}

int analyse(const AnalyzeOptions& o, const Ranks& ranks) {
    const Config config = configure(o);
    check_ranks(o, ranks);
    auto jobs = find_jobs(o, config);
    for (auto& job : jobs) {
        if (o.threads > 1 || ranks.size() > 1) {
            job.config.analysis.threads = 1;  // the cores are busy with other images
        }
    }
    if (!o.maps.empty()) {
        std::filesystem::create_directories(o.maps);
    }
    std::optional<OutputFile> atoms, results;
    if (!o.atoms.empty()) {
        atoms.emplace(o.atoms);
        write_atoms_header(atoms->stream());
    }
    if (!o.results.empty()) {
        results.emplace(o.results);
    }
    std::optional<ResultsFile> exported;
    if (!o.export_to.empty()) {
        exported.emplace(o.export_to);
    }
    auto outputs = analyse_images(o, jobs, ranks, exported ? &*exported : nullptr);
    const int failed = report_images(outputs, atoms);
    const auto replays = report_replays(jobs, outputs);
    const bool differs = std::any_of(outputs.begin(), outputs.end(),
                                     [](const ImageOutput& out) { return out.replay.differs(); });
    const int code = failed == 0 && !differs ? 0 : 1;
    const auto images = collect_images(jobs, outputs, ranks);
    if (ranks.rank() > 0) {
        return code;  // the rest is done once
    }
    const SeriesFields fields = join(o, images);
    if (fields.library.fields().empty()) {
        return 1;  // what earlier runs wrote stays
    }
    if (atoms) {
        atoms->commit();
    }
    if (exported) {
        exported->commit();
    }
    if (results) {
        const Config& shown = jobs.empty() ? config : jobs.front().config;
        results->stream() << series_results(shown, images, fields, failed, replays) << '\n';
        results->commit();
    }
    if (!o.library_out.empty()) {
        const LibraryLock lock(o.library_out);
        write_library(o.library_out, fields.library);
    }
    return code;
}

int run(int argc, char** argv, const Ranks& ranks) {
    CLI::App app{
        "Atoms, species and distortion maps of images: the analyzer's stages, offline. Several "
        "images make a series."};
    AnalyzeOptions o;
    app.add_option("IMAGE", o.images,
                   ".npy image or stack of frames in time (a NAME.json beside it may give "
                   "pixel_size_nm), a recording (each of its "
                   "series is a stack; results of a live run are compared with), or any format "
                   "dwellmap-import reads");
    app.add_option(
           "--library", o.libraries,
           "composition series from earlier runs, HDF5; its fields of view join the images'")
        ->allow_extra_args(false);
    app.add_option("--write-library", o.library_out,
                   "the series as a library: all images and the libraries given, HDF5");
    app.add_option("--pixel-nm", o.pixel_nm,
                   "pixel size, nm; without it (and without a NAME.json) lengths are in px");
    app.add_option(
           "--composition", o.compositions,
           "expected fraction of the second cation, one for all images or one each, in order")
        ->delimiter(',');
    app.add_option("--species", o.species,
                   "names of the host cation, the second cation and the anion column: Mo,Re,S2")
        ->delimiter(',')
        ->expected(3);
    app.add_option("--atoms", o.atoms, "table of all columns, CSV");
    app.add_option("--results", o.results, "everything else, JSON");
    app.add_option("--export", o.export_to,
                   "atoms and maps as numbers, HDF5; dwellmap-export turns it into other formats");
    app.add_option("--maps", o.maps,
                   "folder for pictures: columns on the image, maps and their errors, PNG");
    app.add_option("--config", o.config_file, "settings, TOML (see dwellmap --print-config)");
    app.add_option("--set", o.overrides, "one setting, key=value")
        ->take_all()
        ->allow_extra_args(false);
    app.add_option("--threads", o.threads, "images at a time")
        ->check(CLI::Range(1, 256))
        ->capture_default_str();
    app.set_version_flag("--version", DWELLMAP_VERSION);
    CLI11_PARSE(app, argc, argv);
    if (o.images.empty() && o.libraries.empty()) {
        throw SetupError("nothing to analyse: give images, or --library FILE");
    }
    return analyse(o, ranks);
}

}  // namespace

int main(int argc, char** argv) {
    const Ranks ranks;
    try {
        return ranks.largest(run(argc, argv, ranks));  // not before all are done
    } catch (const std::exception& e) {
        std::fprintf(stderr, "dwellmap-analyze: %s\n", e.what());
    }
    if (ranks.size() > 1) {
        ranks.stop(1);
    }
    return 1;
}

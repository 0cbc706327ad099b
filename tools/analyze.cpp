// SPDX-License-Identifier: Apache-2.0
#include "atoms_csv.hpp"
#include "picture.hpp"
#include "series_results.hpp"
#include "sidecar.hpp"

#include "dwellmap/config.hpp"
#include "dwellmap/error.hpp"
#include "dwellmap/library_file.hpp"
#include "dwellmap/npy.hpp"
#include "dwellmap/pipeline.hpp"
#include "dwellmap/ranks.hpp"

#include <zlib.h>
#include <CLI/CLI.hpp>

#include <atomic>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <numeric>
#include <optional>
#include <sstream>
#include <thread>

namespace {

using namespace dwellmap;
namespace fs = std::filesystem;

struct Options {
    std::vector<std::string> images;
    std::string config_file, atoms, results, maps, library_out;
    std::vector<std::string> libraries;
    std::vector<std::string> overrides, species;
    std::vector<double> compositions;
    double pixel_nm = std::numeric_limits<double>::quiet_NaN();
    int threads = 1;
};

/// Written under another name and moved into place by commit(): nothing half-written is left behind.
class OutputFile {
public:
    explicit OutputFile(const std::string& path) : path_(path), part_(path + ".part"), out_(part_) {
        if (!out_) {
            throw SetupError("cannot write " + path + ": is its folder there and writable?");
        }
    }
    ~OutputFile() {
        out_.close();
        std::error_code ignored;
        fs::remove(part_, ignored);
    }
    std::ostream& stream() { return out_; }
    void commit() {
        out_.close();
        if (!out_) {
            throw SetupError("cannot write " + path_ + ": is the disk full?");
        }
        fs::rename(part_, path_);
    }

private:
    std::string path_, part_;
    std::ofstream out_;
};

Config configure(const Options& o) {
    auto overrides = o.overrides;
    if (!o.species.empty()) {
        std::string list = "specimen.species=[";
        for (const auto& s : o.species) {
            list += "\"" + s + "\",";
        }
        overrides.push_back(list + "]");
    }
    Config config = load_config(o.config_file, overrides);
    const auto n = o.compositions.size();
    if (n > 1 && n != o.images.size()) {
        throw SetupError("--composition has " + std::to_string(n) + " values for " +
                         std::to_string(o.images.size()) +
                         " images: give one for all, or one for each, in order");
    }
    for (const double x : o.compositions) {
        if (!(x >= 0 && x <= 1)) {
            throw SetupError("--composition must be in [0, 1]: the fraction of the second cation");
        }
    }
    if (std::isfinite(o.pixel_nm) && !(o.pixel_nm >= 1e-4 && o.pixel_nm <= 1)) {
        throw SetupError("--pixel-nm must be in [0.0001, 1] nm");
    }
    return config;
}

/// Names a field of view by what is in the file, wherever it lies: the same image is never counted twice.
std::string name_of_content(const std::string& file, NpyFile& images) {
    Image first;
    images.read(0, first);
    const auto sum =
        crc32(0, reinterpret_cast<const Bytef*>(first.data()),
              static_cast<uInt>(first.size() * static_cast<Eigen::Index>(sizeof(float))));
    std::ostringstream out;
    out << fs::path(file).stem().string() << ":" << std::hex << sum;
    return out.str();
}

std::shared_ptr<const Series> describe_image(const Options& o, NpyFile& file, std::size_t index) {
    Series s;
    s.uuid = name_of_content(o.images[index], file);
    s.name = fs::path(o.images[index]).stem().string();
    s.rows_px = file.rows();
    s.cols_px = file.cols();
    s.pixel_size_nm = o.pixel_nm;
    if (!std::isfinite(s.pixel_size_nm)) {
        s.pixel_size_nm = sidecar_pixel_size_nm(o.images[index]);
    }
    if (!o.compositions.empty()) {
        s.composition = o.compositions[o.compositions.size() == 1 ? 0 : index];
    }
    return std::make_shared<const Series>(s);
}

void draw(const Options& o, const Frame& frame, const FrameResult& r) {
    const std::string name =
        r.series->name + (frame.number > 0 ? "_frame" + std::to_string(frame.number) : "");
    const auto path = [&](const std::string& what) {
        return (fs::path(o.maps) / (name + "_" + what + ".png")).string();
    };
    draw_atoms(path("atoms"), name + ": columns found", frame, r);
    for (const auto& layer : r.maps) {
        const std::string what = layer.name;
        const auto scale =
            what == "order_parameter" ? ColourScale::sequential : ColourScale::diverging;
        std::string title = name + ": ";
        title += what;
        draw_map(path(what), title, layer.value, scale, r);
        title += ", standard error";
        draw_map(path(what + "_se"), title, layer.sigma, ColourScale::sequential, r);
    }
}

void print_summary(std::ostream& out, const std::string& image, const FrameResult& r) {
    const auto count = [&](auto&& is) { return std::count_if(r.atoms.begin(), r.atoms.end(), is); };
    const double unit = r.length_per_px();
    out << image << " frame " << r.frame_number << ": "
        << count([](const Atom& a) { return a.site == Site::cation; }) << " cations, "
        << count(
               [](const Atom& a) { return a.site == Site::anion && a.species != species_vacancy; })
        << " anions, a = " << r.lattice.a_px * unit << " +- " << r.lattice.se_a_px * unit << " "
        << r.length_unit();
    if (std::isfinite(r.species.threshold)) {
        out << ", " << r.species_names[1] << " fraction " << r.species.fraction_second;
    }
    out << ", column width " << r.sigma_px * unit << " " << r.length_unit() << ", drift "
        << r.drift_px.x() * unit << ", " << r.drift_px.y() * unit << " " << r.length_unit() << ", "
        << std::accumulate(r.time_us.begin(), r.time_us.end(), 0.0F) / 1000 << " ms\n";
    for (int bit = 0; bit < kNoteCount; ++bit) {
        if ((r.notes >> bit & 1U) != 0) {
            out << "  note: " << to_string(static_cast<Note>(1U << bit)) << '\n';
        }
    }
}

/// What one image leaves behind, in the order of the images whatever the threads did.
struct ImageOutput {
    std::optional<SeriesImage> image;
    double direction_rad = std::numeric_limits<double>::quiet_NaN();  ///< first of the lattice
    std::string table, summary, error;
};

/// All frames of one image or stack through the pipeline.
/// @param direction_rad first lattice direction of the series, NaN: this image chooses it
/// @param frame_offset  frames of the images before it
SeriesImage analyse_frames(const Options& o, const Config& config, std::size_t index,
                           double& direction_rad, std::uint64_t frame_offset, std::ostream& table,
                           std::ostream& summary) {
    NpyFile file(o.images[index]);
    const auto series = describe_image(o, file, index);
    SeriesImage image;
    image.file = o.images[index];
    Pipeline pipeline(config, series);
    pipeline.set_first_direction(direction_rad);
    auto result = pipeline.make_result();
    Frame frame;
    frame.series = series;
    frame.row_valid.assign(static_cast<std::size_t>(file.rows()), 1);
    frame.rows_valid = file.rows();
    frame.complete = true;
    for (int k = 0; k < file.frames(); ++k) {
        frame.number = static_cast<std::uint64_t>(k);
        file.read(k, frame.counts);
        if (const auto bad = find_not_finite(frame.counts)) {
            throw SetupError(o.images[index] + ": frame " + std::to_string(k) +
                             " has a value that is not finite at x = " + std::to_string((*bad)[0]) +
                             ", y = " + std::to_string((*bad)[1]) + "; replace or crop it");
        }
        const auto status = pipeline.process(frame, result);
        if (status != FrameStatus::ok) {
            throw SetupError(o.images[index] + ": frame " + std::to_string(k) + ": " +
                             std::string(to_string(status)));
        }
        print_summary(summary, o.images[index], result);
        write_atoms(table, result, frame_offset + frame.number);
        if (!o.maps.empty()) {
            draw(o, frame, result);
        }
        image.add(frame, result, pipeline, k + 1 == file.frames());
    }
    direction_rad = pipeline.first_direction_rad();
    return image;
}

ImageOutput analyse_image(const Options& o, const Config& config, std::size_t index,
                          double direction_rad, std::uint64_t frame_offset) {
    ImageOutput out;
    std::ostringstream table, summary;
    try {
        out.image = analyse_frames(o, config, index, direction_rad, frame_offset, table, summary);
    } catch (const std::exception& e) {
        out.error = e.what();
    }
    out.direction_rad = direction_rad;
    out.table = table.str();
    out.summary = summary.str();
    return out;
}

std::uint64_t count_frames(const std::string& image) {
    try {
        return static_cast<std::uint64_t>(NpyFile(image).frames());
    } catch (const SetupError&) {
        return 0;  // reported when its turn comes
    }
}

/// The first image alone, because it names the lattice direction for all; then the others, `threads` at a time.
/// Of several ranks each takes every size-th image.
std::vector<ImageOutput> analyse_images(const Options& o, const Config& config,
                                        const Ranks& ranks) {
    std::vector<ImageOutput> outputs(o.images.size());
    std::vector<std::uint64_t> offsets(o.images.size(), 0);
    for (std::size_t k = 1; k < offsets.size(); ++k) {
        offsets[k] = offsets[k - 1] + count_frames(o.images[k - 1]);
    }
    double direction_rad = std::numeric_limits<double>::quiet_NaN();
    if (ranks.rank() == 0 && !outputs.empty()) {
        outputs[0] = analyse_image(o, config, 0, direction_rad, 0);
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
                    outputs[k] = analyse_image(o, config, k, direction_rad, offsets[k]);
                }
            }
        });
    }
    workers.clear();
    std::erase_if(outputs, [](const ImageOutput& out) { return !out.image && out.error.empty(); });
    return outputs;
}

/// What all images of all ranks and the libraries add up to.
SeriesFields join(const Options& o, const Ranks& ranks, const std::vector<SeriesImage>& images) {
    Library known;
    if (ranks.rank() == 0) {
        for (const auto& path : o.libraries) {
            const Library other = read_library(path);
            for (const auto& field : other.fields()) {
                known.check_fits(*field, path);
            }
            known.merge(other);
        }
    }
    SeriesFields fields = collect_fields(known, images);
    for (const auto& reason : fields.left_out) {
        std::cerr << "dwellmap-analyze: not in the statistics of the series: " << reason << '\n';
    }
    fields.library = ranks.gather(fields.library);
    return fields;
}

int analyse(const Options& o, const Ranks& ranks) {
    Config config = configure(o);
    if (o.threads > 1 || ranks.size() > 1) {
        config.analysis.threads = 1;  // the cores are busy with other images
    }
    if (ranks.size() > 1 && (!o.atoms.empty() || !o.results.empty())) {
        throw SetupError(
            "several ranks write a library only: give --write-library FILE, then run "
            "dwellmap-analyze --library FILE --results OUT.json");
    }
    if (!o.maps.empty()) {
        fs::create_directories(o.maps);
    }
    std::optional<OutputFile> atoms, results;
    if (!o.atoms.empty()) {
        atoms.emplace(o.atoms);
        write_atoms_header(atoms->stream());
    }
    if (!o.results.empty()) {
        results.emplace(o.results);
    }
    std::vector<SeriesImage> images;
    int failed = 0;
    for (auto& output : analyse_images(o, config, ranks)) {
        std::cout << output.summary;
        if (atoms) {
            atoms->stream() << output.table;
        }
        if (output.image) {
            images.push_back(std::move(*output.image));
        } else {
            std::cerr << "dwellmap-analyze: " << output.error << '\n';
            ++failed;
        }
    }
    const SeriesFields fields = join(o, ranks, images);
    if (ranks.rank() == 0 && fields.library.fields().empty()) {
        return 1;  // what earlier runs wrote stays
    }
    if (atoms) {
        atoms->commit();
    }
    if (results) {
        results->stream() << series_results(config, images, fields, failed) << '\n';
        results->commit();
    }
    if (ranks.rank() == 0 && !o.library_out.empty()) {
        const LibraryLock lock(o.library_out);
        write_library(o.library_out, fields.library);
    }
    return failed == 0 ? 0 : 1;
}

int run(int argc, char** argv, const Ranks& ranks) {
    CLI::App app{
        "Atoms, species and distortion maps of images: the analyzer's stages, offline. Several "
        "images make a series."};
    Options o;
    app.add_option(
        "IMAGE", o.images,
        ".npy image, or stack of frames in time; a NAME.json beside it may give pixel_size_nm");
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
    int code = 1;
    try {
        code = run(argc, argv, ranks);
    } catch (const std::exception& e) {
        std::fprintf(stderr, "dwellmap-analyze: %s\n", e.what());
    }
    if (code != 0 && ranks.size() > 1) {
        ranks.stop(code);
    }
    return code;
}

// SPDX-License-Identifier: Apache-2.0
#include "commands/analyze_image.hpp"

#include "commands/analysis_output.hpp"
#include "commands/atoms_csv.hpp"
#include "dwellmap/error.hpp"
#include "dwellmap/pipeline.hpp"
#include "dwellmap/result_hash.hpp"
#include "recording/npy.hpp"

#include <zlib.h>

#include <array>
#include <cmath>
#include <memory>
#include <sstream>
#include <utility>

namespace dwellmap {
namespace {

/// Names a field of view by what is in the file, wherever it lies: the same image is never counted twice.
std::string name_of_content(const std::string& name, ImageReader& images) {
    RecordedImage first;
    images.read(0, first);
    const auto sum =
        crc32_z(0, reinterpret_cast<const Bytef*>(first.pixels.data()), first.pixels.size());
    std::ostringstream out;
    out << name << ":" << std::hex << sum;
    return out.str();
}

std::shared_ptr<const Series> describe_image(const AnalyzeOptions& o, const AnalyzeJob& job,
                                             ImageReader& images) {
    Series s = images.start().series;
    if (job.input.recorded() == nullptr || job.input.imported) {
        s.uuid = name_of_content(job.input.name, images);
    }
    if (s.name.empty()) {
        s.name = job.input.name;
    }
    if (std::isfinite(o.pixel_nm)) {
        s.pixel_size_nm = o.pixel_nm;
    }
    if (std::isfinite(job.composition)) {
        s.composition = job.composition;
    }
    return std::make_shared<const Series>(s);
}

/// All frames of one image or stack through the pipeline; of a recording with results those that the live run saw.
class ImageAnalysis {
public:
    ImageAnalysis(const AnalyzeOptions& o, const AnalyzeJob& job, double direction_rad,
                  std::uint64_t frame_offset, ResultsFile* export_to)
        : o_(o),
          job_(job),
          direction_rad_(direction_rad),
          frame_offset_(frame_offset),
          export_to_(export_to),
          images_(job.input) {
        if (images_.frames() == 0) {
            throw SetupError(job.input.label + ": has no whole frame");
        }
        series_ = describe_image(o, job, images_);
        image_.file = job.input.label;
        begin();
    }

    void run(ImageOutput& out) {
        out.replay = job_.replay;
        const auto& steps = job_.replay.steps();
        const auto frames = steps.empty() ? images_.frames() : steps.size();
        for (std::size_t k = 0; k < frames; ++k) {
            if (!steps.empty() && steps[k].begins && k > 0) {
                begin();
            }
            analyse(steps.empty() ? k : steps[k].frame, k, out);
        }
        if (!frame_.series) {
            return;
        }
        image_.summarise(frame_, last_, *pipeline_);
        out.direction_rad = pipeline_->first_direction_rad();
        out.image = std::move(image_);
    }

private:
    /// A live run chooses its first direction itself.
    void begin() {
        pipeline_ = std::make_unique<Pipeline>(job_.config, series_);
        if (job_.replay.steps().empty()) {
            pipeline_->set_first_direction(direction_rad_);
        }
        result_ = pipeline_->make_result();
    }

    void analyse(std::size_t frame, std::size_t position, ImageOutput& out) {
        Frame next;
        try {
            images_.read(frame, pixels_);
        } catch (const SetupError& e) {
            out.replay.give_up("a frame is damaged");
            out.errors.emplace_back(e.what());
            return;
        }
        to_frame(pixels_, next);
        next.series = series_;
        const auto status = pipeline_->process(next, result_);
        bool as_live = false;
        if (!out.replay.steps().empty()) {
            as_live = out.replay.compare(status == FrameStatus::ok ? result_hash(result_) : 0);
        }
        if (status == FrameStatus::ok) {
            frame_ = std::move(next);
            last_ = result_;
            report(position, out);
        } else if (as_live) {
            out.summary += complaint(next, status) + ", as in the live run\n";
        } else {
            out.errors.push_back(complaint(next, status));
        }
    }

    std::string complaint(const Frame& frame, FrameStatus status) const {
        const auto where = image_.file + ": frame " + std::to_string(frame.number);
        const auto at = find_not_finite(frame.counts);
        return at ? where + " has a value that is not finite at x = " + std::to_string((*at)[0]) +
                        ", y = " + std::to_string((*at)[1]) + "; replace or crop it"
                  : where + ": " + std::string(to_string(status));
    }

    void report(std::size_t position, ImageOutput& out) {
        std::ostringstream summary, table;
        print_summary(summary, image_.file, last_);
        write_atoms(table, last_, frame_offset_ + position);
        out.summary += summary.str();
        out.table += table.str();
        if (export_to_ != nullptr) {
            export_to_->add(frame_offset_ + position, last_, describe(job_.config));
        }
        if (!o_.maps.empty()) {
            const auto& name = job_.input.name;
            draw_pictures(o_.maps,
                          position > 0 ? name + "_frame" + std::to_string(frame_.number) : name,
                          frame_, last_);
        }
        image_.add(last_);
    }

    const AnalyzeOptions& o_;
    const AnalyzeJob& job_;
    double direction_rad_;
    std::uint64_t frame_offset_;
    ResultsFile* export_to_;
    ImageReader images_;
    std::shared_ptr<const Series> series_;
    SeriesImage image_;
    std::unique_ptr<Pipeline> pipeline_;
    RecordedImage pixels_;
    FrameResult result_, last_;  // of the frame at hand; of the last one that gave a result
    Frame frame_;                // that `last_` is of
};

}  // namespace

ImageOutput analyse_image(const AnalyzeOptions& o, const AnalyzeJob& job, double direction_rad,
                          std::uint64_t frame_offset, ResultsFile* export_to) {
    ImageOutput out;
    out.direction_rad = direction_rad;
    try {
        if (!job.error.empty()) {
            throw SetupError(job.error);
        }
        ImageAnalysis(o, job, direction_rad, frame_offset, export_to).run(out);
    } catch (const std::exception& e) {
        out.errors.emplace_back(e.what());
    }
    return out;
}

}  // namespace dwellmap

// SPDX-License-Identifier: Apache-2.0
#include "commands/analyze_job.hpp"

#include "commands/temporary_folder.hpp"
#include "dwellmap/error.hpp"

#include <cmath>

namespace dwellmap {
namespace {

std::vector<std::string> overrides_of(const AnalyzeOptions& o) {
    auto overrides = o.overrides;
    if (!o.species.empty()) {
        std::string list = "specimen.species=[";
        for (const auto& s : o.species) {
            list += "\"" + s + "\",";
        }
        overrides.push_back(list + "]");
    }
    return overrides;
}

/// The option that makes the analysis another one than the live one; empty: none.
std::string changing_option(const AnalyzeOptions& o) {
    return !o.config_file.empty()      ? "--config"
           : !o.overrides.empty()      ? "--set"
           : !o.species.empty()        ? "--species"
           : std::isfinite(o.pixel_nm) ? "--pixel-nm"
           : !o.compositions.empty()   ? "--composition"
                                       : "";
}

/// As the live run analysed it, if the recording knows and no option says otherwise.
void follow_live_run(const AnalyzeOptions& o, AnalyzeJob& job) {
    const auto* recorded = job.input.recorded();
    if (recorded == nullptr || recorded->results.empty()) {
        return;
    }
    job.replay = Replay(*recorded);
    if (const auto option = changing_option(o); !option.empty()) {
        job.replay.give_up(option + " was given, which changes the analysis");
        return;
    }
    try {
        job.config = parse_config(recorded->parameters);
    } catch (const SetupError& e) {
        job.replay.give_up(std::string("this version does not know its settings: ") + e.what());
    }
}

}  // namespace

Config configure(const AnalyzeOptions& o) {
    for (const double x : o.compositions) {
        if (!(x >= 0 && x <= 1)) {
            throw SetupError("--composition must be in [0, 1]: the fraction of the second cation");
        }
    }
    if (std::isfinite(o.pixel_nm) && !(o.pixel_nm >= 1e-4 && o.pixel_nm <= 1)) {
        throw SetupError("--pixel-nm must be in [0.0001, 1] nm");
    }
    return load_config(o.config_file, overrides_of(o));
}

std::vector<AnalyzeJob> find_jobs(const AnalyzeOptions& o, const Config& config) {
    std::vector<AnalyzeJob> jobs;
    for (const auto& file : o.images) {
        try {
            for (auto& input : find_images(file)) {
                AnalyzeJob job;
                job.input = std::move(input);
                job.config = config;
                follow_live_run(o, job);
                jobs.push_back(std::move(job));
            }
        } catch (const SetupError& e) {
            jobs.emplace_back();
            jobs.back().error = e.what();
        }
    }
    const auto n = o.compositions.size();
    if (n > 1 && n != jobs.size()) {
        throw SetupError("--composition has " + std::to_string(n) + " values for " +
                         std::to_string(jobs.size()) +
                         " images: give one for all, or one for each, in order");
    }
    for (std::size_t k = 0; k < jobs.size() && n > 0; ++k) {
        jobs[k].composition = o.compositions[n == 1 ? 0 : k];
    }
    return jobs;
}

}  // namespace dwellmap

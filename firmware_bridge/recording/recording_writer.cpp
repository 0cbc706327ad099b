// SPDX-License-Identifier: Apache-2.0
#include "recording/recording_writer.hpp"

#include "base/utc.hpp"
#include "dwellmap/error.hpp"
#include "recording/growing_dataset.hpp"
#include "recording/recording_layout.hpp"
#include "recording/shuffle_deflate.hpp"
#include "recording/swmr_file.hpp"

#include <zlib.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <map>
#include <optional>
#include <stdexcept>

namespace dwellmap {
namespace {

using hdf5::checked;
using hdf5::Handle;

constexpr std::int32_t kFormatVersion = 1;
constexpr unsigned kSeriesEntries = 64, kSeries = 64;
constexpr hsize_t kEntriesPerChunk = 256;
constexpr hsize_t kRowFlagsPerChunk = 16384;

std::string number_of(std::size_t index) {
    const std::string digits = std::to_string(index);
    return std::string(digits.size() < 4 ? 4 - digits.size() : 0, '0') + digits;
}

/// Of the system, where HDF5 passes it on: "No space left on device".
std::string cause_of(const std::string& hdf5_says) {
    const std::string before = "error message = '";
    const auto begin = hdf5_says.find(before);
    if (begin == std::string::npos) {
        return hdf5_says;
    }
    const auto text = hdf5_says.substr(begin + before.size());
    return text.substr(0, text.find('\''));
}

}  // namespace

struct RecordingWriter::Impl {
    struct OpenSeries {
        Handle group, frames, row_valid, index, blocks;
        std::size_t item_bytes;

        OpenSeries(hid_t file, const StartMessage& start, const Handle& index_entry,
                   const Handle& block_entry, unsigned deflate_level)
            : group(hdf5::new_group(file, kSeriesEntries)),
              frames(hdf5::new_growing(group, "frames", type_of_pixels(start.pixel_type),
                                       {static_cast<hsize_t>(start.series.rows_px),
                                        static_cast<hsize_t>(start.series.cols_px)},
                                       1, {deflate_level})),
              row_valid(hdf5::new_growing(
                  group, "row_valid", H5T_NATIVE_UINT8,
                  {static_cast<hsize_t>(start.series.rows_px)},
                  std::max<hsize_t>(
                      1, kRowFlagsPerChunk / static_cast<hsize_t>(start.series.rows_px)))),
              index(hdf5::new_growing(group, "index", index_entry, {}, kEntriesPerChunk)),
              blocks(hdf5::new_growing(group, "blocks", block_entry, {}, kEntriesPerChunk)),
              item_bytes(size_of(start.pixel_type)) {
            write_start(group, start);
        }
    };

    std::string path;
    unsigned deflate_level;
    Handle index_entry = index_type(), block_entry = block_type(), result_entry = result_type(),
           counters_entry = counters_type();
    std::optional<hdf5::SwmrFile> file;
    std::optional<Handle> counters;
    std::optional<OpenSeries> series;
    std::map<std::string, std::string> groups;  // by uuid: the last series of that name
    std::size_t series_count = 0;
    std::vector<std::byte> compressed;
    bool is_broken = false;  // HDF5 could not write something
    Impl* next_never_closed = nullptr;

    Impl(std::string path_, bool compress)
        : path(std::move(path_)), deflate_level(compress ? kDeflateLevel : 0) {}

    /// @throws std::runtime_error one sentence, if `f` does
    template <class F>
    void guarded(const F& f) {
        hdf5::quiet();
        if (!file || is_broken) {
            explain("it has ended");
        }
        try {
            f();
        } catch (const hdf5::NoRoom& e) {
            explain(e.what());
        } catch (const std::runtime_error& e) {
            is_broken = true;
            explain(cause_of(e.what()));
        }
    }

    [[noreturn]] void explain(const std::string& why) const {
        throw std::runtime_error("recording " + path + ": " + why +
                                 "; what was recorded before is kept");
    }

    void create(const std::string& writer) {
        file.emplace(path);
        hdf5::write_text(file->id(), "format", "dwellmap recording");
        hdf5::write_number(file->id(), "format_version", kFormatVersion);
        hdf5::write_text(file->id(), "writer", writer);
        hdf5::write_text(file->id(), "created", utc_now());
        const Handle all = hdf5::new_group(file->id(), kSeries);
        checked(H5Olink(all, file->id(), "series", H5P_DEFAULT, H5P_DEFAULT), "series");
        counters.emplace(
            hdf5::new_growing(file->id(), "counters", counters_entry, {}, kEntriesPerChunk));
    }

    void append_pixels(const MergedFrame& frame) {
        Bytes chunk = frame.pixels;
        if (deflate_level > 0) {
            shuffle_deflate(frame.pixels, series->item_bytes, compressed);
            chunk = compressed;
        }
        file->require_room(chunk.size());
        hdf5::append_chunk(series->frames, chunk.data(), chunk.size());
    }

    void append(const MergedFrame& frame) {
        RecordedFrame entry = frame.entry;
        entry.crc32 = static_cast<std::uint32_t>(
            crc32_z(0, reinterpret_cast<const Bytef*>(frame.pixels.data()), frame.pixels.size()));
        entry.first_block = hdf5::entries_of(series->blocks);
        entry.block_count = static_cast<std::uint32_t>(frame.blocks.size());
        std::vector<RecordedBlock> blocks = frame.blocks;
        for (auto& block : blocks) {
            block.frame = hdf5::entries_of(series->index);
        }
        append_pixels(frame);
        hdf5::append(series->row_valid, H5T_NATIVE_UINT8, frame.row_valid.data(), 1);
        hdf5::append(series->blocks, block_entry, blocks.data(), blocks.size());
        file->flush();  // before the entry that says so
        hdf5::append(series->index, index_entry, &entry, 1);
        file->flush();
    }
};

RecordingWriter::RecordingWriter(const std::string& path, const std::string& writer, bool compress)
    : impl_(std::make_unique<Impl>(path, compress)) {
    hdf5::quiet();
    const auto refuse = [&](const std::string& why) {
        throw SetupError("cannot record to " + path + ": " + why);
    };
    std::error_code ignored;
    const auto there = std::filesystem::symlink_status(path, ignored);
    if (std::filesystem::exists(there) || std::filesystem::is_symlink(there)) {
        refuse("it is there already, and recordings are never overwritten: choose another name");
    }
    try {
        impl_->create(writer);
        impl_->file->let_readers_in();
    } catch (const std::runtime_error& e) {
        const bool created = impl_->file.has_value();
        impl_.reset();
        if (created) {
            std::filesystem::remove(path, ignored);
        }
        refuse(cause_of(e.what()) + ": choose another folder, or make room on the disk");
    }
}

RecordingWriter::~RecordingWriter() {
    hdf5::quiet();
    if (impl_->is_broken) {
        // HDF5 1.10 frees what it could not close and yet keeps it listed, for the next flush of any file to stumble over
        static std::atomic<Impl*> never_closed;
        impl_->next_never_closed = never_closed.exchange(impl_.get());
        (void)impl_.release();
    }
}

void RecordingWriter::begin_series(const StartMessage& start) {
    impl_->guarded([&] {
        auto& w = *impl_;
        w.series.reset();
        w.series.emplace(w.file->id(), start, w.index_entry, w.block_entry, w.deflate_level);
        const auto group = "/series/" + number_of(w.series_count++);
        w.file->link(w.series->group, group);
        w.groups[start.series.uuid] = group;
    });
}

void RecordingWriter::add_frame(const MergedFrame& frame) {
    impl_->guarded([&] { impl_->append(frame); });
}

void RecordingWriter::begin_analysis(const std::string& uuid, const std::string& parameters,
                                     const std::string& software) {
    impl_->guarded([&] {
        auto& w = *impl_;
        const auto group = w.groups.find(uuid);
        if (group == w.groups.end() || w.file->has(group->second + "/results")) {
            return;
        }
        const Handle at = w.file->open_group(group->second);
        w.file->write_text(at, "parameters", parameters);
        w.file->write_text(at, "software", software);
        const Handle results =
            hdf5::new_growing(w.file->id(), nullptr, w.result_entry, {}, kEntriesPerChunk);
        w.file->link(results, group->second + "/results");
    });
}

void RecordingWriter::add_result(const std::string& uuid, const RecordedResult& result) {
    impl_->guarded([&] {
        auto& w = *impl_;
        const auto group = w.groups.find(uuid);
        if (group == w.groups.end() || !w.file->has(group->second + "/results")) {
            return;
        }
        const auto name = group->second + "/results";
        const Handle results(H5Dopen2(w.file->id(), name.c_str(), H5P_DEFAULT), name);
        hdf5::append(results, w.result_entry, &result, 1);
        w.file->flush();
    });
}

void RecordingWriter::add_counters(std::int64_t time_ns, const Counters& counters,
                                   std::uint64_t dropped) {
    impl_->guarded([&] {
        const CountersEntry entry{time_ns, counters, dropped};
        hdf5::append(*impl_->counters, impl_->counters_entry, &entry, 1);
        impl_->file->flush();
    });
}

void RecordingWriter::end_series(const EndMessage& end) {
    impl_->guarded([&] {
        auto& w = *impl_;
        if (!w.series) {
            return;
        }
        w.file->write_text(w.series->group, "end_reason", std::string(end.reason));
        if (end.frames_sent > 0) {
            hdf5::write_number(w.series->group, "frames_sent", end.frames_sent);
            hdf5::write_number(w.series->group, "frames_dropped", end.frames_dropped);
        }
        w.series.reset();
        w.file->flush();
    });
}

void RecordingWriter::close() {
    impl_->guarded([&] {
        auto& w = *impl_;
        w.series.reset();
        w.counters.reset();
        w.file->flush();
        w.file.reset();
    });
}

std::uint64_t RecordingWriter::bytes() const noexcept {
    return impl_->file ? impl_->file->bytes() : 0;
}

}  // namespace dwellmap

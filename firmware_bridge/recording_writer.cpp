// SPDX-License-Identifier: Apache-2.0
#include "dwellmap/recording_writer.hpp"

#include "dwellmap/error.hpp"
#include "dwellmap/utc.hpp"
#include "growing_dataset.hpp"
#include "recording_layout.hpp"
#include "shuffle_deflate.hpp"

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
constexpr unsigned kNeverDense = 65535;
constexpr unsigned kSeriesEntries = 64, kSeries = 64;
constexpr hsize_t kEntriesPerChunk = 256;
constexpr hsize_t kRowFlagsPerChunk = 16384;
constexpr std::uintmax_t kReserve = std::uintmax_t{16} << 20;  // bytes, to close the file with

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

/// Found before HDF5 was asked to write: the file is as it was, and can be closed.
struct NoRoom : std::runtime_error {
    using std::runtime_error::runtime_error;
};

void quiet() { H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr); }  // of this thread: errors are thrown

hid_t new_file(const std::string& path) {
    const Handle access(H5Pcreate(H5P_FILE_ACCESS), "file");
    checked(H5Pset_libver_bounds(access, H5F_LIBVER_V110, H5F_LIBVER_V110), "file");
    checked(H5Pset_file_locking(access, false, true), "file");  // or readers would be locked out
    return checked(H5Fcreate(path.c_str(), H5F_ACC_EXCL, H5P_DEFAULT, access), "file");
}

/// A group whose links and attributes, 40 bytes each or so, stay in one block of the file: that is replaced as a whole, while
/// with several ones a crash could come between them.
/// @param entries  links and attributes that there is room for; more are possible
Handle new_group(hid_t file, unsigned entries) {
    const Handle plan(H5Pcreate(H5P_GROUP_CREATE), "group");
    checked(H5Pset_link_phase_change(plan, kNeverDense, 0), "group");
    checked(H5Pset_attr_phase_change(plan, kNeverDense, 0), "group");
    checked(H5Pset_est_link_info(plan, entries, 24), "group");
    return {H5Gcreate_anon(file, plan, H5P_DEFAULT), "group"};
}

}  // namespace

/// Objects are made in none and linked when they are whole and in the file: a reader, and a crash, find all of them or nothing.
struct RecordingWriter::Impl {
    struct OpenSeries {
        Handle group, frames, row_valid, index, blocks;
        std::size_t item_bytes;

        OpenSeries(hid_t file, const StartMessage& start, const Handle& index_entry,
                   const Handle& block_entry, unsigned deflate_level)
            : group(new_group(file, kSeriesEntries)),
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
    std::optional<Handle> file, counters;
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
        quiet();
        if (!file || is_broken) {
            explain("it has ended");
        }
        try {
            f();
        } catch (const NoRoom& e) {
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
        file.emplace(new_file(path), "file");
        hdf5::write_text(*file, "format", "dwellmap recording");
        hdf5::write_number(*file, "format_version", kFormatVersion);
        hdf5::write_text(*file, "writer", writer);
        hdf5::write_text(*file, "created", utc_now());
        const Handle all = new_group(*file, kSeries);
        checked(H5Olink(all, *file, "series", H5P_DEFAULT, H5P_DEFAULT), "series");
        counters.emplace(
            hdf5::new_growing(*file, "counters", counters_entry, {}, kEntriesPerChunk));
    }

    void flush() const { checked(H5Fflush(*file, H5F_SCOPE_LOCAL), "flush"); }

    void link(hid_t object, const std::string& name) const {
        flush();
        checked(H5Olink(object, *file, name.c_str(), H5P_DEFAULT, H5P_DEFAULT), "link");
        flush();
    }

    /// Texts are kept apart from the group that names them, and come into the file later: the name is right when both are there.
    void write_text(hid_t group, const char* name, const std::string& text) const {
        const std::string provisional = std::string(name) + ".part";
        hdf5::write_text(group, provisional.c_str(), text);
        flush();
        checked(H5Arename(group, provisional.c_str(), name), name);
        flush();
    }

    bool has(const std::string& name) const {
        return checked(H5Lexists(*file, name.c_str(), H5P_DEFAULT), "link") > 0;
    }

    void require_room(std::size_t size) const {
        std::error_code error;
        const auto room = std::filesystem::space(path, error).available;
        if (!error && room < size + kReserve) {
            throw NoRoom("the disk is full, " + std::to_string(room >> 20) +
                         " MiB are left: make room, or record to another disk");
        }
    }

    void append_pixels(const MergedFrame& frame) {
        Bytes chunk = frame.pixels;
        if (deflate_level > 0) {
            shuffle_deflate(frame.pixels, series->item_bytes, compressed);
            chunk = compressed;
        }
        require_room(chunk.size());
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
        flush();  // before the entry that says so
        hdf5::append(series->index, index_entry, &entry, 1);
        flush();
    }

    Handle open(const std::string& group) const {
        return {H5Gopen2(*file, group.c_str(), H5P_DEFAULT), group};
    }
};

RecordingWriter::RecordingWriter(const std::string& path, const std::string& writer, bool compress)
    : impl_(std::make_unique<Impl>(path, compress)) {
    quiet();
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
        checked(H5Fstart_swmr_write(*impl_->file), "start");
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
    quiet();
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
        w.series.emplace(*w.file, start, w.index_entry, w.block_entry, w.deflate_level);
        const auto group = "/series/" + number_of(w.series_count++);
        w.link(w.series->group, group);
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
        if (group == w.groups.end() || w.has(group->second + "/results")) {
            return;
        }
        const Handle at = w.open(group->second);
        w.write_text(at, "parameters", parameters);
        w.write_text(at, "software", software);
        const Handle results =
            hdf5::new_growing(*w.file, nullptr, w.result_entry, {}, kEntriesPerChunk);
        w.link(results, group->second + "/results");
    });
}

void RecordingWriter::add_result(const std::string& uuid, const RecordedResult& result) {
    impl_->guarded([&] {
        auto& w = *impl_;
        const auto group = w.groups.find(uuid);
        if (group == w.groups.end() || !w.has(group->second + "/results")) {
            return;
        }
        const auto name = group->second + "/results";
        const Handle results(H5Dopen2(*w.file, name.c_str(), H5P_DEFAULT), name);
        hdf5::append(results, w.result_entry, &result, 1);
        w.flush();
    });
}

void RecordingWriter::add_counters(std::int64_t time_ns, const Counters& counters,
                                   std::uint64_t dropped) {
    impl_->guarded([&] {
        const CountersEntry entry{time_ns, counters, dropped};
        hdf5::append(*impl_->counters, impl_->counters_entry, &entry, 1);
        impl_->flush();
    });
}

void RecordingWriter::end_series(const EndMessage& end) {
    impl_->guarded([&] {
        auto& w = *impl_;
        if (!w.series) {
            return;
        }
        w.write_text(w.series->group, "end_reason", std::string(end.reason));
        if (end.frames_sent > 0) {
            hdf5::write_number(w.series->group, "frames_sent", end.frames_sent);
            hdf5::write_number(w.series->group, "frames_dropped", end.frames_dropped);
        }
        w.series.reset();
        w.flush();
    });
}

void RecordingWriter::close() {
    impl_->guarded([&] {
        auto& w = *impl_;
        w.series.reset();
        w.counters.reset();
        w.flush();
        w.file.reset();
    });
}

std::uint64_t RecordingWriter::bytes() const noexcept {
    hsize_t size = 0;
    return impl_->file && H5Fget_filesize(*impl_->file, &size) >= 0 ? size : 0;
}

}  // namespace dwellmap

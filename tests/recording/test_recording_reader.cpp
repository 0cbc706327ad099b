// SPDX-License-Identifier: Apache-2.0
#include "dwellmap/error.hpp"
#include "dwellmap/recording_reader.hpp"
#include "recording/hdf5_io.hpp"
#include "support/folder.hpp"
#include "support/recordings.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <functional>

using namespace dwellmap;
using namespace dwellmap::testing;
using Catch::Matchers::Contains;

namespace {

constexpr int kRows = 12, kCols = 20;

StartMessage full_start() {
    auto m = start_message(kRows, kCols);
    auto& s = m.series;
    s.specimen = "MoReS2";
    s.channel = "HAADF";
    s.expected_frames = 9;
    s.rotation_rad = 0.25;
    s.dwell_us = 0.1;  // has no exact binary form
    s.line_us = 12.5;
    s.flyback_us = 2.5;
    s.high_tension_v = 60000;
    s.composition = 0.3;
    m.wall_time_ns = 1'700'000'000'000'000'001;
    m.offset_x_nm = -3;
    m.offset_y_nm = 4;
    m.provenance = "{\"by\":\"test\"}";
    return m;
}

/// Changes a recording in HDF5's own terms.
void change(const std::string& path, const std::function<void(hid_t)>& how) {
    const hdf5::Handle file(H5Fopen(path.c_str(), H5F_ACC_RDWR, H5P_DEFAULT), path);
    how(file);
}

void set_text(hid_t file, const char* at, const char* name, const std::string& value) {
    const hdf5::Handle object(H5Oopen(file, at, H5P_DEFAULT), at);
    H5Adelete(object, name);
    hdf5::write_text(object, name, value);
}

void set_number(hid_t file, const char* at, const char* name, double value) {
    const hdf5::Handle object(H5Oopen(file, at, H5P_DEFAULT), at);
    H5Adelete(object, name);
    hdf5::write_number(object, name, value);
}

/// Where in the file the bytes of a frame are.
std::streamoff offset_of(const std::string& path, const std::vector<std::byte>& pixels) {
    std::ifstream file(path, std::ios::binary);
    const std::string all(std::istreambuf_iterator<char>(file), {});
    const auto at = all.rfind(std::string(reinterpret_cast<const char*>(pixels.data()), 64));
    REQUIRE(at != std::string::npos);
    return static_cast<std::streamoff>(at);
}

void flip_bit(const std::string& path, std::streamoff at) {
    std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
    file.seekg(at);
    const auto byte = static_cast<char>(file.get() ^ 16);
    file.seekp(at);
    file.put(byte);
}

}  // namespace

TEST_CASE("a recording gives back what was recorded", "[recording]") {
    const Folder folder;
    const auto path = folder / "session.h5";
    write_recording(path, full_start(), 3);
    CHECK(is_recording(path));
    const RecordingReader reader(path);
    CHECK(reader.closed());
    REQUIRE(reader.series().size() == 1);
    const auto& s = reader.series()[0];
    CHECK(s.group == "0000");
    CHECK(s.end_reason == "done");
    CHECK(s.frames_sent == 3);
    const auto sent = full_start();
    CHECK(encode(s.start, {1, 2}) == encode(sent, {1, 2}));  // every field of it
    REQUIRE(s.index.size() == 3);
    REQUIRE(s.blocks.size() == 9);
    CHECK(s.index[2].first_block == 6);
    CHECK(s.blocks[7].first_row == 4);
    CHECK(s.blocks[7].received_ns == kBegin_ns + 7'000'000);
    for (std::uint64_t k = 0; k < 3; ++k) {
        RecordedImage image;
        reader.read(0, k, image);
        Frame frame;
        to_frame(image, frame);
        CHECK(frame.number == k);
        CHECK(frame.complete);
        CHECK(frame.rows_valid == kRows);
        CHECK((frame.counts == picture(k, kRows, kCols)).all());
    }
}

TEST_CASE("what is not known is absent, also after it was recorded", "[recording]") {
    const Folder folder;
    const auto path = folder / "session.h5";
    auto start = start_message(kRows, kCols);
    start.series.pixel_size_nm = std::numeric_limits<double>::quiet_NaN();
    write_recording(path, start, 1);
    const RecordingReader reader(path);
    CHECK(encode(reader.series()[0].start, {1, 2}) == encode(start, {1, 2}));
}

TEST_CASE("every pixel type comes back bit for bit, compressed or not", "[recording]") {
    const auto type = GENERATE(PixelType::u8, PixelType::u16, PixelType::u32, PixelType::i16,
                               PixelType::i32, PixelType::f32, PixelType::f64);
    const bool compress = GENERATE(false, true);
    const Folder folder;
    const auto path = folder / "session.h5";
    MergedFrame frame = recorded_frame(5, Image::Zero(kRows, kCols), 4, kBegin_ns, 1000);
    frame.pixels.resize(kRows * kCols * size_of(type));
    for (std::size_t k = 0; k < frame.pixels.size(); ++k) {
        frame.pixels[k] = static_cast<std::byte>(k * 37 % 251);
    }
    {
        RecordingWriter writer(path, "test", compress);
        writer.begin_series(start_message(kRows, kCols, type));
        writer.add_frame(frame);
    }
    RecordedImage image;
    RecordingReader(path).read(0, 0, image);
    CHECK(image.type == type);
    CHECK(image.pixels == frame.pixels);
    CHECK(image.number == 5);
}

TEST_CASE("rows that never came are 0 and not valid", "[recording]") {
    const Folder folder;
    const auto path = folder / "session.h5";
    auto frame = recorded_frame(0, picture(0, kRows, kCols), 4, kBegin_ns, 1000);
    lose_rows(frame, 4, 4);
    {
        RecordingWriter writer(path, "test", false);
        writer.begin_series(start_message(kRows, kCols));
        writer.add_frame(frame);
    }
    RecordedImage image;
    RecordingReader(path).read(0, 0, image);
    Frame out;
    to_frame(image, out);
    CHECK(out.rows_valid == 8);
    CHECK(out.row_valid[3] == 1);
    CHECK(out.row_valid[4] == 0);
    CHECK((out.counts.middleRows(4, 4) == 0).all());
    CHECK(out.counts(3, 2) == pixel(0, 3, 2));
}

TEST_CASE("a recording can be read while it is written", "[recording]") {
    const Folder folder;
    const auto path = folder / "session.h5";
    RecordingWriter writer(path, "test", false);
    writer.begin_series(start_message(kRows, kCols));
    writer.add_frame(recorded_frame(0, picture(0, kRows, kCols), 4, kBegin_ns, 1000));
    const auto copy = folder / "copy.h5";  // the bytes that a crash would leave
    std::filesystem::copy_file(path, copy);
    const RecordingReader reader(copy);
    CHECK_FALSE(reader.closed());
    REQUIRE(reader.series().at(0).index.size() == 1);
    RecordedImage image;
    CHECK_NOTHROW(reader.read(0, 0, image));
}

TEST_CASE("a flipped bit costs its frame, which is named, and no other", "[recording]") {
    const Folder folder;
    const auto path = folder / "session.h5";
    write_recording(path, start_message(kRows, kCols), 3);
    RecordedImage image;
    RecordingReader(path).read(0, 1, image);
    flip_bit(path, offset_of(path, image.pixels));
    const RecordingReader reader(path);
    CHECK_THROWS_WITH(reader.read(0, 1, image),
                      Contains("session.h5: series/0000/frames[1]") && Contains("checksum"));
    CHECK_NOTHROW(reader.read(0, 0, image));
    CHECK_NOTHROW(reader.read(0, 2, image));
}

TEST_CASE("of a cut file the frames that are there can be read", "[recording]") {
    const Folder folder;
    const auto path = folder / "session.h5";
    write_recording(path, start_message(256, 256), 3, 64);
    RecordedImage image;
    RecordingReader(path).read(0, 2, image);
    std::filesystem::resize_file(path,
                                 static_cast<std::uintmax_t>(offset_of(path, image.pixels) + 1000));
    const RecordingReader reader(path);
    CHECK_FALSE(reader.closed());
    CHECK_NOTHROW(reader.read(0, 0, image));
    CHECK_NOTHROW(reader.read(0, 1, image));
    CHECK_THROWS_WITH(reader.read(0, 2, image), Contains("frames[2]"));
}

TEST_CASE("what is no recording is refused by name", "[recording]") {
    const Folder folder;
    const auto path = folder / "session.h5";
    CHECK_FALSE(is_recording(path));
    CHECK_THROWS_WITH(RecordingReader(path), Contains(path) && Contains("No such file"));
    std::ofstream(path) << "nothing of the kind";
    CHECK_FALSE(is_recording(path));
    CHECK_THROWS_WITH(RecordingReader(path), Contains(path) && Contains("HDF5"));
    std::filesystem::resize_file(path, 0);
    CHECK_THROWS_WITH(RecordingReader(path), Contains("is empty"));
}

TEST_CASE("a damaged field is named", "[recording]") {
    const auto [how, expected] = GENERATE(table<std::function<void(hid_t)>, std::string>({
        {[](hid_t f) { set_text(f, "/", "format", "another"); }, "no recording"},
        {[](hid_t f) { set_number(f, "/", "format_version", 2); }, "format_version is 2"},
        {[](hid_t f) { H5Ldelete(f, "series", H5P_DEFAULT); }, "series is missing"},
        {[](hid_t f) { H5Ldelete(f, "series/0000/index", H5P_DEFAULT); },
         "series/0000: index is missing"},
        {[](hid_t f) { H5Ldelete(f, "series/0000/frames", H5P_DEFAULT); },
         "series/0000: frames is missing"},
        {[](hid_t f) { H5Ldelete(f, "series/0000/row_valid", H5P_DEFAULT); },
         "row_valid is missing"},
        {[](hid_t f) { H5Ldelete(f, "series/0000/blocks", H5P_DEFAULT); }, "blocks is missing"},
        {[](hid_t f) {
             H5Ldelete(f, "series/0000/index", H5P_DEFAULT);
             H5Lcreate_soft("/series/0000/blocks", f, "series/0000/index", H5P_DEFAULT,
                            H5P_DEFAULT);
         },
         "index has no whole number \"number\""},
        {[](hid_t f) { set_text(f, "series/0000", "uuid", "no uuid"); }, "uuid must be"},
        {[](hid_t f) { set_text(f, "series/0000", "name", "a\nb"); }, "name must be text"},
        {[](hid_t f) { set_text(f, "series/0000", "pixel_type", "f16"); }, "pixel_type \"f16\""},
        {[](hid_t f) { set_text(f, "series/0000", "pixel_type", "u32"); },
         "frames is not of the type"},
        {[](hid_t f) { set_number(f, "series/0000", "rows_px", 1e9); }, "rows_px must be"},
        {[](hid_t f) { set_number(f, "series/0000", "cols_px", 24); }, "frames has not"},
        {[](hid_t f) { set_number(f, "series/0000", "pixel_size_nm", 0); },
         "pixel_size_nm must be"},
        {[](hid_t f) { set_number(f, "series/0000", "composition", 2); }, "composition must be"},
    }));
    CAPTURE(expected);
    const Folder folder;
    const auto path = folder / "session.h5";
    write_recording(path, start_message(kRows, kCols), 2);
    change(path, how);
    CHECK_THROWS_WITH(RecordingReader(path), Contains("session.h5: ") && Contains(expected));
}

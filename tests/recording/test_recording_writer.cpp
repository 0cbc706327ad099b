// SPDX-License-Identifier: Apache-2.0
#include "dwellmap/error.hpp"
#include "dwellmap/recording_reader.hpp"
#include "recording/recording_writer.hpp"
#include "support/folder.hpp"
#include "support/stream.hpp"

#include <catch2/catch.hpp>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <random>

using namespace dwellmap;
using namespace dwellmap::testing;
using Catch::Matchers::Contains;

namespace {

constexpr int kRows = 12, kCols = 9;

/// Any bits, also NaN; the middle row never came.
MergedFrame random_frame(std::uint64_t number, PixelType type, unsigned seed) {
    std::mt19937 random(seed);
    MergedFrame f;
    f.entry.number = number;
    f.entry.rows_valid = kRows - 1;
    f.entry.blocks_lost = 3;
    f.pixels.resize(kRows * kCols * size_of(type));
    for (auto& byte : f.pixels) {
        byte = static_cast<std::byte>(random());
    }
    f.row_valid.assign(kRows, 1);
    f.row_valid[kRows / 2] = 0;
    for (std::uint32_t row = 0; row < kRows; row += 4) {
        f.blocks.push_back({.first_row = row,
                            .row_count = 4,
                            .complete = row == 8 ? std::uint8_t{1} : std::uint8_t{0},
                            .acquired_ns = -7,
                            .sent_wall_ns = 1'700'000'000'000'000'000 + row,
                            .received_ns = static_cast<std::int64_t>(number * 100 + row)});
    }
    return f;
}

StartMessage full_start(PixelType type) {
    auto start = start_message(kRows, kCols, type);
    start.series.specimen = "Mo\u2081\u208b\u2093Re\u2093S\u2082";
    start.series.channel = "HAADF";
    start.series.expected_frames = 40;
    start.series.line_us = 900;
    start.wall_time_ns = 1'790'000'000'000'000'000;
    start.offset_x_nm = -3.5;
    start.provenance = R"({"instrument": "simulated"})";
    return start;
}

EndMessage end_message() {
    EndMessage end;
    end.reason = "done";
    end.frames_sent = 5;
    end.frames_dropped = 2;
    return end;
}

}  // namespace

TEST_CASE("a recording gives the frames back bit for bit") {
    const bool compress = GENERATE(false, true);
    const auto type = GENERATE(PixelType::u8, PixelType::u16, PixelType::u32, PixelType::i16,
                               PixelType::i32, PixelType::f32, PixelType::f64);
    CAPTURE(compress, static_cast<int>(type));
    const Folder folder;
    const auto path = folder / "session.h5";
    RecordingWriter writer(path, "test 1", compress);
    writer.begin_series(full_start(type));
    for (unsigned k = 0; k < 3; ++k) {
        writer.add_frame(random_frame(10 + 2 * k, type, k));
    }
    writer.end_series(end_message());
    writer.close();

    const RecordingReader reader(path);
    REQUIRE(reader.closed());
    REQUIRE(reader.series().size() == 1);
    REQUIRE(reader.series()[0].index.size() == 3);
    RecordedImage image;
    for (unsigned k = 0; k < 3; ++k) {
        const auto expected = random_frame(10 + 2 * k, type, k);
        reader.read(0, k, image);
        CHECK(image.number == expected.entry.number);
        CHECK(image.pixels == expected.pixels);
        CHECK(image.row_valid == expected.row_valid);
    }
}

TEST_CASE("what is known of a series comes with it, and nothing else") {
    const Folder folder;
    const auto path = folder / "session.h5";
    RecordingWriter writer(path, "test 1", false);
    writer.begin_series(full_start(PixelType::u16));
    writer.add_frame(random_frame(4, PixelType::u16, 1));
    writer.add_frame(random_frame(5, PixelType::u16, 2));
    writer.end_series(end_message());
    writer.close();

    const auto s = RecordingReader(path).series().at(0);
    const auto expected = full_start(PixelType::u16);
    CHECK(s.start.series.uuid == kUuid);
    CHECK(s.start.series.specimen == expected.series.specimen);
    CHECK(s.start.series.channel == "HAADF");
    CHECK(s.start.series.expected_frames == 40);
    CHECK(s.start.series.pixel_size_nm == 0.0125);
    CHECK(std::isnan(s.start.series.dwell_us));
    CHECK(s.start.wall_time_ns == expected.wall_time_ns);
    CHECK(s.start.offset_x_nm == -3.5);
    CHECK(s.start.provenance == expected.provenance);
    CHECK(s.end_reason == "done");
    CHECK(s.frames_sent == 5);
    CHECK(s.frames_dropped == 2);
    REQUIRE(s.blocks.size() == 6);
    CHECK(s.index[1].first_block == 3);
    CHECK(s.index[1].block_count == 3);
    CHECK(s.index[1].blocks_lost == 3);
    CHECK(s.index[1].complete == 0);
    CHECK(s.blocks[5].frame == 1);
    CHECK(s.blocks[5].received_ns == 508);
    CHECK(s.blocks[5].acquired_ns == -7);
}

TEST_CASE("results go to the series whose analysis was announced, also when it has ended") {
    const Folder folder;
    const auto path = folder / "session.h5";
    RecordingWriter writer(path, "test 1", false);
    writer.begin_series(start_message(kRows, kCols));
    writer.begin_analysis(kUuid, "threads = 2\n", "dwellmap 9");
    writer.add_frame(random_frame(0, PixelType::f32, 1));
    writer.begin_series(start_message(kRows, kCols, PixelType::f32, kOtherUuid));
    writer.add_result(kUuid, {.number = 0, .position = 0, .hash = 0xfedcba9876543210});
    writer.add_result(kOtherUuid, {.number = 0, .position = 0, .hash = 1});
    writer.add_result("00000000-0000-0000-0000-000000000000", {});
    writer.close();

    const RecordingReader reader(path);
    REQUIRE(reader.series().size() == 2);
    REQUIRE(reader.series()[0].results.size() == 1);
    CHECK(reader.series()[0].results[0].hash == 0xfedcba9876543210);
    CHECK(reader.series()[0].parameters == "threads = 2\n");
    CHECK(reader.series()[0].software == "dwellmap 9");
    CHECK(reader.series()[1].results.empty());
}

TEST_CASE("a recording being written can be read, frame by frame") {
    const Folder folder;
    const auto path = folder / "session.h5";
    RecordingWriter writer(path, "test 1", GENERATE(false, true));
    for (const auto& uuid : {kUuid, kOtherUuid}) {
        writer.begin_series(start_message(kRows, kCols, PixelType::f32, uuid));
        for (unsigned k = 0; k < 3; ++k) {
            writer.add_frame(random_frame(k, PixelType::f32, k));
            const auto copy = folder / "as_after_a_crash.h5";  // what a killed writer leaves
            std::filesystem::copy_file(path, copy,
                                       std::filesystem::copy_options::overwrite_existing);
            const RecordingReader reader(copy);
            CHECK_FALSE(reader.closed());
            RecordedImage image;
            reader.read(reader.series().size() - 1, k, image);
            CHECK(image.pixels == random_frame(k, PixelType::f32, k).pixels);
        }
    }
}

TEST_CASE("nothing is overwritten, and nothing is left where no recording can be") {
    const Folder folder;
    const auto there = folder / "there.h5", link = folder / "link.h5", target = folder / "target";
    std::ofstream(there) << "precious";
    std::filesystem::create_symlink(target, link);
    const auto refusal = [](const std::string& path) {
        try {
            const RecordingWriter writer(path, "test 1", false);
        } catch (const SetupError& e) {
            return std::string(e.what());
        }
        return std::string("accepted");
    };
    CHECK_THAT(refusal(there), Contains(there) && Contains("never overwritten"));
    CHECK(std::filesystem::file_size(there) == 8);
    CHECK_THAT(refusal(link), Contains("never overwritten"));
    CHECK_FALSE(std::filesystem::exists(target));
    CHECK_THAT(refusal(folder / "none/session.h5"), Contains("No such file or directory"));
    CHECK_FALSE(std::filesystem::exists(folder / "none"));
}

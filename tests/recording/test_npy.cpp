// SPDX-License-Identifier: Apache-2.0
#include "dwellmap/error.hpp"
#include "recording/npy.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cstring>
#include <filesystem>

using namespace dwellmap;
using Catch::Matchers::Contains;

namespace {

/// A file that is gone after the test.
struct TemporaryFile {
    std::string path;
    explicit TemporaryFile(const std::string& content)
        : path((std::filesystem::temp_directory_path() /
                ("dwellmap_" + std::to_string(std::rand()) + ".npy"))
                   .string()) {
        std::ofstream(path, std::ios::binary) << content;
    }
    ~TemporaryFile() { std::filesystem::remove(path); }
};

std::string header(int version, const std::string& dictionary) {
    std::string s = "\x93NUMPY";
    s += static_cast<char>(version);
    s += '\0';
    for (int i = 0; i < (version == 1 ? 2 : 4); ++i) {
        s += static_cast<char>(dictionary.size() >> (8 * i) & 0xFF);
    }
    return s + dictionary;
}

std::string dictionary(const std::string& dtype, const std::string& shape, bool fortran = false) {
    return "{'descr': '" + dtype + "', 'fortran_order': " + (fortran ? "True" : "False") +
           ", 'shape': " + shape + ", }   \n";
}

/// Pixel (k, y, x) of the test stack: fits every type.
int value(int k, int y, int x) { return (k * 31 + y * 7 + x) % 100; }

template <class T>
std::string data(int frames, int rows, int cols, bool fortran, bool big_endian) {
    std::string s;
    const auto add = [&](int k, int y, int x) {
        const auto v = static_cast<T>(value(k, y, x));
        std::string bytes(reinterpret_cast<const char*>(&v), sizeof v);
        if (big_endian) {
            std::reverse(bytes.begin(), bytes.end());
        }
        s += bytes;
    };
    const int outer = fortran ? cols : frames, inner = fortran ? frames : cols;
    for (int a = 0; a < outer; ++a) {
        for (int y = 0; y < rows; ++y) {
            for (int b = 0; b < inner; ++b) {
                fortran ? add(b, y, a) : add(a, y, b);
            }
        }
    }
    return s;
}

template <class T>
void check_reads(const std::string& type) {
    const bool fortran = GENERATE(false, true), big_endian = GENERATE(false, true);
    const int version = GENERATE(1, 2, 3);
    CAPTURE(type, fortran, big_endian, version);
    const TemporaryFile f(
        header(version, dictionary((big_endian ? ">" : "<") + type, "(3, 8, 9)", fortran)) +
        data<T>(3, 8, 9, fortran, big_endian));
    NpyFile npy(f.path);
    REQUIRE(npy.frames() == 3);
    REQUIRE(npy.rows() == 8);
    REQUIRE(npy.cols() == 9);
    Image image;
    for (const int k : {2, 0, 1}) {
        npy.read(k, image);
        for (int y = 0; y < 8; ++y) {
            for (int x = 0; x < 9; ++x) {
                REQUIRE(image(y, x) == static_cast<float>(value(k, y, x)));
            }
        }
    }
}

void check_refused(const std::string& content, const std::string& why) {
    const TemporaryFile f(content);
    CHECK_THROWS_WITH(NpyFile(f.path), Contains(f.path) && Contains(why));
}

}  // namespace

TEST_CASE("stacks of every number type are read, in either order") {
    SECTION("u1") { check_reads<std::uint8_t>("u1"); }
    SECTION("i1") { check_reads<std::int8_t>("i1"); }
    SECTION("u2") { check_reads<std::uint16_t>("u2"); }
    SECTION("i2") { check_reads<std::int16_t>("i2"); }
    SECTION("u4") { check_reads<std::uint32_t>("u4"); }
    SECTION("i4") { check_reads<std::int32_t>("i4"); }
    SECTION("u8") { check_reads<std::uint64_t>("u8"); }
    SECTION("i8") { check_reads<std::int64_t>("i8"); }
    SECTION("f4") { check_reads<float>("f4"); }
    SECTION("f8") { check_reads<double>("f8"); }
}

TEST_CASE("an image is a stack of one; booleans are 0 and 1") {
    const bool fortran = GENERATE(false, true);
    const TemporaryFile f(header(1, dictionary("|b1", "(8, 10)", fortran)) + std::string(79, '\0') +
                          '\1');
    NpyFile npy(f.path);
    CHECK(npy.frames() == 1);
    Image image;
    npy.read(0, image);
    CHECK(image.rows() == 8);
    CHECK(image.cols() == 10);
    CHECK(image.sum() == 1);
    CHECK(image(7, 9) == 1);
}

TEST_CASE("what cannot be read is refused with the file's name and the reason") {
    const std::string pixels(8 * 8 * 4, '\0');
    check_refused("", "cannot be read, or is empty");
    check_refused("GIF89a and more", "not a .npy file");
    check_refused("\x93NUMPY", "not a .npy file");
    check_refused(header(4, dictionary("<f4", "(8, 8)")) + pixels, "version 4");
    check_refused(header(1, dictionary("<f4", "(8, 8)")).substr(0, 30), "the file ends in it");
    check_refused(header(1, dictionary("<f4", "(8, 8)")) + pixels.substr(1),
                  "cut off, has 255 of 256 bytes");
    check_refused(header(1, dictionary("<c8", "(8, 8)")) + pixels, "complex");
    check_refused(header(1, dictionary("|O", "(8, 8)")) + pixels, "objects");
    check_refused(header(1, dictionary("<U4", "(8, 8)")) + pixels, "text");
    check_refused(header(1, dictionary("<f2", "(8, 8)")) + pixels, "float32");
    check_refused(header(1, dictionary("<f16", "(8, 8)")) + pixels, "float32");
    check_refused(header(1, "{'descr': [('x', '<f4')], 'fortran_order': False, 'shape': (8, 8)}"),
                  "records");
    check_refused(header(1, dictionary("<f4", "(64,)")) + pixels, "expected an image");
    check_refused(header(1, dictionary("<f4", "()")) + pixels, "expected an image");
    check_refused(header(1, dictionary("<f4", "(1, 1, 8, 8)")) + pixels, "expected an image");
    check_refused(header(1, dictionary("<f4", "(8, 3)")) + pixels, "8 to 16384");
    check_refused(header(1, dictionary("<f4", "(99999999999999999999, 8)")) + pixels, "8 to 16384");
    check_refused(header(1, dictionary("<f4", "(0, 8, 8)")), "frames");
    check_refused(header(1, "{'descr': '<f4', 'shape': (8, 8)}") + pixels, "fortran_order");
    check_refused(header(1, "{'descr': '<f4', 'fortran_order': False}") + pixels, "shape");
    check_refused(header(1, "{'fortran_order': False, 'shape': (8, 8)}") + pixels, "descr");
    CHECK_THROWS_WITH(NpyFile("/nonexistent/image.npy"), Contains("/nonexistent/image.npy"));
    CHECK_THROWS_AS(NpyFile("/"), SetupError);
}

TEST_CASE("NaN is kept, and found as (x, y)") {
    Image image = Image::Zero(8, 9);
    CHECK_FALSE(find_not_finite(image));
    image(5, 2) = kNaN;
    image(7, 0) = std::numeric_limits<float>::infinity();
    CHECK(find_not_finite(image) == std::array{2, 5});
}

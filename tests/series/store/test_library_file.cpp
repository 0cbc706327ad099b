// SPDX-License-Identifier: Apache-2.0
#include "dwellmap/library_file.hpp"

#include "dwellmap/error.hpp"
#include "store/library_hdf5.hpp"
#include "support/fields.hpp"
#include "support/folder.hpp"

#include <catch2/catch.hpp>

#include <sys/resource.h>
#include <zlib.h>

#include <csignal>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <utility>

using namespace dwellmap;
using Catch::Matchers::Contains;
using testing::Folder;
using testing::random_field;
using testing::same;
using testing::shared;
namespace fs = std::filesystem;

namespace {

Library library_with(int fields, int neighbours) {
    Library library;
    for (int k = 0; k < fields; ++k) {
        library.put(shared(random_field("field " + std::to_string(k), 20 * k, neighbours,
                                        static_cast<unsigned>(k))));
    }
    return library;
}

std::string text_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

/// The bytes of a library of another version of the format, otherwise right.
std::vector<std::byte> of_version_2() {
    auto bytes = to_hdf5(library_with(1, 6));
    std::string text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    const std::string name("version\0", 8);
    const auto value = text.find(name) + name.size() + 16 + 8;  // after its type and its shape
    REQUIRE(text[value] == 1);
    text[value] = 2;
    const auto crc =
        crc32_z(0, reinterpret_cast<const Bytef*>(text.data()) + 512, text.size() - 512);
    char head[32];
    const int size = std::snprintf(head, sizeof head, "crc32 %lx\n", crc);
    text.replace(text.find("crc32"), static_cast<std::size_t>(size), head,
                 static_cast<std::size_t>(size));
    std::memcpy(bytes.data(), text.data(), bytes.size());
    return bytes;
}

/// Runs Python with h5py, if there is one. @return its exit code and what it printed
std::pair<int, std::string> run_h5py(const std::string& script, const std::string& path) {
    const std::string command =
        "for p in python3 /usr/bin/python3; do $p -c 'import h5py' "
        "2>/dev/null && exec $p -c \"" +
        script + "\" " + path + " 2>&1; done; echo no h5py; exit 77";
    FILE* pipe = popen(command.c_str(), "r");
    std::string output;
    for (int c = fgetc(pipe); c != EOF; c = fgetc(pipe)) {
        output += static_cast<char>(c);
    }
    return {WEXITSTATUS(pclose(pipe)), output};
}

}  // namespace

TEST_CASE("a library comes back from its file bit for bit", "[library_file]") {
    const int fields = GENERATE(0, 1, 2, 15);  // the first one has no atoms
    const int neighbours = GENERATE(6, 24);
    CAPTURE(fields, neighbours);
    const Folder folder;
    Library library = library_with(fields, neighbours);
    if (fields > 1) {
        FieldOfView f = random_field("k", 3, neighbours, 99);
        f.name = "Mo\u2081\u208b\u2093Re\u2093S\u2082 " + std::string(300, '-');
        f.composition = f.fraction_second = std::numeric_limits<double>::quiet_NaN();
        f.key = "";
        library.put(shared(f));
    }
    write_library(folder / "library.h5", library);
    CHECK(same(read_library(folder / "library.h5"), library));
    CHECK_FALSE(fs::exists(folder / "library.h5.part"));
}

TEST_CASE("the same fields are the same bytes, whatever their history", "[library_file]") {
    const Library library = library_with(5, 12);
    Library other;
    for (auto field = library.fields().rbegin(); field != library.fields().rend(); ++field) {
        other.put(shared(**field));
    }
    CHECK(to_hdf5(other) == to_hdf5(library));
    CHECK(to_hdf5(from_hdf5(to_hdf5(library), "bytes")) == to_hdf5(library));
}

TEST_CASE("a library that lost or changed any of its bytes is refused", "[library_file]") {
    const auto whole = to_hdf5(library_with(2, 6));
    std::mt19937 random(3);
    for (int k = 0; k < 500; ++k) {
        auto bytes = whole;
        const std::size_t at = random() % bytes.size();
        if (k % 2 == 0) {
            bytes[at] ^= std::byte{1} << static_cast<int>(random() % 8);
        } else {
            bytes.resize(at);
        }
        CAPTURE(k, at);
        CHECK_THROWS_AS(from_hdf5(bytes, "x.h5"), SetupError);
    }
    auto bytes = whole;
    bytes[bytes.size() / 2] ^= std::byte{4};
    CHECK_THROWS_WITH(
        from_hdf5(bytes, "x.h5"),
        "x.h5 can't be read as a library: it was cut, damaged or changed since dwellmap wrote it. "
        "Name another file, restore a copy, or move it away for a new one");
}

TEST_CASE("a file that is no library of this version is refused and left alone", "[library_file]") {
    const auto newer = of_version_2();
    const auto [content, what] = GENERATE_REF(table<std::string, std::string>(
        {{"", "it is something else"},
         {"id,x,y\n", "it is something else"},
         {"\211HDF\r\n\032\n", "it is something else"},
         {"dwellmap library", "it was cut, damaged or changed"},
         {std::string(reinterpret_cast<const char*>(newer.data()), newer.size()),
          "its format is version 2, this dwellmap knows 1"}}));
    const Folder folder;
    const auto path = folder / "x.h5";
    std::ofstream(path, std::ios::binary) << content;
    CHECK_THROWS_AS(read_library(path), SetupError);
    CHECK_THROWS_WITH(read_library(path), Contains(path) && Contains(what));
    CHECK(text_of(path) == content);
}

TEST_CASE("what can't be read is named", "[library_file]") {
    const Folder folder;
    CHECK_THROWS_WITH(read_library(folder / "none.h5"),
                      Contains("none.h5: the library can't be read (No such file or directory)"));
    CHECK_THROWS_WITH(read_library(folder / ""), Contains("Is a directory"));
}

TEST_CASE("a library that can't be written leaves the one before", "[library_file]") {
    const Folder folder;
    const auto path = folder / "library.h5";
    const Library before = library_with(1, 6), after = library_with(9, 6);
    write_library(path, before);

    rlimit limit{};
    getrlimit(RLIMIT_FSIZE, &limit);
    const rlimit full{20000, limit.rlim_max};  // fails in the midst of a file, as a full disk does
    auto* const on_excess = std::signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &full);
    std::string message;
    try {
        write_library(path, after);
    } catch (const SetupError& e) {
        message = e.what();
    }
    setrlimit(RLIMIT_FSIZE, &limit);
    std::signal(SIGXFSZ, on_excess);

    CHECK_THAT(message, Contains(path + ": the library can't be written (File too large): is its "
                                        "folder there and writable, and the disk not full?"));
    CHECK(same(read_library(path), before));
    CHECK_FALSE(fs::exists(path + ".part"));
    CHECK_THROWS_WITH(write_library(folder / "none/library.h5", after),
                      Contains("No such file or directory"));
}

TEST_CASE("fields that do not fit together are not written", "[library_file]") {
    Library library = library_with(2, 6);
    library.put(shared(random_field("other", 3, 12, 1)));
    CHECK_THROWS_AS(to_hdf5(library), SetupError);
}

TEST_CASE("one at a time has the lock of a library", "[library_file]") {
    const Folder folder;
    const auto path = folder / "library.h5";
    {
        const LibraryLock mine(path);
        CHECK_THROWS_WITH(LibraryLock(path), Contains(path + ": the library is in use"));
        CHECK_NOTHROW(LibraryLock(folder / "another.h5"));
    }
    CHECK_NOTHROW(LibraryLock(path));
    CHECK_THROWS_AS(LibraryLock(folder / "none/library.h5"), SetupError);
}

TEST_CASE("h5py reads a library without knowing dwellmap", "[library_file]") {
    const Folder folder;
    const auto path = folder / "library.h5";
    Library library;
    FieldOfView f = random_field("k", 7, 6, 5);
    f.offsets(2 * 4 + 1, 3) = 0.3125;
    f.frames = 17;
    library.put(shared(f));
    write_library(path, library);
    const auto [code, output] = run_h5py(
        "import h5py, sys\n"
        "file = h5py.File(sys.argv[1], 'r')\n"
        "field = file['fields/0000']\n"
        "print(file.attrs['format'], file.attrs['version'], file.attrs['unit'], "
        "file.attrs['neighbours'])\n"
        "print(field.attrs['key'], field.attrs['frames'], *field.attrs['species_names'])\n"
        "print(*field['offsets'].shape, field['offsets'][3, 4, 1], "
        "field['offsets'].attrs['unit'])\n"
        "print(*sorted(field))\n"
        "print(all('unit' in d.attrs and 'description' in d.attrs for d in field.values()))\n",
        path);
    if (code == 77) {
        WARN("python3-h5py is not installed: skipped");
        return;
    }
    CHECK(output ==
          "dwellmap library 1 nm 6\n"
          "k 17 Mo Re S2 vacancy\n"
          "7 6 2 0.3125 nm\n"
          "i id j n n_outer offsets se_score seen species x y\n"
          "True\n");
}

// SPDX-License-Identifier: Apache-2.0
#include "dwellmap/simulated_output.hpp"

#include "dwellmap/error.hpp"

#include <unistd.h>
#include <catch2/catch.hpp>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace dwellmap {
namespace {

std::string contents(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

struct TemporaryFile {
    std::filesystem::path path;
    explicit TemporaryFile(const std::string& name)
        : path(std::filesystem::temp_directory_path() /
               ("dwellmap_test_" + std::to_string(::getpid()) + name)) {}
    ~TemporaryFile() { std::filesystem::remove(path); }
};

TEST_CASE("a stack of frames is a NumPy file that knows how many there are") {
    const TemporaryFile file(".npy");
    Image image(2, 3);
    image << 0, 1, 2, 3, 4, 5;
    {
        NpyStackWriter writer(file.path, 2, 3);
        writer.add(image);
        image += 10;
        writer.add(image);
    }
    const auto bytes = contents(file.path);
    REQUIRE(bytes.size() == 128 + 12 * sizeof(float));
    CHECK(bytes.substr(0, 8) == std::string("\x93NUMPY\x01\x00", 8));
    CHECK(bytes[8] + bytes[9] * 256 == 118);
    CHECK(bytes.find("'shape': (2, 2, 3)") != std::string::npos);
    CHECK(bytes[127] == '\n');
    float last = 0;
    std::memcpy(&last, bytes.data() + bytes.size() - sizeof(float), sizeof(float));
    CHECK(last == 15);
}

TEST_CASE("the truth has one row a column and names the species") {
    const TemporaryFile file(".csv");
    TrueColumn column;
    column.id = 7;
    column.species = species_second;
    column.n = 4;
    column.x_px = 1.5;
    TruthWriter(file.path).add(3, {column});
    const auto text = contents(file.path);
    CHECK(text.starts_with("frame,id,site,species,n,x_px,y_px,x_nm,y_nm,isotropic_nm,zigzag0_nm"));
    CHECK(text.find("\n3,7,cation,Re,4,1.50000,0.00000,") != std::string::npos);
}

TEST_CASE("anion columns are named by the atoms left") {
    TrueColumn column;
    column.site = Site::anion;
    column.atoms = 2;
    CHECK(std::string(species_name(column)) == "S2");
    column.atoms = 1;
    CHECK(std::string(species_name(column)) == "S");
    column.atoms = 0;
    CHECK(std::string(species_name(column)) == "vacancy");
}

TEST_CASE("events are written one a row") {
    const TemporaryFile file(".csv");
    write_events(file.path, {{5, "switch_to_Re", 12, 1.25, 2.5, 0}});
    CHECK(contents(file.path) == "frame,kind,id,x_nm,y_nm,value\n5,switch_to_Re,12,1.25,2.5,0\n");
}

TEST_CASE("a file that can't be written is named") {
    CHECK_THROWS_WITH(TruthWriter("/nowhere/truth.csv"), Catch::Contains("/nowhere/truth.csv"));
    CHECK_THROWS_AS(NpyStackWriter("/nowhere/x.npy", 1, 1), SetupError);
}

}  // namespace
}  // namespace dwellmap

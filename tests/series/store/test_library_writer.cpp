// SPDX-License-Identifier: Apache-2.0
#include "store/library_writer.hpp"

#include "dwellmap/error.hpp"
#include "support/fields.hpp"
#include "support/folder.hpp"

#include <catch2/catch.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>

using namespace dwellmap;
using Catch::Matchers::Contains;
using testing::Folder;
using testing::random_field;
using testing::same;
using testing::shared;
namespace fs = std::filesystem;

namespace {

/// State `number` of a field: all of it depends on the number, which is its number of frames.
Library::FieldPtr state(const std::string& key, int number, int atoms = 300) {
    FieldOfView f = random_field(key, atoms, 6, static_cast<unsigned>(number));
    f.frames = number;
    f.composition = 0.1;
    return shared(f);
}

/// Waits for the writer's thread, at most 10 s.
template <class Condition>
bool soon(const Condition& condition) {
    for (int k = 0; k < 100'000 && !condition(); ++k) {
        std::this_thread::sleep_for(std::chrono::microseconds(100));
    }
    return condition();
}

std::uint64_t decided(const LibraryWriter::Counters& c) {
    return c.written + c.superseded + c.refused;
}

/// Writes state after state of a field next to one that stays, and tells the numbers written. Never returns.
[[noreturn]] void write_until_killed(const std::string& path, int tell) {
    try {
        LibraryWriter writer(path);
        const auto& there = writer.initial().fields();
        int number = there.empty() ? 0 : static_cast<int>(there.back()->frames);
        writer.store(state("a, stays", 1));
        for (std::uint64_t stored = 2;; ++stored) {
            writer.store(state("b, changes", ++number));
            while (decided(writer.counters()) < stored) {
                std::this_thread::sleep_for(std::chrono::microseconds(50));
            }
            if (write(tell, &number, sizeof number) != sizeof number) {
                _exit(1);
            }
        }
    } catch (const std::exception&) {
        _exit(2);
    }
}

/// Starts a writer, kills it some time after its first report. @return the last number it told
int last_told_before_kill(const std::string& path, std::chrono::microseconds more) {
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    const pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        write_until_killed(path, ends[1]);
    }
    close(ends[1]);
    int status = 0, number = -1;
    CHECK(read(ends[0], &number, sizeof number) == sizeof number);
    std::this_thread::sleep_for(more);
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    CHECK(WIFSIGNALED(status));  // did not end by itself
    while (read(ends[0], &number, sizeof number) == sizeof number) {
    }
    close(ends[0]);
    return number;
}

}  // namespace

TEST_CASE("what was stored last is in the file, and there at the next start", "[library_writer]") {
    const Folder folder;
    const auto path = folder / "library.h5";
    Library expected;
    {
        LibraryWriter writer(path);
        CHECK(writer.initial().fields().empty());
        for (int number = 1; number <= 5; ++number) {
            for (const char* key : {"b", "a"}) {
                expected.put(state(key, number));
                writer.store(state(key, number));
            }
        }
    }
    CHECK(same(read_library(path), expected));
    {
        LibraryWriter writer(path);
        CHECK(same(writer.initial(), expected));
        writer.store(state("c", 1));
        expected.put(state("c", 1));
    }
    CHECK(same(read_library(path), expected));
}

TEST_CASE("storing never waits, the newest state wins, every state is counted",
          "[library_writer]") {
    const Folder folder;
    LibraryWriter writer(folder / "library.h5");
    constexpr int kStates = 2000;
    const auto template_state = state("k", 0, 20'000);  // 2.7 MB: the file takes some ms
    double longest_ms = 0;
    for (int number = 1; number <= kStates; ++number) {
        const auto field = number < kStates ? template_state : state("k", kStates);
        const auto start = std::chrono::steady_clock::now();
        writer.store(field);
        longest_ms = std::max(longest_ms, std::chrono::duration<double, std::milli>(
                                              std::chrono::steady_clock::now() - start)
                                              .count());
    }
    REQUIRE(soon([&] { return decided(writer.counters()) == kStates; }));
    const auto counters = writer.counters();
    CHECK(counters.written >= 1);
    CHECK(counters.superseded > kStates / 2);
    CHECK(counters.failed + counters.refused == 0);
    CHECK(read_library(folder / "library.h5").fields().front()->frames == kStates);
    CHECK(longest_ms < 100);  // on a busy machine; about 0.01 on a free one
}

TEST_CASE("two can't write the same library, also under another name", "[library_writer]") {
    const Folder folder;
    const auto path = folder / "library.h5", link = folder / "link.h5";
    fs::create_symlink(path, link);
    { LibraryWriter(path).store(state("k", 1)); }
    {
        const LibraryWriter writer(path);
        CHECK_THROWS_WITH(LibraryWriter(path), Contains("the library is in use"));
        CHECK_THROWS_WITH(LibraryWriter(link), Contains("the library is in use"));
    }
    { LibraryWriter(link).store(state("k", 2)); }
    CHECK(fs::is_symlink(link));
    CHECK(read_library(path).fields().front()->frames == 2);
}

TEST_CASE("a file that can't be read is never overwritten; a rest of a killed writer goes",
          "[library_writer]") {
    const Folder folder;
    const auto path = folder / "library.h5";
    std::ofstream(path) << "measured last night";
    CHECK_THROWS_WITH(LibraryWriter(path), Contains(path + " can't be read as a library"));
    CHECK(fs::file_size(path) == 19);

    fs::remove(path);
    std::ofstream(path + ".part") << "half a libra";
    { LibraryWriter(path).store(state("k", 1)); }
    CHECK(read_library(path).fields().size() == 1);
    CHECK_FALSE(fs::exists(path + ".part"));
}

TEST_CASE("a field that does not fit is refused and named, the others are written",
          "[library_writer]") {
    const Folder folder;
    LibraryWriter writer(folder / "library.h5");
    writer.store(state("first", 1));
    REQUIRE(soon([&] { return writer.counters().written == 1; }));
    writer.store(shared(random_field("wide", 5, 12, 1)));
    REQUIRE(soon([&] { return writer.counters().refused == 1; }));
    CHECK_THAT(writer.last_error(), Contains("\"specimen wide\" (wide) has 12 neighbours"));
    writer.store(state("second", 1));
    REQUIRE(soon([&] { return writer.counters().written == 2; }));
    CHECK(writer.last_error().empty());
    CHECK(read_library(folder / "library.h5").fields().size() == 2);
}

TEST_CASE("a disk that fails is told and counted; all is written once it works",
          "[library_writer]") {
    const Folder folder;
    const auto place = folder / "place", away = folder / "away";
    fs::create_directory(place);
    {
        LibraryWriter writer(place + "/library.h5");
        fs::rename(place, away);
        writer.store(state("a", 1));
        REQUIRE(soon([&] { return writer.counters().failed == 1; }));
        CHECK_THAT(
            writer.last_error(),
            Contains("library.h5: the library can't be written (No such file or directory)"));
        writer.store(state("a", 2));
        REQUIRE(soon([&] { return writer.counters().failed == 2; }));
        CHECK(writer.counters().superseded == 1);

        fs::rename(away, place);
        writer.store(state("b", 1));
        REQUIRE(soon([&] { return writer.counters().written == 2; }));
        CHECK(writer.last_error().empty());
        CHECK(read_library(place + "/library.h5").fields().front()->frames == 2);

        fs::rename(place, away);
        writer.store(state("c", 1));
        REQUIRE(soon([&] { return writer.counters().failed == 3; }));
        fs::rename(away, place);
    }
    CHECK(read_library(place + "/library.h5").fields().size() == 3);  // tried again at the end
}

TEST_CASE("a writer killed at any moment leaves a whole library", "[library_writer]") {
    const Folder folder;
    const auto path = folder / "library.h5";
    std::mt19937 random(4);
    for (int round = 0; round < 20; ++round) {
        const int told = last_told_before_kill(path, std::chrono::microseconds(random() % 10'000));
        const Library library = read_library(path);
        REQUIRE(library.fields().size() == 2);
        const auto& changed = *library.fields().back();
        const int number = static_cast<int>(changed.frames);
        CAPTURE(round, told, number);
        CHECK(told > round);
        CHECK((number == told || number == told + 1));
        CHECK(same(changed, *state("b, changes", number)));
        CHECK(same(*library.fields().front(), *state("a, stays", 1)));
    }
}

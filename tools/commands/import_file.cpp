// SPDX-License-Identifier: Apache-2.0
#include "commands/import_file.hpp"

#include "commands/temporary_folder.hpp"
#include "dwellmap/error.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>

namespace dwellmap {
namespace {

namespace fs = std::filesystem;

constexpr const char* kImporter = "dwellmap-import";

std::string importer() {
    std::error_code error;
    const auto beside = fs::read_symlink("/proc/self/exe", error).parent_path() / kImporter;
    return fs::exists(beside, error) ? beside.string() : kImporter;
}

/// @param says file for all that the program says
/// @return whether it succeeded. @throws SetupError if it can't be started
bool run(std::string program, std::string file, std::string out, const std::string& says) {
    std::string option = "--out";
    const std::array<char*, 5> arguments{program.data(), file.data(), option.data(), out.data(),
                                         nullptr};
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, says.c_str(), O_WRONLY | O_CREAT,
                                       0600);
    ::posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
    pid_t child = 0;
    const int error =
        ::posix_spawnp(&child, program.c_str(), &actions, nullptr, arguments.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    if (error != 0) {
        throw SetupError(file +
                         ": neither .npy nor a recording, and for other formats there is no " +
                         kImporter + " beside this program or in PATH");
    }
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

std::string text_of(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    auto out = text.str();
    out.erase(out.find_last_not_of(" \n") + 1);
    return out;
}

}  // namespace

std::shared_ptr<const RecordingReader> import_file(const std::string& path) {
    const TemporaryFolder folder;
    const std::string recording = folder / "imported.h5", says = folder / "says.txt";
    if (!run(importer(), fs::absolute(path), recording, says)) {
        const auto why = text_of(says);
        throw SetupError(why.empty() ? path + ": " + kImporter + " failed" : why);
    }
    return std::make_shared<const RecordingReader>(recording);
}

}  // namespace dwellmap

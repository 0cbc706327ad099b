// SPDX-License-Identifier: Apache-2.0
#include "dwellmap/envelope.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cstring>
#include <string>

using namespace dwellmap;

namespace {

std::vector<std::byte> bytes(const std::string& text) {
    const auto view = std::as_bytes(std::span(text));
    return {view.begin(), view.end()};
}

std::string hex(Bytes message) {
    std::string text;
    for (const auto b : message) {
        text += "0123456789abcdef"[std::to_integer<unsigned>(b) >> 4U];
        text += "0123456789abcdef"[std::to_integer<unsigned>(b) & 15U];
    }
    return text;
}

}  // namespace

TEST_CASE("an envelope is written byte for byte as PROTOCOL.md says") {
    const auto message = seal_message(Kind::rows, {0x0807060504030201, 0x100F0E0D0C0B0A09},
                                      bytes("flat"), bytes("pixels"));
    CHECK(hex(Bytes(message).first(32)) ==
          "44574c4d"          // magic "DWLM"
          "02010000"          // kind, major, minor, flags
          "04000000"          // FlatBuffer size
          "7b0cd351"          // crc32 of all that follows the envelope: zlib.crc32(message[32:])
          "0102030405060708"  // session
          "090a0b0c0d0e0f10"  // seq
    );
    CHECK(message.size() == 64 + 6);  // the payload begins on a multiple of 64
    CHECK(hex(Bytes(message).subspan(32, 4)) == hex(bytes("flat")));
    CHECK(hex(Bytes(message).subspan(36, 28)) == std::string(56, '0'));
    CHECK(hex(Bytes(message).subspan(64)) == hex(bytes("pixels")));
}

TEST_CASE("what was sealed opens, with and without a payload") {
    const auto size = GENERATE(0U, 1U, 63U, 64U, 65U);
    const auto flatbuffer = GENERATE(1U, 31U, 32U, 33U, 100U);
    const auto message = seal_message(Kind::map, {7, 8}, bytes(std::string(flatbuffer, 'f')),
                                      bytes(std::string(size, 'p')));
    Sections s;
    REQUIRE(open_message(message, s) == RejectReason::none);
    CHECK(s.envelope.kind == Kind::map);
    CHECK(s.envelope.stamp == Stamp{7, 8});
    CHECK(s.flatbuffer.size() == flatbuffer);
    CHECK(s.payload.size() == size);
    CHECK(std::all_of(s.payload.begin(), s.payload.end(),
                      [](auto b) { return b == std::byte{'p'}; }));
}

TEST_CASE("a wrong envelope is rejected with its reason") {
    auto message = seal_message(Kind::start, {1, 2}, bytes("flatbuffer"), bytes("pixels"));
    struct Case {
        std::size_t at;
        int value;
        RejectReason reason;
    };
    const auto c = GENERATE(values<Case>({{0, 'X', RejectReason::bad_magic},
                                          {5, 2, RejectReason::other_major},
                                          {5, 0, RejectReason::other_major},
                                          {7, 1, RejectReason::unknown_flags},
                                          {8, 0, RejectReason::bad_size},
                                          {11, 0x7F, RejectReason::bad_size},
                                          {8, 37, RejectReason::bad_size},
                                          {12, 0, RejectReason::bad_checksum},
                                          {64, 'P', RejectReason::bad_checksum}}));
    message[c.at] = static_cast<std::byte>(c.value);
    Sections s;
    CHECK(open_message(message, s) == c.reason);
}

TEST_CASE("a newer minor version and an unknown kind open") {
    auto message = seal_message(static_cast<Kind>(200), {1, 2}, bytes("new"));
    message[6] = std::byte{9};
    Sections s;
    CHECK(open_message(message, s) == RejectReason::none);
    CHECK(identifier(s.envelope.kind) == nullptr);
}

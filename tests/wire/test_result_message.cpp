// SPDX-License-Identifier: Apache-2.0
#include "dwellmap/result_message.hpp"
#include "result_generated.h"
#include "support/results.hpp"

#include <catch2/catch.hpp>

#include <functional>

using namespace dwellmap;
using namespace dwellmap::testing;

namespace {

const Stamp kStamp{11, 12};

std::string text(const flatbuffers::String* s) { return s->str(); }

std::vector<std::byte> atoms_of(const std::function<void(wire::AtomsT&)>& change) {
    ResultMessage good;
    REQUIRE(good.read(encode_atoms(result(3), kStamp)) == RejectReason::none);
    wire::AtomsT t;
    good.atoms()->UnPackTo(&t);
    change(t);
    flatbuffers::FlatBufferBuilder b;
    b.Finish(wire::Atoms::Pack(b, &t), "rt00");
    return seal_message(Kind::atoms, kStamp,
                        std::as_bytes(std::span(b.GetBufferPointer(), b.GetSize())));
}

}  // namespace

TEST_CASE("atoms come back column by column") {
    const auto r = result(5);
    ResultMessage m;
    REQUIRE(m.read(encode_atoms(r, kStamp)) == RejectReason::none);
    CHECK(m.envelope().stamp == kStamp);
    CHECK(m.map() == nullptr);
    const auto& t = *m.atoms();
    CHECK(text(t.uuid()) == kUuid);
    CHECK(t.frame() == 7);
    CHECK(t.complete());
    CHECK(text(t.unit()) == "nm");
    CHECK(*t.pixel_size_nm() == 0.0125);
    CHECK(text(t.species_names()->Get(1)) == "Re");
    CHECK(t.width_px() == r.sigma_px);
    REQUIRE(t.id()->size() == 5);
    for (flatbuffers::uoffset_t i = 0; i < 5; ++i) {
        const auto& a = r.atoms[i];
        const auto& s = r.scores[i];
        CHECK(t.id()->Get(i) == a.id);
        CHECK(t.x_px()->Get(i) == a.x_px);
        CHECK(t.y_px()->Get(i) == a.y_px);
        CHECK(t.se_x_px()->Get(i) == a.se_x_px);
        CHECK(t.amplitude()->Get(i) == a.amplitude);
        CHECK(t.background()->Get(i) == a.background);
        CHECK(t.site()->Get(i) == static_cast<std::uint8_t>(a.site));
        CHECK(t.species()->Get(i) == a.species);
        CHECK(t.n()->Get(i) == a.n);
        CHECK(t.flags()->Get(i) == a.flags);
        CHECK(t.cell_j()->Get(i) == a.j);
        CHECK(t.isotropic()->Get(i) == s.isotropic);
        CHECK(t.order_parameter()->Get(i) == s.order_parameter);
        for (flatbuffers::uoffset_t k = 0; k < kModes; ++k) {
            CHECK(t.pca()->Get(i * kModes + k) == s.pca[k]);
        }
        CHECK(t.zigzag()->Get(i * 3 + 2) == s.zigzag[2]);
    }
}

TEST_CASE("maps come back layer by layer") {
    const auto r = result(0);
    ResultMessage m;
    REQUIRE(m.read(encode_map(r, kStamp)) == RejectReason::none);
    const auto& t = *m.map();
    CHECK(t.step_px() == 4);
    CHECK(t.rows() == 3);
    CHECK(t.cols() == 5);
    REQUIRE(t.layers()->size() == 2);
    const auto& layer = *t.layers()->Get(1);
    CHECK(text(layer.name()) == "order_parameter");
    CHECK(layer.value()->Get(1 * 5 + 2) == r.maps[1].value(1, 2));
    CHECK(layer.sigma()->Get(2 * 5 + 4) == r.maps[1].sigma(2, 4));
}

TEST_CASE("statistics come back; what is not known is absent") {
    auto r = result(4);
    r.pixel_size_nm = std::numeric_limits<double>::quiet_NaN();
    Counters c;
    c.merged = 100;
    c.failed = 3;
    ResultMessage m;
    REQUIRE(m.read(encode_statistics(r, c, StreamState::stale, kStamp)) == RejectReason::none);
    const auto& t = *m.statistics();
    CHECK(t.atoms() == 4);
    CHECK(text(t.unit()) == "px");
    CHECK_FALSE(t.pixel_size_nm().has_value());
    REQUIRE(t.modes()->size() == 2);
    const auto& modes = *t.modes()->Get(0);
    CHECK(text(modes.species()) == "Mo");
    CHECK(modes.neighbours() == 6);
    CHECK(modes.loadings()->Get(12 + 3) == r.modes[0].loadings(3, 1));
    CHECK(modes.explained()->Get(1) == r.modes[0].explained[1]);
    CHECK(text(modes.name()->Get(0)) == "isotropic");
    CHECK(t.lattice()->a_px() == r.lattice.a_px);
    CHECK(t.drift_y_px() == r.drift_px.y());
    CHECK(*t.species()->threshold() == 1.5);
    CHECK_FALSE(t.species()->expected_second().has_value());
    CHECK(t.species()->clusters()->Get(2) == 20);
    CHECK(t.notes() == (note_no_scale | note_rows_lost));
    CHECK(t.note_texts()->size() == 2);
    CHECK(t.stages()->size() == stage_count);
    CHECK(text(t.stages()->Get(stage_refine)->name()) == "refine");
    CHECK(t.counters()->merged() == 100);
    CHECK(t.counters()->failed() == 3);
    CHECK(t.state() == wire::State::stale);
}

TEST_CASE("no truncation, and no flipped bit behind the envelope, is taken for a result") {
    auto message = GENERATE(encode_map(result(2), kStamp), encode_atoms(result(2), kStamp),
                            encode_statistics(result(2), {}, StreamState::live, kStamp),
                            encode_heartbeat({}, {}, kStamp));
    ResultMessage m;
    REQUIRE(m.read(message) == RejectReason::none);
    std::size_t taken = 0;
    for (std::size_t size = 0; size < message.size(); ++size) {
        taken += m.read(Bytes(message).first(size)) == RejectReason::none ? 1 : 0;
    }
    for (std::size_t bit = kEnvelopeBytes * 8; bit < message.size() * 8; ++bit) {
        message[bit / 8] ^= std::byte{1} << (bit % 8);
        taken += m.read(message) == RejectReason::none ? 1 : 0;
        message[bit / 8] ^= std::byte{1} << (bit % 8);
    }
    CHECK(taken == 0);
    CHECK(m.heartbeat() == nullptr);  // nothing is left of a rejected one
}

TEST_CASE("columns that differ in length, and texts unsafe to print, are rejected") {
    using Change = std::function<void(wire::AtomsT&)>;
    const auto [change, reason] = GENERATE(table<Change, RejectReason>({
        {[](auto&) {}, RejectReason::none},
        {[](auto& t) { t.x_px.pop_back(); }, RejectReason::bad_result},
        {[](auto& t) { t.flags.push_back(0); }, RejectReason::bad_result},
        {[](auto& t) { t.id.clear(); }, RejectReason::bad_result},
        {[](auto& t) { t.pca.pop_back(); }, RejectReason::bad_result},
        {[](auto& t) { t.modes = 255; }, RejectReason::bad_result},
        {[](auto& t) { t.zigzag.clear(); }, RejectReason::bad_result},
        {[](auto& t) { t.species_names[0] = "\x1b[31m"; }, RejectReason::bad_result},
        {[](auto& t) { t.unit = std::string(300, 'n'); }, RejectReason::bad_result},
        {[](auto& t) { t.uuid = ""; }, RejectReason::bad_result},
        {[](auto& t) { t.seq = 13; }, RejectReason::stamp_differs},
    }));
    ResultMessage m;
    CHECK(m.read(atoms_of(change)) == reason);
}

TEST_CASE("a result comes out of its messages as it went in") {
    const auto r = result(6);
    ResultMessage m;
    REQUIRE(m.read(encode_atoms(r, kStamp)) == RejectReason::none);
    const auto atoms = unpack(*m.atoms());
    CHECK(atoms.series->uuid == kUuid);
    CHECK(atoms.frame_number == 7);
    CHECK(atoms.pixel_size_nm == 0.0125);
    CHECK(atoms.species_names == r.species_names);
    REQUIRE(atoms.atoms.size() == 6);
    CHECK(atoms.atoms[5].id == r.atoms[5].id);
    CHECK(atoms.atoms[5].site == r.atoms[5].site);
    CHECK(atoms.atoms[4].j == r.atoms[4].j);
    CHECK(atoms.scores[3].pca == r.scores[3].pca);
    CHECK(atoms.scores[3].zigzag == r.scores[3].zigzag);

    REQUIRE(m.read(encode_map(r, kStamp)) == RejectReason::none);
    const auto map = unpack(*m.map());
    REQUIRE(map.maps.size() == 2);
    CHECK(map.maps[1].name == std::string("order_parameter"));
    CHECK((map.maps[1].sigma == r.maps[1].sigma).all());
    CHECK(map.map_step_px == 4);

    Counters counters, sent;
    sent.received = 1;
    sent.failed = 14;
    sent.lost_rows = 9;
    REQUIRE(m.read(encode_statistics(r, sent, StreamState::live, kStamp)) == RejectReason::none);
    const auto statistics = unpack(*m.statistics(), counters);
    CHECK(counters.received == 1);
    CHECK(counters.failed == 14);
    CHECK(counters.lost_rows == 9);
    CHECK(statistics.modes[0].loadings == r.modes[0].loadings);
    CHECK(statistics.modes[0].name == r.modes[0].name);
    CHECK(statistics.modes[1].mean.size() == 0);
    CHECK(statistics.lattice.a_px == r.lattice.a_px);
    CHECK(statistics.drift_px == r.drift_px);
    CHECK(std::isnan(statistics.species.expected_second));
    CHECK(statistics.notes == r.notes);
}

TEST_CASE("a newer analyzer's species, sites and modes do not lead outside what we know") {
    ResultMessage m;
    REQUIRE(m.read(atoms_of([](wire::AtomsT& t) {
        t.species = {4, 127, -128};
        t.site = {3, 255, 0};
        t.modes = 9;
        t.pca.assign(27, 1.5F);
        t.se_pca.assign(27, 0.5F);
    })) == RejectReason::none);
    const auto r = unpack(*m.atoms());
    for (const auto& atom : r.atoms) {
        CHECK(atom.species == species_unknown);
        CHECK(atom.site <= Site::other);
    }
    CHECK(r.scores[2].pca[5] == 1.5F);
}

TEST_CASE("the statistics of a series come back as they were written") {
    const SeriesUpdate update{kUuid, 9, R"({"statistics":{"fields":[]}})"};
    ResultMessage m;
    REQUIRE(m.read(encode_series(update, kStamp)) == RejectReason::none);
    CHECK(m.statistics() == nullptr);
    REQUIRE(m.series() != nullptr);
    CHECK(text(m.series()->uuid()) == kUuid);
    CHECK(m.series()->frame() == 9);
    CHECK(text(m.series()->json()) == update.json);
    const SeriesUpdate unsafe{kUuid, 9, "{\x1b[2J}"};
    CHECK(m.read(encode_series(unsafe, kStamp)) == RejectReason::bad_result);
}

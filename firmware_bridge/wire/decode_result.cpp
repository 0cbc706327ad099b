// SPDX-License-Identifier: Apache-2.0
#include "base/text.hpp"
#include "dwellmap/result_message.hpp"
#include "result_generated.h"

#include <algorithm>
#include <string_view>

namespace dwellmap {
namespace {

constexpr flatbuffers::uoffset_t kMaxDepth = 8, kMaxTables = 1000;
constexpr std::uint64_t kMaxAtoms = 1'000'000, kMaxMapSide = kMaxSide;

bool is_safe(const flatbuffers::String* s) {
    if (s == nullptr) {
        return true;
    }
    const std::string_view text(s->c_str(), s->size());
    return is_plain_text(text, kMaxText);
}

bool are_safe(const flatbuffers::Vector<flatbuffers::Offset<flatbuffers::String>>& texts) {
    return std::all_of(texts.begin(), texts.end(), [](const auto* s) { return is_safe(s); });
}

template <class Table>
bool head_is_right(const Table& t) {
    return is_uuid({t.uuid()->c_str(), t.uuid()->size()}) && is_safe(t.version()) &&
           is_safe(t.unit());
}

bool is_right(const wire::Map& t) {
    const std::uint64_t rows = t.rows(), cols = t.cols();
    if (!head_is_right(t) || rows > kMaxMapSide || cols > kMaxMapSide) {
        return false;
    }
    return std::all_of(t.layers()->begin(), t.layers()->end(), [&](const wire::Layer* layer) {
        return is_safe(layer->name()) && layer->value()->size() == rows * cols &&
               layer->sigma()->size() == rows * cols;
    });
}

bool is_right(const wire::Atoms& t) {
    const std::uint64_t n = t.id()->size();
    const auto all_have = [](std::uint64_t size, const auto*... columns) {
        return ((columns->size() == size) && ...);
    };
    return head_is_right(t) && n <= kMaxAtoms && are_safe(*t.species_names()) &&
           all_have(n, t.x_px(), t.y_px(), t.se_x_px(), t.se_y_px(), t.amplitude(),
                    t.se_amplitude(), t.background(), t.chi2(), t.p_second(), t.site(), t.species(),
                    t.n(), t.shells_complete(), t.flags(), t.cell_i(), t.cell_j(), t.isotropic(),
                    t.se_isotropic(), t.order_parameter(), t.se_order_parameter()) &&
           all_have(n * t.modes(), t.pca(), t.se_pca()) && all_have(n * 3, t.zigzag());
}

bool is_right(const wire::Statistics& t) {
    const auto mode_set_is_right = [](const wire::ModeSet* m) {
        const std::uint64_t modes = m->variance()->size();
        const std::uint64_t dim = m->mean()->size();
        return is_safe(m->species()) && m->loadings()->size() % (dim == 0 ? 1 : dim) == 0 &&
               m->loadings()->size() <= modes * dim && m->explained()->size() == modes &&
               m->name()->size() == modes && m->overlap()->size() == modes && are_safe(*m->name());
    };
    return head_is_right(t) && are_safe(*t.note_texts()) &&
           std::all_of(t.modes()->begin(), t.modes()->end(), mode_set_is_right) &&
           std::all_of(t.stages()->begin(), t.stages()->end(),
                       [](const auto* s) { return is_safe(s->name()); });
}

bool is_right(const wire::SeriesStatistics& t) {
    return is_uuid({t.uuid()->c_str(), t.uuid()->size()}) && is_safe(t.version()) &&
           is_plain_text({t.json()->c_str(), t.json()->size()}, kMaxMessageBytes);
}

bool is_right(const wire::Event& t) {
    return is_uuid({t.uuid()->c_str(), t.uuid()->size()}) && is_safe(t.before()) &&
           is_safe(t.after()) && is_safe(t.text());
}

bool is_right(const wire::Heartbeat& t) {
    return is_safe(t.version()) && is_safe(t.host()) && is_safe(t.uuid());
}

}  // namespace

template <class Table>
const Table* ResultMessage::root(Kind kind) const noexcept {
    return envelope_.kind == kind && !flatbuffer_.empty()
               ? flatbuffers::GetRoot<Table>(flatbuffer_.data())
               : nullptr;
}

const wire::Map* ResultMessage::map() const noexcept { return root<wire::Map>(Kind::map); }
const wire::Atoms* ResultMessage::atoms() const noexcept { return root<wire::Atoms>(Kind::atoms); }
const wire::Statistics* ResultMessage::statistics() const noexcept {
    return root<wire::Statistics>(Kind::statistics);
}
const wire::SeriesStatistics* ResultMessage::series() const noexcept {
    return root<wire::SeriesStatistics>(Kind::series);
}
const wire::Event* ResultMessage::event() const noexcept { return root<wire::Event>(Kind::event); }
const wire::Heartbeat* ResultMessage::heartbeat() const noexcept {
    return root<wire::Heartbeat>(Kind::heartbeat);
}

template <class Table>
RejectReason ResultMessage::verify() const noexcept {
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(flatbuffer_.data());
    const char* id = identifier(envelope_.kind);
    if (flatbuffer_.size() < 8 || !flatbuffers::BufferHasIdentifier(bytes, id)) {
        return RejectReason::wrong_identifier;
    }
    flatbuffers::Verifier verifier(bytes, flatbuffer_.size(), kMaxDepth, kMaxTables);
    if (!verifier.VerifyBuffer<Table>(id)) {
        return RejectReason::bad_flatbuffer;
    }
    const auto& t = *flatbuffers::GetRoot<Table>(bytes);
    if (t.session().value_or(envelope_.stamp.session) != envelope_.stamp.session ||
        t.seq().value_or(envelope_.stamp.seq) != envelope_.stamp.seq) {
        return RejectReason::stamp_differs;
    }
    return is_right(t) ? RejectReason::none : RejectReason::bad_result;
}

RejectReason ResultMessage::read(Bytes message) {
    Sections sections;
    flatbuffer_.clear();
    auto reason = open_message(message, sections);
    envelope_ = sections.envelope;
    if (reason == RejectReason::none && !sections.payload.empty()) {
        reason = RejectReason::bad_payload_size;
    }
    if (reason != RejectReason::none) {
        return reason;
    }
    flatbuffer_.assign(sections.flatbuffer.begin(), sections.flatbuffer.end());
    switch (envelope_.kind) {
        case Kind::map: reason = verify<wire::Map>(); break;
        case Kind::atoms: reason = verify<wire::Atoms>(); break;
        case Kind::statistics: reason = verify<wire::Statistics>(); break;
        case Kind::series: reason = verify<wire::SeriesStatistics>(); break;
        case Kind::event: reason = verify<wire::Event>(); break;
        case Kind::heartbeat: reason = verify<wire::Heartbeat>(); break;
        default: flatbuffer_.clear(); break;  // a newer sender's
    }
    if (reason != RejectReason::none) {
        flatbuffer_.clear();
    }
    return reason;
}

}  // namespace dwellmap

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dwellmap/result_message.hpp"

#include <ostream>

namespace dwellmap {

/// One line for people: what came, and the numbers that say whether it is right.
void write_text(std::ostream& out, const ResultMessage& message);

/// One JSON object a line, fields as in dwellmap-analyze --results.
void write_ndjson(std::ostream& out, const ResultMessage& message);

/// Atoms as in dwellmap-analyze --atoms, one row a column of atoms; other kinds are left out.
void write_csv(std::ostream& out, const ResultMessage& message);

/// Whether the message is of a frame of which no more rows will come.
bool is_complete(const ResultMessage& message);

}  // namespace dwellmap

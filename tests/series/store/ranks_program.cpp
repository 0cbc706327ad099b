// SPDX-License-Identifier: Apache-2.0
// Started by tests/series/store/ranks_test with several ranks: what the first of them gathers is what it would have had alone.
#include "store/library_hdf5.hpp"
#include "store/ranks.hpp"
#include "support/fields.hpp"

#include <cstddef>
#include <cstdio>
#include <vector>

using namespace dwellmap;

namespace {

using Fields = std::vector<Library::FieldPtr>;

std::vector<std::byte> bytes_of(const Library::FieldPtr& field) {
    Library one;
    if (field) {
        one.put(field);
    }
    return to_hdf5(one);
}

bool same(const Fields& a, const Fields& b) {
    bool all = a.size() == b.size();
    for (std::size_t k = 0; all && k < a.size(); ++k) {
        all = bytes_of(a[k]) == bytes_of(b[k]);
    }
    return all;
}

}  // namespace

int main() {
    const Ranks ranks;
    Fields all(23), mine(23);
    for (int k = 0; k < 23; ++k) {
        const auto at = static_cast<std::size_t>(k);
        if (k % 7 != 0) {  // some that nobody has
            all[at] = testing::shared(testing::random_field("field " + std::to_string(k), 100, 12,
                                                            static_cast<unsigned>(k)));
        }
        if (k % ranks.size() == ranks.rank()) {
            mine[at] = all[at];
        }
    }
    Fields gathered = mine;
    ranks.gather(gathered);
    const bool right = same(gathered, ranks.rank() == 0 ? all : mine);
    const bool told = ranks.broadcast(ranks.rank() == 0 ? 0.1 : -1) == 0.1;
    const bool largest = ranks.largest(ranks.rank()) == ranks.size() - 1;
    if (!right || !told || !largest) {
        std::printf("rank %d of %d: gather %s, broadcast %s, largest %s\n", ranks.rank(),
                    ranks.size(), right ? "right" : "WRONG", told ? "right" : "WRONG",
                    largest ? "right" : "WRONG");
        ranks.stop(1);
    }
    ranks.largest(0);  // all have come here
    if (ranks.rank() == 0) {
        std::printf("%d ranks: right\n", ranks.size());
    }
}

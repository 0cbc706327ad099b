// SPDX-License-Identifier: Apache-2.0
// Started by tests/ranks_test with several ranks: what they gather is what one of them would have had alone.
#include "dwellmap/library_hdf5.hpp"
#include "dwellmap/ranks.hpp"
#include "support/fields.hpp"

#include <cstdio>

using namespace dwellmap;

int main() {
    const Ranks ranks;
    Library all, mine;
    for (int k = 0; k < 23; ++k) {  // some keys twice: the better state must be found across ranks
        const auto field = testing::shared(testing::random_field(
            "field " + std::to_string(k % 17), 100, 12, static_cast<unsigned>(k)));
        Library one;
        one.put(field);
        all.merge(one);
        if (k % ranks.size() == ranks.rank()) {
            mine.merge(one);
        }
    }
    const bool right = to_hdf5(ranks.gather(mine)) == to_hdf5(ranks.rank() == 0 ? all : Library());
    const bool told = ranks.broadcast(ranks.rank() == 0 ? 0.1 : -1) == 0.1;
    if (!right || !told) {
        std::printf("rank %d of %d: gather %s, broadcast %s\n", ranks.rank(), ranks.size(),
                    right ? "right" : "WRONG", told ? "right" : "WRONG");
        ranks.stop(1);
    }
    if (ranks.rank() == 0) {
        std::printf("%d ranks: right\n", ranks.size());
    }
}

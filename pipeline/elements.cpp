// SPDX-License-Identifier: Apache-2.0
#include "dwellmap/elements.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

namespace dwellmap {

int atomic_number(const std::string& name) noexcept {
    constexpr std::array<std::string_view, 103> symbols{
        "H",  "He", "Li", "Be", "B",  "C",  "N",  "O",  "F",  "Ne", "Na", "Mg", "Al", "Si", "P",
        "S",  "Cl", "Ar", "K",  "Ca", "Sc", "Ti", "V",  "Cr", "Mn", "Fe", "Co", "Ni", "Cu", "Zn",
        "Ga", "Ge", "As", "Se", "Br", "Kr", "Rb", "Sr", "Y",  "Zr", "Nb", "Mo", "Tc", "Ru", "Rh",
        "Pd", "Ag", "Cd", "In", "Sn", "Sb", "Te", "I",  "Xe", "Cs", "Ba", "La", "Ce", "Pr", "Nd",
        "Pm", "Sm", "Eu", "Gd", "Tb", "Dy", "Ho", "Er", "Tm", "Yb", "Lu", "Hf", "Ta", "W",  "Re",
        "Os", "Ir", "Pt", "Au", "Hg", "Tl", "Pb", "Bi", "Po", "At", "Rn", "Fr", "Ra", "Ac", "Th",
        "Pa", "U",  "Np", "Pu", "Am", "Cm", "Bk", "Cf", "Es", "Fm", "Md", "No", "Lr"};
    const bool two = name.size() > 1 && std::islower(static_cast<unsigned char>(name[1])) != 0;
    const auto at =
        std::find(symbols.begin(), symbols.end(), std::string_view(name).substr(0, two ? 2 : 1));
    return at == symbols.end() ? 0 : static_cast<int>(at - symbols.begin()) + 1;
}

}  // namespace dwellmap

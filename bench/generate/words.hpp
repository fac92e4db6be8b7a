// SPDX-License-Identifier: Apache-2.0
// What values are made of.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace generate {

inline constexpr std::array<std::string_view, 40> kWords = {
    "red",    "shoes", "garden", "lamp",  "winter", "coat",  "blue",   "bottle", "desk",  "phone",
    "cable",  "green", "tea",    "cup",   "travel", "bag",   "summer", "dress",  "kids",  "bike",
    "helmet", "wool",  "socks",  "oak",   "table",  "light", "mirror", "paper",  "photo", "frame",
    "camera", "steel", "knife",  "bread", "box",    "silk",  "scarf",  "music",  "stand", "piano"};

/// As they stand in a URL: percent escapes and all.
inline constexpr std::array<std::string_view, 8> kEscapedWords = {"caf%C3%A9", "gr%C3%BCn", "100%25",  "a%2Fb",
                                                                  "%22new%22", "r%26b",     "men%27s", "%E8%8C%B6"};

inline constexpr std::array<std::string_view, 24> kFirstNames = {
    "anna", "ben",  "chloe", "david", "emma",  "felix", "grace", "hugo", "ines", "jonas", "kim",   "lara",
    "max",  "nina", "oscar", "petra", "quinn", "rosa",  "sam",   "tara", "ugo",  "vera",  "willi", "yara"};

inline constexpr std::array<std::string_view, 12> kCountries = {"DE", "US", "FR", "GB", "IN", "BR",
                                                                "JP", "NL", "PL", "ES", "SE", "CA"};

}  // namespace generate

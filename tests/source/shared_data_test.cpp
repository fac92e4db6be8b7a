// SPDX-License-Identifier: Apache-2.0
// The real files: every one is listed, and its text is its bytes, repaired where they are not UTF-8.
#include <iostream>

#include "test_files.hpp"
#include "utf8.hpp"

namespace evclean {
namespace {

TEST(SharedData, EveryPlainFileGivesItsBytes) {
  if (!std::filesystem::exists(EVCLEAN_SHARED_DATA)) {
    std::cout << "shared data not present\n";
    return;
  }
  const Listing listing = list_inputs({EVCLEAN_SHARED_DATA}, {});
  EXPECT_GT(listing.files.size(), 20u);
  for (const InputFile& file : listing.files) {
    const ReadResult result = read_all(file);
    EXPECT_FALSE(result.damage.damaged) << file.shown << ": " << result.damage.reason;
    if (file.codec != Codec::kPlain || (!file.splittable && file.size_bytes > 0)) {
      std::cout << file.shown << " " << codec_name(file.codec) << " " << file.size_bytes << " bytes stored, "
                << result.text.size() << " of text\n";
      continue;
    }
    const std::string bytes = slurp(file.path).substr(static_cast<std::size_t>(file.mark_bytes));
    std::string expected;
    std::vector<Utf8Repair> repairs;
    repair_utf8(bytes, true, expected, repairs);
    EXPECT_TRUE(result.text == expected) << file.shown;
    EXPECT_EQ(static_cast<std::int64_t>(repairs.size()), result.replaced) << file.shown;
    if (!repairs.empty()) std::cout << file.shown << " " << repairs.size() << " sequences replaced\n";
    if (result.nul_bytes > 0) std::cout << file.shown << " " << result.nul_bytes << " NUL bytes\n";
  }
}

}  // namespace
}  // namespace evclean

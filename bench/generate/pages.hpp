// SPDX-License-Identifier: Apache-2.0
// What is asked for: paths with their query strings, and where the visitor came from.
#pragma once

#include <string>
#include <vector>

#include "random.hpp"

namespace generate {

enum class PageKind { kProduct, kSearch, kApi, kTracked, kStatic };

class Pages {
 public:
  explicit Pages(std::uint64_t seed);
  /// Appends a path: 30 % products, 12 % searches, 8 % API, 2 % long tracking queries, the rest pages of the site.
  PageKind append_path(Draws& draws, std::string& out) const;
  /// Appends a referer: Zipf with exponent 1.1 over 1,500.
  void append_referer(Draws& draws, std::string& out) const;

 private:
  void append_product(Draws& draws, std::string& out) const;
  void append_search(Draws& draws, std::string& out) const;
  void append_api(Draws& draws, std::string& out) const;
  void append_tracked(Draws& draws, std::string& out) const;

  Zipf products_;
  Zipf page_ranks_;
  Zipf referer_ranks_;
  std::vector<std::string> pages_;
  std::vector<std::string> referers_;
};

}  // namespace generate

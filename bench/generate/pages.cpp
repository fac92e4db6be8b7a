// SPDX-License-Identifier: Apache-2.0
#include "pages.hpp"

#include <array>
#include <string_view>

#include "text.hpp"
#include "words.hpp"

namespace generate {
namespace {

constexpr std::size_t kProducts = 5'000;
constexpr std::size_t kPages = 3'000;
constexpr std::size_t kReferers = 1'500;
enum Purpose : std::uint64_t { kPageText = 40, kRefererText };

template <std::size_t N>
std::string_view pick(const std::array<std::string_view, N>& words, Draws& draws) {
  return words[draws.below(N)];
}

constexpr std::array<std::string_view, 8> kFolders = {"assets", "images", "blog",    "help",
                                                      "brands", "static", "content", "news"};
constexpr std::array<std::string_view, 8> kEndings = {".html", ".css", ".js", ".png", ".jpg", "/", "", ".svg"};

/// 1 to 5 words; the popular ranks are short, as home pages and style sheets are.
std::string page_of_rank(std::uint64_t seed, std::size_t rank) {
  if (rank == 0) return "/";
  if (rank == 1) return "/favicon.ico";
  if (rank == 2) return "/robots.txt";
  Draws draws(seed, static_cast<std::int64_t>(rank), kPageText);
  std::string text = "/";
  text += pick(kFolders, draws);
  const std::size_t words = 1 + draws.below(rank < 100 ? 2 : 5);
  for (std::size_t i = 0; i < words; ++i) {
    text += i == 0 || draws.happens(0.3) ? '/' : '-';
    text += pick(kWords, draws);
  }
  if (rank > 50) append_number(text.append(1, '-'), static_cast<std::int64_t>(rank));
  text += pick(kEndings, draws);
  return text;
}

std::string referer_of_rank(std::uint64_t seed, std::size_t rank) {
  constexpr std::array<std::string_view, 4> kOutside = {"https://www.google.com/", "https://www.bing.com/",
                                                        "https://duckduckgo.com/",
                                                        "android-app://com.google.android.gm/"};
  if (rank < kOutside.size()) return std::string(kOutside[rank]);
  Draws draws(seed, static_cast<std::int64_t>(rank), kRefererText);
  std::string text = "https://www.example-shop.com";
  if (draws.happens(0.5)) return text += page_of_rank(seed, rank);
  if (draws.happens(0.5)) {
    append_number(text += "/product/", static_cast<std::int64_t>(1 + draws.below(kProducts)));
    return text;
  }
  text += "/search?q=";
  text += pick(kWords, draws);
  append_number(text += "&page=", static_cast<std::int64_t>(1 + draws.below(20)));
  return text;
}

}  // namespace

Pages::Pages(std::uint64_t seed) : products_(kProducts, 0.9), page_ranks_(kPages, 1.0), referer_ranks_(kReferers, 1.1) {
  for (std::size_t rank = 0; rank < kPages; ++rank) pages_.push_back(page_of_rank(seed, rank));
  for (std::size_t rank = 0; rank < kReferers; ++rank) referers_.push_back(referer_of_rank(seed, rank));
}

PageKind Pages::append_path(Draws& draws, std::string& out) const {
  const double kind = draws.share();
  if (kind < 0.30) return append_product(draws, out), PageKind::kProduct;
  if (kind < 0.42) return append_search(draws, out), PageKind::kSearch;
  if (kind < 0.50) return append_api(draws, out), PageKind::kApi;
  if (kind < 0.52) return append_tracked(draws, out), PageKind::kTracked;
  out += pages_[page_ranks_.draw(draws)];
  return PageKind::kStatic;
}

void Pages::append_referer(Draws& draws, std::string& out) const { out += referers_[referer_ranks_.draw(draws)]; }

void Pages::append_product(Draws& draws, std::string& out) const {
  append_number(out += "/product/", static_cast<std::int64_t>(1 + products_.draw(draws)));
  if (!draws.happens(0.15)) return;
  out += "?color=";
  out += pick(kWords, draws);
  append_number(out += "&size=", static_cast<std::int64_t>(36 + draws.below(12)));
}

void Pages::append_search(Draws& draws, std::string& out) const {
  out += "/search?q=";
  out += draws.happens(0.1) ? pick(kEscapedWords, draws) : pick(kWords, draws);
  for (std::size_t more = draws.below(3); more > 0; --more) {
    out += '+';
    out += pick(kWords, draws);
  }
  if (draws.happens(0.3)) append_number(out += "&page=", static_cast<std::int64_t>(2 + draws.below(9)));
}

void Pages::append_api(Draws& draws, std::string& out) const {
  constexpr std::array<std::string_view, 4> kThings = {"cart", "user", "stock", "price"};
  out += "/api/v1/";
  out += pick(kThings, draws);
  append_hex(out += '/', draws.next(), 12);
}

void Pages::append_tracked(Draws& draws, std::string& out) const {
  out += "/landing?utm_source=newsletter&utm_medium=email&utm_campaign=";
  out += pick(kWords, draws);
  out += "&token=";
  for (std::size_t part = 4 + draws.below(20); part > 0; --part) append_hex(out, draws.next(), 16);
}

}  // namespace generate

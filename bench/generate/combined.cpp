// SPDX-License-Identifier: Apache-2.0
// Apache's combined access log, with the figures measured on real ones.
#include <array>
#include <string>

#include "pages.hpp"
#include "profile.hpp"
#include "text.hpp"
#include "visitors.hpp"
#include "words.hpp"

namespace generate {
namespace {

enum Purpose : std::uint64_t { kDirtDraw = 10, kDuplicateDraw, kValueDraw, kDamageDraw };

struct Choice {
  double up_to;  ///< of the running sum of shares
  std::string_view text;
};

template <std::size_t N>
std::size_t choose(const std::array<Choice, N>& choices, Draws& draws) {
  const double share = draws.share();
  std::size_t at = 0;
  while (at + 1 < N && share >= choices[at].up_to) ++at;
  return at;
}

constexpr std::array<Choice, 8> kStatuses = {{{0.913, "200"},
                                              {0.958, "304"},
                                              {0.979, "404"},
                                              {0.995, "301"},
                                              {0.9985, "206"},
                                              {0.9990, "403"},
                                              {0.9995, "500"},
                                              {1.0, "503"}}};
constexpr std::size_t kNotModified = 1;
constexpr std::array<Choice, 5> kMethods = {
    {{0.979, "GET"}, {0.993, "POST"}, {0.998, "HEAD"}, {0.999, "PUT"}, {1.0, "OPTIONS"}}};
constexpr std::array<Choice, 3> kProtocols = {{{0.72, "HTTP/1.1"}, {0.96, "HTTP/2.0"}, {1.0, "HTTP/1.0"}}};

/// What is true of one line.
struct Facts {
  std::size_t status = 0;
  std::size_t method = 0;
  PageKind page = PageKind::kStatic;
  bool no_user = true, no_referer = false, no_agent = false, no_bytes = false, no_method = false;
  std::int64_t bytes = 0;
};

struct Totals {
  std::array<std::int64_t, kStatuses.size()> status{};
  std::int64_t bad_request = 0;
  std::array<std::int64_t, kMethods.size()> method{};
  std::int64_t no_user = 0, no_referer = 0, no_agent = 0, no_bytes = 0, no_method = 0;
  std::int64_t products = 0, searches = 0, bytes = 0;
  std::int64_t invalid_utf8 = 0, nul = 0, escapes = 0, duplicates = 0, long_lines = 0;
  std::int64_t wanted = 0;  ///< method in ('GET','POST') and status <> 304
};

class Combined final : public Profile {
 public:
  explicit Combined(const ProfileOptions& options)
      : options_(options), visitors_(options), pages_(options.seed), sizes_(9.3, 1.75) {}

  void append_header(std::string&) const override {}

  Verdict append(std::int64_t row, std::string& out) override {
    Draws dirt(options_.seed, row, kDirtDraw);
    if (dirt.happens(options_.dirt.blank)) {
      out += '\n';
      return {Fate::kBlank};
    }
    if (dirt.happens(options_.dirt.malformed)) {
      const std::string_view reason = append_malformed(row, out);
      out += '\n';
      return {Fate::kReject, reason};
    }
    append_row(row, dirt, out);
    out += '\n';
    return {};
  }

  std::vector<std::pair<std::string, Counts>> counts() const override;

 private:
  void append_row(std::int64_t row, Draws& dirt, std::string& out) {
    if (dirt.happens(options_.dirt.escapes)) return append_binary_request(row, out);
    const bool again = is_duplicate(row);
    totals_.duplicates += again;
    const Facts facts = append_line(again ? row - 1 : row, out);
    count(facts);
  }

  /// A line is repeated at most once, so that row - 1 can be made without asking further back.
  bool is_duplicate(std::int64_t row) const {
    const double share = options_.dirt.duplicates;
    return row > 0 && Draws(options_.seed, row, kDuplicateDraw).happens(share) &&
           !Draws(options_.seed, row - 1, kDuplicateDraw).happens(share);
  }

  void append_begin(std::int64_t row, std::int64_t burst, bool& no_user, Draws& draws, std::string& out) const {
    out += visitors_.address(burst);
    no_user = !draws.happens(0.01);
    out += " - ";
    if (no_user) {
      out += '-';
    } else {
      out += kFirstNames[draws.below(kFirstNames.size())];
      append_number(out, static_cast<std::int64_t>(draws.below(500)));
    }
    // Lines are written when the answer is out, so half of the neighbours are out of order, by less than a minute.
    append_time(kStart + static_cast<std::int64_t>(static_cast<double>(row) / options_.rate) +
                    static_cast<std::int64_t>(draws.below(60)),
                out);
  }

  static void append_time(std::int64_t seconds, std::string& out) {
    constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const Civil civil = civil_of(seconds);
    append_padded(out += " [", civil.day, 2);
    out += '/';
    out += kMonths[static_cast<std::size_t>(civil.month - 1)];
    append_number(out += '/', civil.year);
    append_clock(out += ':', civil);
    out += " +0000] \"";
  }

  Facts append_line(std::int64_t row, std::string& out) {
    Draws draws(options_.seed, row, kValueDraw);
    const std::int64_t burst = visitors_.burst_of(row);
    Facts facts;
    append_begin(row, burst, facts.no_user, draws, out);
    facts.method = choose(kMethods, draws);
    out += kMethods[facts.method].text;
    out += ' ';
    facts.page = pages_.append_path(draws, out);
    append_odd_bytes(row, facts.page, out);
    out += ' ';
    out += kProtocols[choose(kProtocols, draws)].text;
    out += "\" ";
    append_answer(draws, facts, out);
    facts.no_referer = draws.happens(0.41);
    if (facts.no_referer) {
      out += '-';
    } else {
      pages_.append_referer(draws, out);
    }
    const std::string_view agent = visitors_.agent(burst);
    facts.no_agent = agent == "-";
    out += "\" \"";
    out += agent;
    out += '"';
    return facts;
  }

  void append_answer(Draws& draws, Facts& facts, std::string& out) const {
    facts.status = choose(kStatuses, draws);
    out += kStatuses[facts.status].text;
    out += ' ';
    facts.no_bytes = facts.status == kNotModified || draws.happens(0.02);
    if (facts.no_bytes) {
      out += '-';
    } else {
      append_number(out, facts.bytes = sizes_.draw(draws));
    }
    out += " \"";
  }

  /// Bytes that are hard to read, at the end of the path. They change the path only, so the counts below hold.
  void append_odd_bytes(std::int64_t row, PageKind page, std::string& out) {
    Draws draws(options_.seed, row, kDamageDraw);
    const char joint = page == PageKind::kSearch || page == PageKind::kTracked ? '&' : '?';
    if (draws.happens(options_.dirt.invalid_utf8)) {
      out += joint;
      out += "name=caf\xE9\xFF";  // Latin-1, sent by old clients
      ++totals_.invalid_utf8;
    }
    if (draws.happens(options_.dirt.nul)) {
      out += joint;
      out.append("z=\0", 3);
      ++totals_.nul;
    }
    if (draws.happens(options_.dirt.long_line)) {
      out += joint;
      out.append(static_cast<std::size_t>(options_.long_line_bytes), 'x');
      ++totals_.long_lines;
    }
  }

  /// TLS and scanners knocking at a plain port: a row whose request is not METHOD PATH PROTOCOL.
  void append_binary_request(std::int64_t row, std::string& out) {
    Draws draws(options_.seed, row, kDamageDraw);
    bool no_user = true;
    append_begin(row, row, no_user, draws, out);
    out += "\\x16\\x03\\x01";
    for (std::size_t count = 2 + draws.below(30); count > 0; --count) append_hex(out += "\\x", draws.next(), 2);
    out += "\" 400 226 \"-\" \"-\"";
    totals_.no_user += no_user;
    ++totals_.bad_request;
    ++totals_.no_method;
    ++totals_.no_referer;
    ++totals_.no_agent;
    ++totals_.escapes;
    totals_.bytes += 226;
  }

  std::string_view append_malformed(std::int64_t row, std::string& out) const;

  void count(const Facts& facts) {
    ++totals_.status[facts.status];
    ++totals_.method[facts.method];
    totals_.no_user += facts.no_user;
    totals_.no_referer += facts.no_referer;
    totals_.no_agent += facts.no_agent;
    totals_.no_bytes += facts.no_bytes;
    totals_.products += facts.page == PageKind::kProduct;
    totals_.searches += facts.page == PageKind::kSearch;
    totals_.bytes += facts.bytes;
    totals_.wanted += facts.method <= 1 && facts.status != kNotModified;
  }

  ProfileOptions options_;
  Visitors visitors_;
  Pages pages_;
  LogNormal sizes_;
  Totals totals_;
};

std::string_view Combined::append_malformed(std::int64_t row, std::string& out) const {
  Draws draws(options_.seed, row, kDamageDraw);
  const std::string address(visitors_.address(row));
  bool no_user = true;
  switch (draws.below(6)) {
    case 0:
      append_begin(row, row, no_user, draws, out);
      out += R"(GET /style.css HTTP/1.1" 200 4877 "-" "Mozilla/5.0 (Windows NT 10.0)";
      return "unterminated quote";
    case 1:
      append_begin(row, row, no_user, draws, out);
      out += "GET /assets/red/sho";
      return "cut in the request";
    case 2:
      append_begin(row, row, no_user, draws, out);
      out += R"(GET / HTTP/1.1" "-" "curl/8.5.0")";
      return "status and bytes missing";
    case 3:
      append_begin(row, row, no_user, draws, out);
      out += R"(GET / HTTP/1.1" 2O0 512 "-" "curl/8.5.0")";
      return "status is no number";
    case 4:
      out += "[Sun Nov 01 06:52:16 2026] [error] [client ";
      out += address;
      out += "] File does not exist: /var/www/favicon.ico";
      return "a line of the error log";
    default:
      for (std::size_t count = 8 + draws.below(60); count > 0; --count)
        out += static_cast<char>(128 + draws.below(128));
      return "binary";
  }
}

std::vector<std::pair<std::string, Counts>> Combined::counts() const {
  Counts status;
  for (std::size_t i = 0; i < kStatuses.size(); ++i)
    status.emplace_back(std::string(kStatuses[i].text), totals_.status[i]);
  status.emplace_back("400", totals_.bad_request);
  Counts method;
  for (std::size_t i = 0; i < kMethods.size(); ++i)
    method.emplace_back(std::string(kMethods[i].text), totals_.method[i]);
  return {
      {"status", status},
      {"method", method},
      {"missing",
       {{"user", totals_.no_user},
        {"method", totals_.no_method},
        {"bytes", totals_.no_bytes},
        {"referer", totals_.no_referer},
        {"user_agent", totals_.no_agent}}},
      {"rows", {{"product", totals_.products}, {"search", totals_.searches}, {"get_or_post_not_304", totals_.wanted}}},
      {"sum", {{"bytes", totals_.bytes}}},
      {"dirt",
       {{"invalid_utf8", totals_.invalid_utf8},
        {"nul", totals_.nul},
        {"escapes", totals_.escapes},
        {"duplicates", totals_.duplicates},
        {"long_lines", totals_.long_lines}}}};
}

}  // namespace

std::unique_ptr<Profile> make_combined(const ProfileOptions& options) { return std::make_unique<Combined>(options); }

}  // namespace generate

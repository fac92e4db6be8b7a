// SPDX-License-Identifier: Apache-2.0
// Events as JSON lines: eight types, each with a payload of its own, keys that come late and keys that are often
// absent.
#include <array>
#include <string>

#include "pages.hpp"
#include "profile.hpp"
#include "text.hpp"
#include "visitors.hpp"
#include "words.hpp"

namespace generate {
namespace {

enum Purpose : std::uint64_t { kDirtDraw = 20, kValueDraw, kDamageDraw };

enum Type : std::size_t { kView, kSearch, kAddToCart, kClick, kPurchase, kLogin, kError, kHeartbeat, kTypes };
constexpr std::array<std::string_view, kTypes> kTypeNames = {"page_view", "search", "add_to_cart", "click",
                                                             "purchase",  "login",  "error",       "heartbeat"};
constexpr std::array<double, kTypes> kUpTo = {0.60, 0.75, 0.85, 0.91, 0.95, 0.975, 0.99, 1.0};

/// The first row with an experiment: readers that sample the head do not know the key.
constexpr std::int64_t kExperimentFrom = 10'000;

struct Totals {
  std::array<std::int64_t, kTypes> types{};
  std::int64_t no_user = 0, no_plan = 0, no_device = 0, experiments = 0, mobile = 0;
  std::int64_t cart_quantity = 0, purchase_cents = 0, drifted = 0, long_lines = 0, invalid_utf8 = 0;
};

class Json final : public Profile {
 public:
  explicit Json(const ProfileOptions& options)
      : options_(options), visitors_(options), pages_(options.seed), users_(20'000, 0.9) {}

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
    append_event(row, dirt, out);
    out += '\n';
    return {};
  }

  std::vector<std::pair<std::string, Counts>> counts() const override;

 private:
  void append_event(std::int64_t row, Draws& dirt, std::string& out) {
    Draws draws(options_.seed, row, kValueDraw);
    const std::int64_t burst = visitors_.burst_of(row);
    const double share = draws.share();
    std::size_t type = 0;
    while (type + 1 < kTypes && share >= kUpTo[type]) ++type;
    ++totals_.types[type];
    append_common(row, burst, type, draws, out);
    append_device(draws, out);
    append_user(draws, out);
    if (row >= kExperimentFrom && draws.happens(0.03)) {
      ++totals_.experiments;
      out += draws.happens(0.5) ? R"(,"experiment":{"name":"blue-button","arm":"a"})"
                                : R"(,"experiment":{"name":"blue-button","arm":"b"})";
    }
    append_payload(type, row, draws, dirt, out);
    out += '}';
  }

  void append_common(std::int64_t row, std::int64_t burst, std::size_t type, Draws& draws, std::string& out) const {
    const auto seconds = kStart + static_cast<std::int64_t>(static_cast<double>(row) / options_.rate);
    const Civil civil = civil_of(seconds);
    append_date(out += R"({"ts":")", civil);
    append_clock(out += 'T', civil);
    append_padded(out += '.', static_cast<std::int64_t>(draws.below(1000)), 3);
    out += R"(Z","event":")";
    out += kTypeNames[type];
    append_hex(out += R"(","req":{"id":")", draws.next(), 16);
    out += R"(","path":")";
    pages_.append_path(draws, out);
    out += type == kAddToCart || type == kPurchase || type == kLogin ? R"(","method":"POST","ms":)"
                                                                     : R"(","method":"GET","ms":)";
    append_number(out, static_cast<std::int64_t>(draws.below(400)));
    out += '.';
    append_number(out, static_cast<std::int64_t>(1 + draws.below(9)));
    out += R"(},"ip":")";
    out += visitors_.address(burst);
    out += '"';
  }

  void append_device(Draws& draws, std::string& out) {
    const double share = draws.share();
    if (share < 0.03) {
      ++totals_.no_device;
      out += R"(,"device-type":"")";
    } else if (share < 0.52) {
      ++totals_.mobile;
      out += R"(,"device-type":"mobile")";
    } else {
      out += share < 0.92 ? R"(,"device-type":"desktop")" : R"(,"device-type":"tablet")";
    }
  }

  void append_user(Draws& draws, std::string& out) {
    if (draws.happens(0.2)) {
      ++totals_.no_user;
      ++totals_.no_plan;
      return;
    }
    append_number(out += R"(,"user":{"id":)", static_cast<std::int64_t>(10'000 + users_.draw(draws)));
    const double share = draws.share();
    totals_.no_plan += share < 0.024;
    out += share < 0.024 ? R"(,"plan":null})" : share < 0.7 ? R"(,"plan":"free"})" : R"(,"plan":"pro"})";
  }

  void append_payload(std::size_t type, std::int64_t row, Draws& draws, Draws& dirt, std::string& out);
  void append_purchase(std::int64_t row, Draws& draws, Draws& dirt, std::string& out);
  std::string_view append_malformed(std::int64_t row, std::string& out) const;

  ProfileOptions options_;
  Visitors visitors_;
  Pages pages_;
  Zipf users_;
  Totals totals_;
};

std::string_view word(Draws& draws) { return kWords[draws.below(kWords.size())]; }

void Json::append_payload(std::size_t type, std::int64_t row, Draws& draws, Draws& dirt, std::string& out) {
  switch (type) {
    case kView:
      out += R"(,"payload":{"title":")";
      out += word(draws);
      out += draws.happens(0.05) ? R"( caf\u00e9 \ud83d\ude00 \"best\"")" : " & more\"";
      append_padded(out += R"(,"scroll":0.)", static_cast<std::int64_t>(1 + draws.below(99)), 2);
      if (dirt.happens(options_.dirt.invalid_utf8)) {
        ++totals_.invalid_utf8;
        out += ",\"note\":\"caf\xE9\"";
      }
      if (dirt.happens(options_.dirt.long_line)) {
        ++totals_.long_lines;
        out += ",\"note\":\"";
        out.append(static_cast<std::size_t>(options_.long_line_bytes), 'x') += '"';
      }
      out += '}';
      break;
    case kSearch:
      out += R"(,"payload":{"query":")";
      out += word(draws);
      out += ' ';
      out += word(draws);
      append_number(out += R"(","results":)", static_cast<std::int64_t>(draws.below(200)));
      out += '}';
      break;
    case kAddToCart: {
      const auto quantity = static_cast<std::int64_t>(1 + draws.below(4));
      totals_.cart_quantity += quantity;
      append_number(out += R"(,"payload":{"product":)", static_cast<std::int64_t>(1 + draws.below(5000)));
      append_number(out += R"(,"quantity":)", quantity);
      append_cents(out += R"(,"price":)", static_cast<std::int64_t>(199 + draws.below(20'000)));
      out += '}';
      break;
    }
    case kClick:
      append_number(out += R"(,"payload":{"target":"button.buy","at":{"x":)",
                    static_cast<std::int64_t>(draws.below(1920)));
      append_number(out += R"(,"y":)", static_cast<std::int64_t>(draws.below(1080)));
      out += "}}";
      break;
    case kPurchase:
      append_purchase(row, draws, dirt, out);
      break;
    case kLogin:
      out += draws.happens(0.9) ? R"(,"payload":{"ok":true,"mfa":null})" : R"(,"payload":{"ok":false,"mfa":"totp"})";
      break;
    case kError:
      append_number(out += R"(,"payload":{"code":"E)", static_cast<std::int64_t>(10 + draws.below(60)));
      out +=
          R"--(","stack":"Error: no stock\n    at buy (shop.js:10)\n    at click (shop.js:7)","context":{"release":"2026.11.)--";
      append_number(out, static_cast<std::int64_t>(1 + draws.below(30)));
      append_number(out += R"(","host":{"name":"web-)", static_cast<std::int64_t>(1 + draws.below(12)));
      out += R"("}}})";
      break;
    default:
      out += R"(,"payload":{})";
  }
}

void Json::append_purchase(std::int64_t row, Draws& draws, Draws& dirt, std::string& out) {
  append_hex(out += R"(,"payload":{"order":{"id":")", draws.next(), 12);
  out += R"(","items":[)";
  std::int64_t total = 0;
  const std::size_t items = 1 + draws.below(12);
  for (std::size_t i = 0; i < items; ++i) {
    const auto price = static_cast<std::int64_t>(199 + draws.below(20'000));
    total += price;
    append_number(out += i == 0 ? R"({"sku":"P)" : R"(,{"sku":"P)", static_cast<std::int64_t>(1 + draws.below(5000)));
    append_cents(out += R"(","qty":1,"price":)", price);
    out += '}';
  }
  totals_.purchase_cents += total;
  const bool drifts = row >= options_.drift_from && dirt.happens(options_.dirt.drift);
  totals_.drifted += drifts;
  append_cents(out += drifts ? R"(],"total":"EUR )" : R"(],"total":)", total);
  out += drifts ? R"(","currency":"EUR"}})" : R"(,"currency":"EUR"}})";
}

std::string_view Json::append_malformed(std::int64_t row, std::string& out) const {
  Draws draws(options_.seed, row, kDamageDraw);
  switch (draws.below(4)) {
    case 0:
      out += R"({"ts":"2026-11-01T00:00:00Z","event":"page_view","req":{"id":"00)";
      return "cut off";
    case 1:
      out += R"({"ts":"2026-11-01T00:00:00Z","event":"click" "req":{}})";
      return "a comma is missing";
    case 2:
      out += "WARN  collector restarted, 17 events lost";
      return "no JSON";
    default:
      out += R"({"ts":"2026-11-01T00:00:00Z","event":'click'})";
      return "single quotes";
  }
}

std::vector<std::pair<std::string, Counts>> Json::counts() const {
  Counts types;
  for (std::size_t i = 0; i < kTypes; ++i) types.emplace_back(std::string(kTypeNames[i]), totals_.types[i]);
  return {
      {"event", types},
      {"missing", {{"user.id", totals_.no_user}, {"user.plan", totals_.no_plan}, {"device-type", totals_.no_device}}},
      {"rows", {{"experiment", totals_.experiments}, {"mobile", totals_.mobile}}},
      {"sum", {{"cart_quantity", totals_.cart_quantity}, {"purchase_cents", totals_.purchase_cents}}},
      {"dirt",
       {{"drifted", totals_.drifted}, {"invalid_utf8", totals_.invalid_utf8}, {"long_lines", totals_.long_lines}}}};
}

}  // namespace

std::unique_ptr<Profile> make_json(const ProfileOptions& options) { return std::make_unique<Json>(options); }

}  // namespace generate

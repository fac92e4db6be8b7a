// SPDX-License-Identifier: Apache-2.0
// Orders as people export them: quoted newlines, words for missing, zero-padded numbers, types that change late, ragged
// rows, and the header once more in the middle.
#include <array>
#include <string>

#include "profile.hpp"
#include "random.hpp"
#include "text.hpp"
#include "words.hpp"

namespace generate {
namespace {

enum Purpose : std::uint64_t { kDirtDraw = 30, kValueDraw };

constexpr std::string_view kHeader =
    "order-id,Customer Name,e-mail,ordered at,amount,quantity,country,gift,coupon,note\n";
constexpr std::array<std::string_view, 5> kNoAmount = {"", "NA", "N/A", "null", "NULL"};
/// Short rows lack these: coupon and note.
enum class Length { kFull, kShort, kLong };

struct Totals {
  std::int64_t short_rows = 0, headers = 0, drifted = 0, quoted_newlines = 0;
  std::int64_t no_amount = 0, no_coupon = 0, no_note = 0, gifts = 0, quantity = 0, cents = 0, invalid_utf8 = 0;
};

class Csv final : public Profile {
 public:
  explicit Csv(const ProfileOptions& options) : options_(options), customers_(30'000, 0.8) {}

  void append_header(std::string& out) const override { out += kHeader; }

  Verdict append(std::int64_t row, std::string& out) override {
    Draws dirt(options_.seed, row, kDirtDraw);
    if (dirt.happens(options_.dirt.blank)) {
      out += '\n';
      return {Fate::kBlank};
    }
    if (dirt.happens(options_.dirt.repeated_header)) {
      ++totals_.headers;
      out += kHeader;
      return {Fate::kBlank};
    }
    if (dirt.happens(options_.dirt.malformed)) {
      append_order(row, Length::kLong, dirt, out);
      return {Fate::kReject, "too many fields"};
    }
    append_order(row, dirt.happens(options_.dirt.ragged) ? Length::kShort : Length::kFull, dirt, out);
    return {};
  }

  std::vector<std::pair<std::string, Counts>> counts() const override;

 private:
  void append_order(std::int64_t row, Length length, Draws& dirt, std::string& out) {
    Draws draws(options_.seed, row, kValueDraw);
    const std::int64_t counts = length == Length::kLong ? 0 : 1;  // a reject counts nowhere
    append_padded(out, 1 + row, 8);
    append_customer(draws, dirt, out);
    append_date_and_amount(row, counts, draws, dirt, out);
    const auto quantity = static_cast<std::int64_t>(1 + draws.below(9));
    totals_.quantity += counts * quantity;
    append_number(out += ',', quantity);
    out += draws.happens(0.02) ? ", " : ",";
    out += kCountries[draws.below(kCountries.size())];
    const bool gift = draws.happens(0.1);
    totals_.gifts += counts * gift;
    out += gift ? ",true" : draws.happens(0.5) ? ",false" : ",FALSE";
    append_end(length, counts, draws, out);
  }

  void append_customer(Draws& draws, Draws& dirt, std::string& out) {
    const auto customer = static_cast<std::int64_t>(customers_.draw(draws));
    const std::string_view name = kFirstNames[static_cast<std::size_t>(customer) % kFirstNames.size()];
    if (draws.happens(0.127)) {
      out += ",\"M\xC3\xBCller, ";
      out += name;
      out += '"';
    } else {
      append_number((out += ',').append(name) += ' ', customer);
    }
    if (dirt.happens(options_.dirt.invalid_utf8)) {
      ++totals_.invalid_utf8;
      out += ",caf\xE9@example.com";
      return;
    }
    out += draws.happens(0.01) ? ", " : ",";
    append_number(out.append(name), customer);
    out += draws.happens(0.1) ? "@EXAMPLE.com" : "@example.com";
  }

  void append_date_and_amount(std::int64_t row, std::int64_t counts, Draws& draws, Draws& dirt, std::string& out) {
    const Civil civil = civil_of(kStart + static_cast<std::int64_t>(static_cast<double>(row) / options_.rate));
    append_date(out += ',', civil);
    append_clock(out += ' ', civil);
    out += ',';
    if (draws.happens(0.05)) {
      totals_.no_amount += counts;
      out += kNoAmount[draws.below(kNoAmount.size())];
      return;
    }
    const auto cents = static_cast<std::int64_t>(199 + draws.below(90'000));
    if (row >= options_.drift_from && dirt.happens(options_.dirt.drift)) {
      totals_.drifted += counts;
      append_cents(out += "\"1,", cents % 90'000 + 10'000);  // "1,234.50", a spreadsheet's number
      totals_.cents += counts * (100'000 + cents % 90'000 + 10'000);
      out += '"';
      return;
    }
    totals_.cents += counts * cents;
    append_cents(out, cents);
  }

  void append_end(Length length, std::int64_t counts, Draws& draws, std::string& out) {
    if (length == Length::kShort) {
      ++totals_.short_rows;
      ++totals_.no_coupon;
      ++totals_.no_note;
      out += '\n';
      return;
    }
    const bool coupon = draws.happens(0.03);
    totals_.no_coupon += counts * !coupon;
    out += coupon ? ",None-10," : ",,";
    append_note(counts, draws, out);
    out += length == Length::kLong ? ",surplus,fields\n" : "\n";
  }

  void append_note(std::int64_t counts, Draws& draws, std::string& out) {
    const double share = draws.share();
    const std::string_view word = kWords[draws.below(kWords.size())];
    if (share < 0.7) {
      totals_.no_note += counts;
    } else if (share < 0.85) {
      out += "please wrap the ";
      out += word;
    } else if (share < 0.93) {
      totals_.quoted_newlines += counts;
      out += "\"ring twice,\nthen leave the ";
      out += word;
      out += " at the door\"";
    } else {
      out += "\"the \"\"best\"\" ";
      out += word;
      out += '"';
    }
  }

  ProfileOptions options_;
  Zipf customers_;
  Totals totals_;
};

std::vector<std::pair<std::string, Counts>> Csv::counts() const {
  return {{"missing", {{"amount", totals_.no_amount}, {"coupon", totals_.no_coupon}, {"note", totals_.no_note}}},
          {"rows", {{"gift", totals_.gifts}}},
          {"sum", {{"quantity", totals_.quantity}, {"amount_cents", totals_.cents}}},
          {"dirt",
           {{"short_rows", totals_.short_rows},
            {"repeated_headers", totals_.headers},
            {"drifted", totals_.drifted},
            {"quoted_newlines", totals_.quoted_newlines},
            {"invalid_utf8", totals_.invalid_utf8}}}};
}

/// A lookup table: row i is the address of rank i.
class Users final : public Profile {
 public:
  explicit Users(const ProfileOptions& options) : options_(options) {}

  void append_header(std::string& out) const override { out += "ip,country,plan,signup\n"; }

  Verdict append(std::int64_t row, std::string& out) override {
    Draws draws(options_.seed, row, kValueDraw);
    out += address_of_rank(options_.seed, static_cast<std::size_t>(row));
    out += ',';
    out += kCountries[draws.below(kCountries.size())];
    const bool pro = draws.happens(0.2);
    pro_ += pro;
    out += pro ? ",pro," : ",free,";
    append_date(out, civil_of(kStart - 86400 * static_cast<std::int64_t>(1 + draws.below(2000))));
    out += '\n';
    return {};
  }

  std::vector<std::pair<std::string, Counts>> counts() const override { return {{"rows", {{"pro", pro_}}}}; }

 private:
  ProfileOptions options_;
  std::int64_t pro_ = 0;
};

}  // namespace

std::unique_ptr<Profile> make_csv(const ProfileOptions& options) { return std::make_unique<Csv>(options); }
std::unique_ptr<Profile> make_users(const ProfileOptions& options) { return std::make_unique<Users>(options); }

}  // namespace generate

// SPDX-License-Identifier: Apache-2.0
// A kind of file the generator makes: its records, its dirt, and the counts that are true of them.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace generate {

/// How often each kind of dirt happens, as a share of the records.
struct DirtRates {
  double malformed = 0;        ///< fits no format: a reject
  double blank = 0;            ///< blank lines
  double escapes = 0;          ///< \x escapes where a request should be
  double duplicates = 0;       ///< the line before, once more
  double invalid_utf8 = 0;     ///< bytes that are not UTF-8
  double nul = 0;              ///< NUL bytes
  double ragged = 0;           ///< CSV: rows too short
  double repeated_header = 0;  ///< CSV: the header once more
  double drift = 0;            ///< CSV, JSON: values of another type, only late in the data
  double long_line = 0;        ///< a line of `long_line_bytes`
};

struct ProfileOptions {
  std::uint64_t seed = 1;
  DirtRates dirt;
  std::int64_t long_line_bytes = 1 << 20;
  std::size_t addresses = 200'000;   ///< distinct client addresses
  double skew = 0.8;                 ///< Zipf exponent of the addresses; 0: all alike
  double hot = 0;                    ///< share of the rows that one address has besides
  double rate = 5;                   ///< rows a second
  std::int64_t drift_from = 20'000;  ///< first row that may drift: behind what a reader samples
};

/// What the ledger of a reader must say of a record.
enum class Fate { kRow, kReject, kBlank };

struct Verdict {
  Fate fate = Fate::kRow;
  std::string_view reason = {};  ///< of a reject
};

using Counts = std::vector<std::pair<std::string, std::int64_t>>;

class Profile {
 public:
  virtual ~Profile() = default;
  /// Appends what each file begins with (a header line, or nothing). Counted as blank where it is not empty.
  virtual void append_header(std::string& out) const = 0;
  /// Appends record `row` with its line end, and counts it. Depends on the options and `row` alone.
  virtual Verdict append(std::int64_t row, std::string& out) = 0;
  /// Groups of counts over the rows made so far, for the truth file.
  virtual std::vector<std::pair<std::string, Counts>> counts() const = 0;
};

std::unique_ptr<Profile> make_combined(const ProfileOptions& options);
std::unique_ptr<Profile> make_json(const ProfileOptions& options);
std::unique_ptr<Profile> make_csv(const ProfileOptions& options);
std::unique_ptr<Profile> make_users(const ProfileOptions& options);

/// The address of a rank, the same in all profiles: joins between them hit.
std::string address_of_rank(std::uint64_t seed, std::size_t rank);

}  // namespace generate

// SPDX-License-Identifier: Apache-2.0
// evclean check --s3: what the job's identities may do in its buckets.
#include <algorithm>
#include <set>

#include "evclean/engine.hpp"
#include "evclean/report.hpp"
#include "evclean/s3.hpp"
#include "evclean/suggest.hpp"

namespace evclean {
namespace {

/// A bucket in one of its roles in the job.
struct Use {
  std::string role;  ///< "input", "mapping" (both read), "output", "rejects"
  S3Url url;         ///< up to the first wildcard
  S3Settings settings;
  bool lists = false;
  bool is_read() const { return role == "input" || role == "mapping"; }
};

/// "yes", "no" or "-" (not needed, or nothing there to try it on), and what was said.
struct Right {
  std::string word = "-";
  std::string problem = {};
};

Right right_of(const std::string& problem) { return {problem.empty() ? "yes" : "no", problem}; }

void add_use(std::vector<Use>& uses, const std::string& role, const std::string& path,
             const std::optional<S3Settings>& settings) {
  const std::string plain = path.starts_with('@') ? path.substr(1) : path;
  if (!is_s3_path(plain)) return;
  Use use{role, S3Url::parse(plain), settings.value_or(S3Settings{}), false};
  if (role == "input") {
    const std::size_t wild = use.url.key.find_first_of("*?[");
    use.lists = wild != std::string::npos || use.url.key.empty() || use.url.key.ends_with('/');
    use.url.key = use.url.key.substr(0, wild);
  }
  const auto known = std::find_if(uses.begin(), uses.end(), [&](const Use& other) {
    return other.role == role && other.url.bucket == use.url.bucket && other.settings == use.settings;
  });
  if (known == uses.end()) {
    uses.push_back(std::move(use));
  } else {
    known->lists |= use.lists;
  }
}

std::vector<Use> uses_of(const Job& job) {
  std::vector<Use> uses;
  for (const TableSpec& table : job.tables) {
    if (table.input) {
      for (const Text& path : table.input->paths) add_use(uses, "input", path.value, table.input->s3);
    }
    for (const StepSpec& step : table.steps) {
      const auto* const encode = std::get_if<EncodeStep>(&step.body);
      if (encode != nullptr && encode->fitted) add_use(uses, "mapping", encode->fitted->value, encode->s3);
    }
  }
  for (const OutputSpec& output : job.outputs) {
    for (const std::string& file : output_files(output)) add_use(uses, "output", file, output.s3);
  }
  for (const TableSpec& table : job.tables) {
    if (table.input) add_use(uses, "rejects", table.input->rejects.path, table.input->rejects.s3);
  }
  return uses;
}

/// Reads a byte of the object, or of the first one below.
Right try_read(S3Client& client, const Use& use, bool may_list) {
  if (!use.lists) {
    const std::string problem = client.read_problem(use.url);
    if (problem.empty() || !problem.starts_with("NoSuchKey")) return right_of(problem);
  }
  const auto first = may_list ? client.first_below(use.url) : std::nullopt;
  if (!first) return {};
  return right_of(client.read_problem({use.url.bucket, first->key}));
}

class AccessTable {
 public:
  void add(const Use& use) {
    std::vector<std::string> row = {use.url.bucket, use.role, "", "", "-", "-", "-"};
    S3Client& client = *S3Client::of(use.settings);
    try {
      row[2] = client.identity();
      row[3] = client.region_of(use.url.bucket);
      const Right list = right_of(client.list_problem(use.url));
      row[4] = note(use, "list", list, use.lists);
      if (use.is_read()) {
        row[5] = note(use, "read", try_read(client, use, list.problem.empty()), true);
      } else {
        row[6] = note(use, "write", right_of(client.write_problem(use.url)), true);
      }
    } catch (const Error& error) {
      allowed_ = false;
      problems_ += fmt::format("{}: {}\n", use.url.bucket, error.what());
    }
    rows_.push_back(std::move(row));
  }

  S3Access finish() const {
    constexpr std::size_t kWidth = 160;
    return {
        text_table({"bucket", "used for", "identity", "region", "list", "read", "write"}, rows_, kWidth) + problems_,
        allowed_};
  }

 private:
  std::string note(const Use& use, const char* what, const Right& right, bool needed) {
    if (right.word == "no" && needed) {
      allowed_ = false;
      problems_ += fmt::format("{}: {}: {}\n", use.url.bucket, what, right.problem);
    }
    return right.word;
  }

  std::vector<std::vector<std::string>> rows_;
  std::string problems_;
  bool allowed_ = true;
};

}  // namespace

S3Access check_s3(const Job& job) {
  const std::vector<Use> uses = uses_of(job);
  if (uses.empty()) return {"the job names no path on S3\n", true};
  AccessTable table;
  for (const Use& use : uses) table.add(use);
  return table.finish();
}

}  // namespace evclean

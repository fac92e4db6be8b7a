// SPDX-License-Identifier: Apache-2.0
// The block `s3:`.
#include <array>

#include "scalar.hpp"
#include "sections.hpp"

namespace evclean::job {
namespace {

void read_text_key(MapReader& map, const char* key, std::string& target) {
  const YamlNode* const node = map.take(key);
  if (node == nullptr || node->is_null()) return;
  if (auto text = read_word(*node, map.what() + "." + key, map.problems())) target = std::move(text->value);
}

bool read_flag(MapReader& map, const char* key, bool otherwise) {
  const YamlNode* const node = map.take(key);
  if (node == nullptr) return otherwise;
  return read_bool(*node, map.what() + "." + key, map.problems()).value_or(otherwise);
}

/// A text that must not say `problem_of(text)`.
template <typename ProblemOf>
void check_key(MapReader& map, const char* key, const std::string& value, ProblemOf&& problem_of) {
  if (value.empty()) return;
  const std::string problem = problem_of(value);
  if (!problem.empty()) map.problems().report(*map.node().find(key), "{}.{}: {}", map.what(), key, problem);
}

void read_choice_key(MapReader& map, const char* key, const std::vector<std::string>& words, std::string& target) {
  const YamlNode* const node = map.take(key);
  if (node == nullptr) return;
  std::vector<std::pair<std::string, std::string>> choices;
  for (const std::string& word : words) choices.emplace_back(word, word);
  assign(target, read_choice<std::string>(*node, map.what() + "." + key, choices, map.problems()));
}

void read_writing_keys(MapReader& map, S3Use use, S3Settings& s3) {
  if (use == S3Use::kRead) {
    for (const char* key : {"acl", "sse", "kms_key"}) {
      if (const YamlNode* node = map.take(key)) {
        map.problems().report(*node, "{}.{} is for what is written: put it into the output's s3", map.what(), key);
      }
    }
    return;
  }
  read_choice_key(map, "acl",
                  {"private", "public-read", "public-read-write", "authenticated-read", "aws-exec-read",
                   "bucket-owner-read", "bucket-owner-full-control", "log-delivery-write"},
                  s3.acl);
  read_choice_key(map, "sse", {"AES256", "aws:kms", "aws:kms:dsse"}, s3.sse);
  read_text_key(map, "kms_key", s3.kms_key);
  if (!s3.kms_key.empty() && s3.sse == "AES256") {
    map.problems().report(*map.node().find("kms_key"), "{}.kms_key needs sse: aws:kms, not AES256", map.what());
  }
}

std::string role_problem(const std::string& arn) {
  if (arn.starts_with("arn:") && arn.find(":role/") != std::string::npos) return {};
  return fmt::format("'{}' is no role: write its ARN, arn:aws:iam::ACCOUNT:role/NAME", printable(arn, 100));
}

std::string session_problem(const std::string& name) {
  constexpr std::string_view kAllowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_=,.@-+";
  if (name.size() >= 2 && name.size() <= 64 && name.find_first_not_of(kAllowed) == std::string::npos) return {};
  return "a session name has 2 to 64 letters, digits or characters of =,.@-_+";
}

void check_together(MapReader& map, const S3Settings& s3) {
  const auto report = [&](const char* key, const char* why) {
    map.problems().report(*map.node().find(key), "{}.{} {}", map.what(), key, why);
  };
  if (s3.anonymous && !s3.profile.empty()) report("profile", "contradicts anonymous: true");
  if (s3.anonymous && !s3.role_arn.empty()) report("role_arn", "contradicts anonymous: true");
  if (s3.role_arn.empty() && !s3.external_id.empty()) report("external_id", "is for role_arn");
  if (s3.role_arn.empty() && !s3.session_name.empty()) report("session_name", "is for role_arn");
}

}  // namespace

S3Settings read_s3(const YamlNode& node, const std::string& what, S3Use use, Problems& problems) {
  S3Settings s3;
  MapReader map(node, what, problems);
  if (!map.is_map()) return s3;
  read_text_key(map, "region", s3.region);
  read_text_key(map, "profile", s3.profile);
  read_text_key(map, "role_arn", s3.role_arn);
  read_text_key(map, "external_id", s3.external_id);
  read_text_key(map, "session_name", s3.session_name);
  read_text_key(map, "endpoint", s3.endpoint);
  s3.anonymous = read_flag(map, "anonymous", false);
  s3.request_payer = read_flag(map, "request_payer", false);
  if (const auto* style = map.take("path_style")) s3.path_style = read_bool(*style, what + ".path_style", problems);
  read_writing_keys(map, use, s3);
  check_key(map, "region", s3.region, region_problem);
  check_key(map, "endpoint", s3.endpoint, endpoint_problem);
  check_key(map, "role_arn", s3.role_arn, role_problem);
  check_key(map, "session_name", s3.session_name, session_problem);
  check_together(map, s3);
  map.finish();
  return s3;
}

void spread_s3(Job& job) {
  for (TableSpec& table : job.tables) {
    for (StepSpec& step : table.steps) {
      auto* const encode = std::get_if<EncodeStep>(&step.body);
      if (encode != nullptr && !encode->s3) encode->s3 = table.input && table.input->s3 ? table.input->s3 : job.s3;
    }
    if (!table.input) continue;
    if (!table.input->s3) table.input->s3 = job.s3;
    if (!table.input->rejects.s3) table.input->rejects.s3 = table.input->s3;
  }
  for (OutputSpec& output : job.outputs) {
    if (!output.s3) output.s3 = job.s3;
  }
}

}  // namespace evclean::job

// SPDX-License-Identifier: Apache-2.0
// uap-core's own test files, from the same package as its regexes: every family has to agree.
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>

#include "agent_matcher.hpp"
#include "evclean/function.hpp"
#include "flat_yaml.hpp"

namespace evclean::functions {
namespace {

using Family = std::function<std::string(std::string_view)>;

std::string device(std::string_view agent) {
  agent_matcher().set_agent(agent);
  return agent_matcher().first(RuleList::kDevice).value_or("Other");
}

/// Number of cases; each difference is a failure that shows the agent.
int check_file(const std::string& name, const Family& family) {
  const std::string path = std::string(EVCLEAN_UAP_FOLDER) + "/" + name;
  int cases = 0;
  const FlatYaml yaml = read_flat_yaml(path);
  for (const FlatEntry& entry : section(yaml, "test_cases")) {
    const std::string agent(entry.get("user_agent_string"));
    EXPECT_EQ(family(agent), entry.get("family")) << path << ":" << entry.line << ": " << agent;
    ++cases;
  }
  return cases;
}

TEST(UapCore, BrowserFamiliesAgree) {
  EXPECT_GT(check_file("tests/test_ua.yaml", browser), 1000);
  check_file("test_resources/firefox_user_agent_strings.yaml", browser);
  check_file("test_resources/opera_mini_user_agent_strings.yaml", browser);
  check_file("test_resources/podcasting_user_agent_strings.yaml", browser);
  check_file("test_resources/pgts_browser_list.yaml", browser);
}

TEST(UapCore, OsFamiliesAgree) {
  EXPECT_GT(check_file("tests/test_os.yaml", os), 300);
  check_file("test_resources/additional_os_tests.yaml", os);
}

TEST(UapCore, DeviceFamiliesAgree) { EXPECT_GT(check_file("tests/test_device.yaml", device), 10000); }

}  // namespace
}  // namespace evclean::functions

// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

#include "evclean/function.hpp"
#include "flat_yaml.hpp"

namespace evclean::functions {
namespace {

struct Known {
  const char* device;
  const char* browser;
  const char* os;
  const char* agent;
};

const Known kKnown[] = {
    {"desktop", "Chrome", "Windows",
     "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36"},
    {"desktop", "Edge", "Windows",
     "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36 "
     "Edg/120.0.2210.91"},
    {"desktop", "Safari", "Mac OS X",
     "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.1 "
     "Safari/605.1.15"},
    {"desktop", "Firefox", "Ubuntu", "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:109.0) Gecko/20100101 Firefox/119.0"},
    {"desktop", "Opera", "Windows", "Opera/9.80 (Windows NT 6.1; U; en) Presto/2.10.229 Version/11.62"},
    {"desktop", "Opera", "Linux",
     "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/118.0.0.0 Safari/537.36 "
     "OPR/104.0.0.0"},
    {"desktop", "Chrome", "Chrome OS",
     "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/119.0.0.0 Safari/537.36"},
    {"desktop", "IE", "Windows",
     "Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 6.1; Trident/4.0; SLCC2; .NET CLR 2.0.50727; Tablet PC 2.0)"},
    {"desktop", "IE", "Windows", "Mozilla/5.0 (Windows NT 6.3; WOW64; Trident/7.0; rv:11.0) like Gecko"},
    {"mobile", "Mobile Safari", "iOS",
     "Mozilla/5.0 (iPhone; CPU iPhone OS 17_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.1 "
     "Mobile/15E148 Safari/604.1"},
    {"mobile", "Chrome Mobile", "Android",
     "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/118.0.0.0 Mobile "
     "Safari/537.36"},
    {"mobile", "Samsung Internet", "Android",
     "Mozilla/5.0 (Linux; Android 13; SAMSUNG SM-S918B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/22.0 "
     "Chrome/111.0.5563.116 Mobile Safari/537.36"},
    {"mobile", "Firefox Mobile", "Android", "Mozilla/5.0 (Android 13; Mobile; rv:109.0) Gecko/119.0 Firefox/119.0"},
    {"mobile", "Android", "Android", "Dalvik/2.1.0 (Linux; U; Android 9; SM-G960F Build/PPR1.180610.011)"},
    {"mobile", "Opera Mini", "Android",
     "Opera/9.80 (Android; Opera Mini/36.2.2254/119.132; U; id) Presto/2.12.423 Version/12.16"},
    {"mobile", "Chrome Mobile", "Android",
     "Mozilla/5.0 (Linux; Android 9; CUBOT_X18_Plus) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/79.0.3945.93 Mobile "
     "Safari/537.36"},
    {"mobile", "IE Mobile", "Windows Phone",
     "Mozilla/5.0 (compatible; MSIE 10.0; Windows Phone 8.0; Trident/6.0; IEMobile/10.0; ARM; Touch; NOKIA; Lumia "
     "920)"},
    {"tablet", "Chrome Mobile iOS", "iOS",
     "Mozilla/5.0 (iPad; CPU OS 16_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/119.0.6045.109 "
     "Mobile/15E148 Safari/604.1"},
    {"tablet", "Chrome", "Android",
     "Mozilla/5.0 (Linux; Android 12; SM-T870) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/119.0.0.0 Safari/537.36"},
    {"tablet", "Firefox Mobile", "Android", "Mozilla/5.0 (Android 11; Tablet; rv:109.0) Gecko/119.0 Firefox/119.0"},
    {"other", "Other", "Other", "-"},
    {"other", "Other", "Other", ""},
    {"other", "HbbTV", "Other",
     "HbbTV/1.1.1 (; CUS:PEAQ; MB70; 1.0; 1.0;) LOH; Opera; CE-HTML/1.0 NetFront/4.1 NETRANGEMMH"},
    {"bot", "Googlebot", "Other", "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"},
    {"bot", "Googlebot", "iOS",
     "Mozilla/5.0 (iPhone; CPU iPhone OS 6_0 like Mac OS X) AppleWebKit/536.26 (KHTML, like Gecko) Version/6.0 "
     "Mobile/10A5376e Safari/8536.25 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"},
    {"bot", "curl", "Other", "curl/8.4.0"},
    {"bot", "Go-http-client", "Other", "Go-http-client/1.1"},
    {"bot", "okhttp", "Other", "okhttp/4.9.3"},
    {"bot", "HeadlessChrome", "Linux",
     "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/119.0.6045.105 "
     "Safari/537.36"},
};

TEST(DeviceClass, KnowsOrdinaryAgents) {
  for (const Known& known : kKnown) {
    EXPECT_EQ(device_class(known.agent), known.device) << known.agent;
    EXPECT_EQ(browser(known.agent), known.browser) << known.agent;
    EXPECT_EQ(os(known.agent), known.os) << known.agent;
    EXPECT_EQ(is_bot(known.agent), known.device == std::string_view("bot")) << known.agent;
  }
}

TEST(DeviceClass, ToolsAndLibrariesAreBots) {
  for (const char* agent : {"Wget/1.21.3", "python-requests/2.31.0", "Python-urllib/3.10", "Java/1.8.0_292",
                            "Apache-HttpClient/4.5.13 (Java/11.0.11)", "libwww-perl/6.05", "axios/1.4.0", "node-fetch",
                            "PostmanRuntime/7.32.3", "GuzzleHttp/7", "ELB-HealthChecker/2.0", "kube-probe/1.27",
                            "Prometheus/2.45.0", "facebookexternalhit/1.1", "WhatsApp/2.23.20.0"}) {
    EXPECT_TRUE(is_bot(agent)) << agent;
    EXPECT_EQ(device_class(agent), "bot") << agent;
  }
}

TEST(DeviceClass, ConsolesTelevisionsAndWatchesAreOther) {
  for (
      const char* agent :
      {"Mozilla/5.0 (PlayStation; PlayStation 5/6.50) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/13.0 Safari/605",
       "Mozilla/5.0 (Windows NT 10.0; Win64; x64; Xbox; Xbox One) AppleWebKit/537.36 Chrome/90.0.4430.93 Edge/44.18363",
       "Mozilla/5.0 (SMART-TV; Linux; Tizen 6.0) AppleWebKit/537.36 (KHTML, like Gecko) Version/6.0 TV Safari/537.36",
       "Mozilla/5.0 (Web0S; Linux/SmartTV) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/79.0.3945.79 Safari/537.36",
       "Mozilla/5.0 (Linux; Android 9; AFTMM Build/PS7633) AppleWebKit/537.36 Chrome/110.0 Mobile Safari/537.36",
       "Roku/DVP-9.10 (519.10E04111A)", "AppleCoreMedia/1.0.0.20K71 (Apple TV; U; CPU OS 16_1 like Mac OS X; en_us)",
       "Mozilla/5.0 (Nintendo Switch; WifiWebAuthApplet) AppleWebKit/606.4 (KHTML, like Gecko) NF/6.0.1.15.4",
       "VLC/3.0.18 LibVLC/3.0.18"}) {
    EXPECT_EQ(device_class(agent), "other") << agent;
  }
}

TEST(DeviceClass, AgentsMadeToHurtEndSoon) {
  const std::string runs[] = {"a",
                              " ",
                              ";",
                              "0",
                              "Android",
                              "iPhone",
                              "Mobile ",
                              "AppleWebKit/1.1 Safari",
                              "/",
                              "%",
                              "HbbTV/1.1.1 (;Samsung;SmartTV0000;",
                              "Windows Phone  ; IEMobile/",
                              "a@a.",
                              "http://",
                              "\xE2\x97\x8E",
                              "Opera/9180Version/"};
  for (const std::string& run : runs) {
    std::string agent = "Mozilla/5.0 (; ";
    while (agent.size() < 100'000) agent += run;
    EXPECT_FALSE(device_class(agent + "!").empty());
    EXPECT_FALSE(browser(agent).empty());
    EXPECT_FALSE(os(agent).empty());
  }
}

// ---- real agents ----

std::string shared(const std::string& name) {
  const std::string path = std::string(EVCLEAN_SHARED_DATA) + "/" + name;
  if (std::filesystem::exists(path)) return path;
  std::cout << "shared data not present\n";
  return {};
}

std::string content(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

TEST(IsBot, RecallsNearlyAllOfThePublicListOfCrawlers) {
  const std::string path = shared("user_agents_crawlers/crawler-user-agents.json");
  if (path.empty()) return;
  const std::string json = content(path);
  int agents = 0;
  int bots = 0;
  for (int i = 0;; ++i) {
    const auto entry = json_get(json, fmt::format("[{}]", i));
    if (!entry) break;
    for (int k = 0;; ++k) {
      const auto agent = json_get(*entry, fmt::format("instances[{}]", k));
      if (!agent) break;
      ++agents;
      bots += is_bot(*agent) ? 1 : 0;
    }
  }
  std::cout << bots << " of " << agents << " are bots\n";
  EXPECT_GT(agents, 1500);
  EXPECT_GT(bots, 0.97 * agents);
}

TEST(IsBot, NoFirefoxIsOne) {
  const std::string path = shared("user_agents/firefox_user_agent_strings.txt");
  if (path.empty()) return;
  std::ifstream in(path);
  int agents = 0;
  for (std::string line; std::getline(in, line);) {
    const auto begin = line.find("Mozilla/");
    if (begin == std::string::npos) continue;
    ++agents;
    EXPECT_FALSE(is_bot(line.substr(begin))) << line;
  }
  EXPECT_GT(agents, 200);
}

TEST(IsBot, NoOperaMiniIsOne) {
  const std::string path = shared("user_agents/opera_mini_user_agent_strings.yaml");
  if (path.empty()) return;
  const FlatYaml yaml = read_flat_yaml(path);
  for (const FlatEntry& entry : section(yaml, "test_cases")) {
    const std::string_view agent = entry.get("user_agent_string");
    const std::string_view device = device_class(agent);
    EXPECT_TRUE(device == "mobile" || (device == "tablet" && agent.find("iPad") != std::string_view::npos)) << agent;
    EXPECT_EQ(browser(agent), "Opera Mini") << agent;
  }
}

}  // namespace
}  // namespace evclean::functions

// SPDX-License-Identifier: Apache-2.0
#include "options.hpp"

#include <gtest/gtest.h>

#include <random>

namespace evclean::cli {
namespace {

using Words = std::vector<std::string>;

ParsedCommandLine parse(const Words& words) { return parse_command_line(words, "evclean 0.1.0\nMPI x"); }

CommandLine command(const Words& words) {
  const ParsedCommandLine parsed = parse(words);
  EXPECT_EQ(parsed.error, "");
  EXPECT_EQ(parsed.exit_code, 0);
  return parsed.command.value_or(CommandLine{});
}

/// The message of a usage error.
std::string usage(const Words& words) {
  const ParsedCommandLine parsed = parse(words);
  EXPECT_FALSE(parsed.command) << parsed.out;
  EXPECT_EQ(parsed.exit_code, 2);
  EXPECT_EQ(parsed.out, "");
  return parsed.error;
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

#define EXPECT_HAS(text, part) EXPECT_TRUE(has((text), (part))) << "in:\n" << (text)

TEST(Options, EveryCommandTakesItsArguments) {
  EXPECT_EQ(command({"run", "job.yml"}).command, Command::kRun);
  EXPECT_EQ(command({"check", "job.yml"}).command, Command::kCheck);
  EXPECT_EQ(command({"explain", "job.yml"}).command, Command::kExplain);
  EXPECT_EQ(command({"test", "job.yml"}).command, Command::kTest);
  EXPECT_EQ(command({"test", "job.yml"}).job, "job.yml");
  EXPECT_EQ(command({"preview", "job.yml"}).rows, 20);
  EXPECT_EQ(command({"preview", "job.yml", "-n", "3"}).rows, 3);
  EXPECT_EQ(command({"preview", "-n3", "job.yml"}).rows, 3);
  EXPECT_EQ(command({"init", "a.log", "b.log"}).names, (Words{"a.log", "b.log"}));
  EXPECT_EQ(command({"formats"}).names, Words{});
  EXPECT_EQ(command({"formats", "combined"}).names, Words{"combined"});
  EXPECT_EQ(command({"functions"}).command, Command::kFunctions);
}

TEST(Options, RunTakesAllItsOptions) {
  const CommandLine line =
      command({"run", "--set", "a.b=1", "job.yml", "--set=c=d e", "--report", "r.json", "--progress", "plain",
               "--resume", "--overwrite", "--limit", "100", "--replay", "rejects.jsonl", "--log-level", "debug"});
  EXPECT_EQ(line.job, "job.yml");
  EXPECT_EQ(line.sets, (Words{"a.b=1", "c=d e"}));
  EXPECT_EQ(line.report, "r.json");
  EXPECT_EQ(line.progress, ProgressMode::kPlain);
  EXPECT_TRUE(line.resume);
  EXPECT_TRUE(line.overwrite);
  EXPECT_EQ(line.limit, 100);
  EXPECT_EQ(line.replay, "rejects.jsonl");
  EXPECT_EQ(line.log_level, LogLevel::kDebug);
}

TEST(Options, DefaultsOfRun) {
  const CommandLine line = command({"run", "job.yml"});
  EXPECT_TRUE(line.sets.empty());
  EXPECT_EQ(line.report, "");
  EXPECT_EQ(line.progress, ProgressMode::kAuto);
  EXPECT_FALSE(line.resume);
  EXPECT_FALSE(line.overwrite);
  EXPECT_EQ(line.limit, -1);
  EXPECT_EQ(line.replay, "");
  EXPECT_EQ(line.log_level, LogLevel::kInfo);
}

TEST(Options, AJobAloneIsRun) {
  EXPECT_EQ(command({"job.yml"}).command, Command::kRun);
  EXPECT_EQ(command({"job.yml", "--limit", "5"}).limit, 5);
  EXPECT_EQ(command({"--overwrite", "job.yml"}).overwrite, true);
  EXPECT_EQ(command({"access"}).job, "access");
}

TEST(Options, AFileNamedLikeACommandIsWrittenWithAFolder) {
  EXPECT_EQ(command({"./run"}).job, "./run");
  EXPECT_EQ(command({"./run"}).command, Command::kRun);
  EXPECT_EQ(command({"check", "run"}).job, "run");
  EXPECT_HAS(usage({"run"}), "JOB is required");
}

TEST(Options, SetValuesAreTakenAsTheyStand) {
  EXPECT_EQ(command({"run", "j.yml", "--set", "input.paths=[a, b]"}).sets, Words{"input.paths=[a, b]"});
  EXPECT_EQ(command({"run", "j.yml", "--set", "steps.0.filter=a = '-1, 2'"}).sets, Words{"steps.0.filter=a = '-1, 2'"});
  EXPECT_EQ(command({"run", "j.yml", "--set", "a=", "--set", "b={x: \"y\"}"}).sets, (Words{"a=", "b={x: \"y\"}"}));
  EXPECT_EQ(command({"preview", "--set", "a=1", "j.yml"}).sets, Words{"a=1"});
  EXPECT_HAS(usage({"run", "j.yml", "--set"}), "--set");
}

TEST(Options, HelpIsEverywhere) {
  const ParsedCommandLine help = parse({"--help"});
  EXPECT_EQ(help.exit_code, 0);
  EXPECT_FALSE(help.command);
  for (const char* word : {"run", "check", "preview", "explain", "test", "init", "formats", "functions"})
    EXPECT_HAS(help.out, word);
  for (const char* word : {"run", "check", "preview", "explain", "test", "init", "formats", "functions"}) {
    for (const Words& words : {Words{word, "--help"}, Words{word, "-h"}, Words{"help", word}}) {
      EXPECT_HAS(parse(words).out, "Example: ") << word;
      EXPECT_HAS(parse(words).out, "evclean " + std::string(word)) << word;
      EXPECT_EQ(parse(words).exit_code, 0);
    }
  }
  for (const char* option :
       {"--set", "--report", "--progress", "--resume", "--overwrite", "--limit", "--replay", "--log-level"}) {
    EXPECT_HAS(parse({"run", "--help"}).out, option);
  }
  EXPECT_EQ(parse({"help"}).out, help.out);
  EXPECT_EQ(parse({"job.yml", "--help"}).out, parse({"run", "--help"}).out);
}

TEST(Options, VersionPrintsTheTextGiven) {
  EXPECT_EQ(parse({"--version"}).out, "evclean 0.1.0\nMPI x\n");
  EXPECT_EQ(parse({"--version"}).exit_code, 0);
}

TEST(Options, NothingIsAUsageErrorWithHelp) { EXPECT_HAS(usage({}), "evclean JOB.yml is short for"); }

TEST(Options, MisspeltCommandsSuggest) {
  EXPECT_EQ(usage({"chek", "job.yml"}),
            "evclean: unknown command 'chek' (did you mean 'check'?); a job file of that name is written ./chek\nSee "
            "evclean --help.\n");
  EXPECT_HAS(usage({"previw", "job.yml"}), "(did you mean 'preview'?)");
}

TEST(Options, MisspeltOptionsSuggest) {
  EXPECT_EQ(usage({"run", "job.yml", "--overwrit"}),
            "evclean: run has no option --overwrit (did you mean '--overwrite'?)\nSee evclean run --help.\n");
  EXPECT_HAS(usage({"run", "--limt=5", "job.yml"}), "run has no option --limt (did you mean '--limit'?)");
  EXPECT_HAS(usage({"--versio"}), "--versio");
  EXPECT_HAS(usage({"run", "--limt"}), "(did you mean '--limit'?)");
  EXPECT_HAS(usage({"check", "job.yml", "--overwrite"}), "check has no option --overwrite");
}

TEST(Options, BadValuesAreUsageErrors) {
  EXPECT_HAS(usage({"run", "j.yml", "--limit", "-5"}), "--limit: '-5' is not a whole number of at least 0");
  EXPECT_HAS(usage({"run", "j.yml", "--limit", "many"}), "'many' is not a whole number");
  EXPECT_HAS(usage({"run", "j.yml", "--limit", "99999999999999999999"}), "is not a whole number");
  EXPECT_HAS(usage({"run", "j.yml", "--progress", "jsn"}),
             "'jsn' is not one of auto, json, none, plain (did you mean 'json'?)");
  EXPECT_HAS(usage({"run", "j.yml", "--report", "r.xml"}), "'r.xml' must end in .html or .json");
  EXPECT_HAS(usage({"preview", "j.yml", "-n", "0"}), "at least 1");
  EXPECT_HAS(usage({"run", "a.yml", "b.yml"}), "run did not expect 'b.yml'");
  EXPECT_HAS(usage({"run", ""}), "a name is needed");
  EXPECT_HAS(usage({"init"}), "FILE is required");
}

TEST(Options, RepeatedOptionsTakeTheLast) {
  EXPECT_EQ(command({"run", "j.yml", "--limit", "5", "--limit", "6"}).limit, 6);
}

TEST(Options, AnythingElseEndsWithoutACrash) {
  static const Words kWords = {"run", "check", "--",       "-",  "--set",     "a=b",        "-n",     "--limit", "5",
                               "",    "help",  "--help=1", "-h", "--=",       "---",        "--set=", "job.yml", "\xff",
                               "[",   "]",     "%%",       "\"", "--version", "--progress", "++",     "run.yml"};
  std::mt19937 random(11);
  int commands = 0;
  for (int round = 0; round < 2'000; ++round) {
    Words words;
    for (std::size_t count = random() % 6; count > 0; --count) words.push_back(kWords[random() % kWords.size()]);
    const ParsedCommandLine parsed = parse(words);
    commands += parsed.command ? 1 : 0;
    ASSERT_TRUE(parsed.command || !parsed.out.empty() || parsed.exit_code == 2);
  }
  EXPECT_GT(commands, 0);
}

}  // namespace
}  // namespace evclean::cli

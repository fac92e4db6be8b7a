// SPDX-License-Identifier: Apache-2.0
#include "options.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <utility>

#include "evclean/suggest.hpp"
#include "unknown_words.hpp"

namespace evclean::cli {

namespace {

struct CommandWord {
  Command command;
  const char* name;
  const char* about;
  const char* example;
};

constexpr std::array<CommandWord, 9> kCommands{{
    {Command::kRun, "run", "Run a job; the same under mpirun, srun or alone",
     "mpirun -np 4 evclean run job.yml --set input.paths=more/"},
    {Command::kCheck, "check", "Check a job without reading data: all mistakes, each with its place",
     "evclean check job.yml"},
    {Command::kPreview, "preview", "Show the first rows before and after the steps", "evclean preview job.yml -n 50"},
    {Command::kExplain, "explain", "Show the plan: what is read where, and what is exchanged",
     "evclean explain job.yml"},
    {Command::kTest, "test", "Run the job's own tests", "evclean test job.yml"},
    {Command::kInit, "init", "Look at files and print a commented job file for them",
     "evclean init data/*.log > job.yml"},
    {Command::kFormats, "formats", "List the formats, or show the columns of those named", "evclean formats combined"},
    {Command::kFunctions, "functions", "List the functions of expressions with an example each",
     "evclean functions url_host"},
    {Command::kPlan, "plan", "Size a cluster for a job: ranks, memory, time and cost, from a sample of its input",
     "evclean plan job.yml --nodes 8 --type r6i.2xlarge"},
}};

std::vector<std::string> command_names() {
  std::vector<std::string> names;
  for (const CommandWord& word : kCommands) names.emplace_back(word.name);
  return names;
}

/// A word of a fixed set, with did-you-mean.
template <typename Value>
CLI::Option* add_choice(CLI::App& app, const std::string& name, Value& target,
                        const std::map<std::string, Value>& choices, const std::string& about) {
  const auto read = [&target, choices, name](const std::string& word) {
    const auto found = choices.find(word);
    if (found == choices.end()) {
      std::vector<std::string> words;
      for (const auto& choice : choices) words.push_back(choice.first);
      throw CLI::ValidationError(name, fmt::format("'{}' is not one of {}{}", printable(word, 60),
                                                   CLI::detail::join(words, ", "), did_you_mean(word, words)));
    }
    target = found->second;
  };
  return app.add_option_function<std::string>(name, read, about)->take_last();
}

std::map<std::string, Encoding> encoding_words() {
  std::map<std::string, Encoding> words(std::begin(kEncodingWords), std::end(kEncodingWords));
  words.emplace("utf-16", Encoding::kUtf16Le);
  return words;
}

std::string check_report_name(const std::string& path) {
  for (const std::string ending : {".html", ".json"}) {
    if (path.size() > ending.size() && path.compare(path.size() - ending.size(), ending.size(), ending) == 0) return {};
  }
  return "'" + printable(path, 100) + "' must end in .html or .json";
}

std::string check_not_empty(const std::string& text) {
  return text.empty() ? "a name is needed, not an empty text" : "";
}

/// A whole number of at least `least`.
CLI::Validator at_least(std::int64_t least) {
  const auto check = [least](std::string& text) -> std::string {
    std::int64_t value = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    if (error == std::errc() && stop == end && value >= least) return {};
    return fmt::format("'{}' is not a whole number of at least {}", printable(text, 60), least);
  };
  return CLI::Validator(check, "");
}

void add_job_options(CLI::App& app, CommandLine& line) {
  app.add_option("JOB", line.job, "The job file")->required()->check(check_not_empty);
  app.add_option("--set", line.sets, "Override a key of the job, such as --set steps.2.limit=10; may be repeated")
      ->type_name("KEY.PATH=VALUE")
      ->allow_extra_args(false);
}

void add_run_options(CLI::App& app, CommandLine& line) {
  app.add_option("--report", line.report, "Write the report to this file")
      ->type_name("FILE.html|.json")
      ->check(check_report_name)
      ->take_last();
  add_choice<ProgressMode>(app, "--progress", line.progress,
                           {{"auto", ProgressMode::kAuto},
                            {"plain", ProgressMode::kPlain},
                            {"json", ProgressMode::kJson},
                            {"none", ProgressMode::kNone}},
                           "Progress on stderr (default: auto)")
      ->type_name("auto|plain|json|none");
  app.add_flag("--resume", line.resume, "Keep what is done, and go on where a run of this job that was cut off ended");
  app.add_flag("--overwrite", line.overwrite, "Replace outputs that are there already");
  app.add_option("--limit", line.limit, "Read this many records only, in input order")
      ->type_name("N")
      ->check(at_least(0))
      ->take_last();
  app.add_option("--replay", line.replay, "Read the records of a reject file again; outputs get -replay in their names")
      ->type_name("REJECTS.jsonl")
      ->check(check_not_empty)
      ->take_last();
}

void add_plan_options(CLI::App& app, CommandLine& line) {
  app.add_option("--nodes", line.nodes, "Nodes (default: 1, or all of the partition)")
      ->type_name("N")
      ->check(at_least(1))
      ->take_last();
  app.add_option("--type", line.type, "EC2 instance type of the nodes, such as r6i.2xlarge")
      ->check(check_not_empty)
      ->take_last();
  app.add_option("--partition", line.partition, "Slurm partition to take the nodes from")
      ->check(check_not_empty)
      ->take_last();
  app.add_option("--ranks-per-node", line.ranks_per_node, "Ranks on a node (default: calculated)")
      ->type_name("N")
      ->check(at_least(1))
      ->take_last();
  app.add_flag("--emr", line.emr, "The nodes are an EMR cluster's: Hadoop's memory and EMR's fee count");
}

void add_log_level(CLI::App& app, CommandLine& line) {
  add_choice<LogLevel>(app, "--log-level", line.log_level,
                       {{"error", LogLevel::kError},
                        {"warning", LogLevel::kWarning},
                        {"info", LogLevel::kInfo},
                        {"debug", LogLevel::kDebug}},
                       "What to say on stderr (default: info)")
      ->type_name("error|warning|info|debug");
}

void add_options(CLI::App& app, const CommandWord& word, CommandLine& line) {
  switch (word.command) {
    case Command::kInit:
      app.add_option("FILE", line.names, "Files to look at")->required()->check(check_not_empty);
      add_choice<Encoding>(app, "--encoding", line.encoding, encoding_words(),
                           "Of files without a mark (default: auto, which looks)")
          ->type_name("auto|utf-8|utf-16le|utf-16be|latin-1");
      break;
    case Command::kFormats:
    case Command::kFunctions:
      app.add_option("NAME", line.names, "Names to show (default: all)");
      break;
    default:
      add_job_options(app, line);
  }
  if (word.command == Command::kRun) add_run_options(app, line);
  if (word.command == Command::kCheck) {
    app.add_flag("--s3", line.s3, "List the job's buckets: identity, region, and what is allowed");
  }
  if (word.command == Command::kPreview) {
    app.add_option("-n,--rows", line.rows, "Rows to show (default: 20)")
        ->type_name("N")
        ->check(at_least(1))
        ->take_last();
  }
  if (word.command == Command::kPlan) add_plan_options(app, line);
  add_log_level(app, line);
}

/// The program's CLI11 description, bound to one CommandLine.
class Front {
 public:
  explicit Front(const std::string& versions) {
    app_.name("evclean");
    app_.description("evclean cleans event data: logs in, one typed table out.");
    app_.footer(
        "\nevclean JOB.yml is short for evclean run JOB.yml. A file named like a command is written ./run.\n"
        "evclean COMMAND --help shows a command's options.");
    app_.set_version_flag("--version", versions, "Print the versions of evclean and its libraries");
    app_.require_subcommand(1);
    for (const CommandWord& word : kCommands) {
      CLI::App* const command = app_.add_subcommand(word.name, word.about);
      command->footer(std::string("Example: ") + word.example);
      // Unknown words are gathered and answered with a suggestion.
      command->allow_extras();
      add_options(*command, word, line_);
    }
  }

  ParsedCommandLine parse(std::vector<std::string> arguments) {
    std::reverse(arguments.begin(), arguments.end());  // CLI11 takes them from the back
    try {
      app_.parse(std::move(arguments));
    } catch (const CLI::ParseError& error) {
      return ended(error);
    }
    const CLI::App& chosen = *app_.get_subcommands().front();
    std::vector<std::string> extras = chosen.remaining();
    std::erase(extras, "--");  // ends the options; CLI11 counts it among what is left
    if (!extras.empty())
      return usage_error(unexpected_arguments(extras, chosen.get_name(), option_names(chosen)), &chosen);
    for (const CommandWord& word : kCommands) {
      if (chosen.get_name() == word.name) line_.command = word.command;
    }
    ParsedCommandLine parsed;
    parsed.command = line_;
    return parsed;
  }

  static ParsedCommandLine usage_error(const std::string& message, const CLI::App* command) {
    ParsedCommandLine parsed;
    const std::string help = command != nullptr ? "evclean " + command->get_name() + " --help" : "evclean --help";
    parsed.error = fmt::format("evclean: {}\nSee {}.\n", message, help);
    parsed.exit_code = 2;
    return parsed;
  }

  ParsedCommandLine without_command() const {
    ParsedCommandLine parsed;
    parsed.error = app_.help();
    parsed.exit_code = 2;
    return parsed;
  }

 private:
  const CLI::App* chosen() const {
    const auto commands = app_.get_subcommands();
    return commands.empty() ? nullptr : commands.front();
  }

  static std::vector<std::string> option_names(const CLI::App& command) {
    std::vector<std::string> names;
    for (const CLI::Option* option : command.get_options()) {
      for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    }
    return names;
  }

  /// CLI11 ends a parse by throwing: for help and versions too.
  ParsedCommandLine ended(const CLI::ParseError& error) const {
    ParsedCommandLine parsed;
    const CLI::App* const command = chosen();
    if (dynamic_cast<const CLI::CallForHelp*>(&error) != nullptr) {
      parsed.out = command != nullptr ? command->help("evclean") : app_.help();
    } else if (error.get_exit_code() == 0) {
      parsed.out = std::string(error.what()) + "\n";
    } else if (const auto extras = command != nullptr ? command->remaining() : app_.remaining(); !extras.empty()) {
      return usage_error(unexpected_arguments(extras, command != nullptr ? command->get_name() : "evclean",
                                              option_names(command != nullptr ? *command : app_)),
                         command);
    } else {
      return usage_error(error.what(), command);
    }
    return parsed;
  }

  CLI::App app_;
  CommandLine line_;
};

/// `evclean help run` is `evclean run --help`.
std::vector<std::string> without_help_word(std::vector<std::string> arguments) {
  if (arguments.front() != "help") return arguments;
  arguments.erase(arguments.begin());
  arguments.resize(std::min<std::size_t>(arguments.size(), 1));
  arguments.emplace_back("--help");
  return arguments;
}

bool is_for_the_program(const std::string& argument) {
  return argument == "--help" || argument == "-h" || argument == "--version";
}

}  // namespace

std::string_view command_name(Command command) {
  for (const CommandWord& word : kCommands) {
    if (word.command == command) return word.name;
  }
  return "";
}

ParsedCommandLine parse_command_line(std::vector<std::string> arguments, const std::string& versions) {
  Front front(versions);
  if (arguments.empty()) return front.without_command();
  arguments = without_help_word(std::move(arguments));
  const std::vector<std::string> commands = command_names();
  const std::string& first = arguments.front();
  const bool is_command = std::find(commands.begin(), commands.end(), first) != commands.end();
  if (!is_command && !is_for_the_program(first)) {
    if (const std::string message = misspelt_command(first, commands); !message.empty()) {
      return Front::usage_error(message, nullptr);
    }
    arguments.insert(arguments.begin(), "run");
  }
  return front.parse(std::move(arguments));
}

}  // namespace evclean::cli

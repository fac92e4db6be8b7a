// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include "environment.hpp"
#include "evclean/hash.hpp"
#include "override.hpp"
#include "pieces.hpp"
#include "scalar.hpp"
#include "sections.hpp"

namespace evclean {

namespace job {
namespace {

/// Jobs are small; a log file given as a job is not.
constexpr std::size_t kMostJobBytes = 16 << 20;

const std::string kEvents = "events";

bool is_given(const YamlNode* node) { return node != nullptr && !node->is_null(); }

/// Reads the sections of one tree into a Job.
class JobReader {
 public:
  JobReader(const YamlNode& root, Job& job, Problems& problems)
      : map_(root, "the job", problems), job_(job), problems_(problems) {}

  void read() {
    if (!map_.is_map()) return;
    if (const auto* name = map_.take("job"); is_given(name)) {
      if (auto text = read_word(*name, "job", problems_)) job_.name = std::move(text->value);
    }
    read_tables();
    read_output();
    if (const auto* tests = map_.take("tests"); is_given(tests)) job_.tests = read_tests(*tests, problems_);
    if (const auto* resources = map_.take("resources"); is_given(resources)) read_resources(*resources);
    if (const auto* functions = map_.take("functions"); is_given(functions)) read_functions(*functions);
    if (const auto* s3 = map_.take("s3"); is_given(s3)) job_.s3 = read_s3(*s3, "s3", S3Use::kWrite, problems_);
    spread_s3(job_);
    if (const auto* use = map_.take("use"))
      problems_.report(*use, "use stands in the job file, where it is read before --set: put the file there");
    map_.finish();
    check_tests();
    check_targets();
    check_step_tables();
  }

 private:
  void read_tables() {
    const YamlNode* const input = map_.take("input");
    const YamlNode* const steps = map_.take("steps");
    const YamlNode* const tables = map_.take("tables");
    if (is_given(input)) {
      TableSpec events;
      events.name = kEvents;
      events.place = input->place;
      events.input = read_input(*input, problems_);
      if (steps != nullptr) events.steps = read_steps(*steps, problems_);
      job_.tables.push_back(std::move(events));
      names_.push_back(kEvents);
    } else if (is_given(steps) || !is_given(tables)) {
      problems_.report(input != nullptr ? *input : map_.node(), "the job has no input: write input: {{paths: ...}}");
      names_.push_back(kEvents);
    }
    if (is_given(tables)) read_further_tables(*tables);
  }

  void read_further_tables(const YamlNode& tables) {
    if (!tables.is_map())
      return problems_.report(tables, "tables must be a map of name to table, not {}", kind_words(tables));
    for (std::size_t i = 0; i < tables.keys.size(); ++i) {
      const YamlNode& key = tables.keys[i];
      if (key.text == kEvents) problems_.report(key, "the table events is made by the job's own input and steps");
      if (key.text.empty() || key.is_null()) problems_.report(key, "a table needs a name");
      names_.push_back(key.text);
      job_.tables.push_back(read_table(key, tables.items[i]));
    }
  }

  TableSpec read_table(const YamlNode& key, const YamlNode& node) {
    TableSpec table;
    table.name = key.text;
    table.place = key.place;
    MapReader map(node, "tables." + printable(key.text, 60), problems_);
    if (const auto* steps = map.take("steps")) table.steps = read_steps(*steps, problems_);
    const YamlNode* const rows = map.take("rows");
    const YamlNode* const sql = map.take("sql");
    if (sql != nullptr) {
      if (auto query = read_word(*sql, map.what() + ".sql", problems_)) table.sql = std::move(query);
      if (rows != nullptr) problems_.report(*rows, "{} has rows and sql: a table is one of them", map.what());
    } else if (rows != nullptr) {
      table.rows = read_rows(*rows, map.what() + ".rows", problems_);
    } else {
      table.input = read_input_keys(map);
    }
    map.finish();
    return table;
  }

  void read_output() {
    const YamlNode* const node = map_.take("output");
    if (is_given(node)) job_.outputs = read_outputs(*node, problems_);
    if (!is_given(node) || (node->is_list() && node->items.empty())) {
      problems_.report(node != nullptr ? *node : map_.node(),
                       "the job has no output: write output: {{path: out/{}.csv}}", printable(job_.name, 60));
      return;
    }
    check_outputs(*node);
  }

  /// The node of an output's key, for the place of a problem; the output itself when it was written as a path.
  static const YamlNode& part_of(const YamlNode& outputs, std::size_t at, const char* key) {
    const YamlNode& output = outputs.is_list() ? outputs.items[at] : outputs;
    const YamlNode* const part = output.find(key);
    return part != nullptr ? *part : output;
  }

  void check_outputs(const YamlNode& node) {
    for (std::size_t i = 0; i < job_.outputs.size(); ++i) {
      const OutputSpec& output = job_.outputs[i];
      if (std::find(names_.begin(), names_.end(), output.table) == names_.end()) {
        problems_.report(part_of(node, i, "table"), "there is no table '{}'{}", printable(output.table, 60),
                         did_you_mean(output.table, names_));
      }
      if (output.path.empty()) continue;
      check_path_is_new(node, i);
    }
    check_athena_folders(node);
    check_mappings(node);
  }

  void check_path_is_new(const YamlNode& node, std::size_t at) {
    OutputSpec& output = job_.outputs[at];
    const std::string target = target_of(output);
    const auto [first, is_new] = targets_.emplace(target, at);
    if (is_new) return;
    const OutputSpec& other = job_.outputs[first->second];
    const YamlNode& path = part_of(node, at, "path");
    if (output.format == OutputFormat::kHdf5 && other.format == OutputFormat::kHdf5) {
      check_shared_file(path, at, target);
      output.path = output_base(other);  // however each writes it, it is one file
    } else {
      problems_.report(path, "two outputs have the path '{}'", printable(output.path, 100));
    }
  }

  /// A path from the root on, links among its folders resolved: two names of one file are one.
  static std::string whole_path(const std::string& path) {
    namespace fs = std::filesystem;
    std::error_code unknown;
    const fs::path full = fs::absolute(path, unknown).lexically_normal();
    if (is_s3_path(path) || unknown) return fs::path(path).lexically_normal().string();
    const fs::path folder = fs::weakly_canonical(full.parent_path(), unknown);
    return ((unknown ? full.parent_path() : folder) / full.filename()).string();
  }

  static std::string target_of(const OutputSpec& output) { return whole_path(output_base(output)); }

  /// The rows of a key are its dataset `table`.
  static bool is_inside(const std::string& inner, const std::string& outer) {
    return (inner + "/").starts_with(outer + "/table/");
  }

  /// Tables of one HDF5 file have different keys.
  void check_shared_file(const YamlNode& path, std::size_t at, const std::string& target) {
    const auto plain = [](std::string key) {
      while (key.starts_with('/')) key.erase(0, 1);
      while (key.ends_with('/')) key.pop_back();
      for (std::size_t at = 0; (at = key.find("//", at)) != std::string::npos;) key.erase(at, 1);
      return key;
    };
    const OutputSpec& output = job_.outputs[at];
    for (std::size_t i = 0; i < at; ++i) {
      const OutputSpec& other = job_.outputs[i];
      if (target_of(other) != target) continue;
      if (output.matrix || other.matrix) {
        problems_.report(path, "an HDF5 file with a matrix holds nothing else: give each output a path of its own");
        return;
      }
      if (plain(other.key) == plain(output.key)) {
        problems_.report(path, "two outputs have the path '{}' and the key '{}': give each table a key of its own",
                         printable(output.path, 100), printable(output.key, 60));
        return;
      }
      if (is_inside(plain(other.key), plain(output.key)) || is_inside(plain(output.key), plain(other.key))) {
        problems_.report(path,
                         "the key '{}' stands where the table of the key '{}' does: give each table a key of its own",
                         printable(output.key, 60), printable(other.key, 60));
        return;
      }
      if (output.files > 1 || other.files > 1 || !output.partition_by.empty() || !other.partition_by.empty()) {
        problems_.report(path, "several tables in one HDF5 file go without files and partition_by");
        return;
      }
    }
  }

  /// Athena's table is all files of a folder.
  void check_athena_folders(const YamlNode& node) {
    const auto folder_of = [](const OutputSpec& output) {
      return std::filesystem::path(target_of(output)).parent_path().string();
    };
    for (std::size_t i = 0; i < job_.outputs.size(); ++i) {
      if (job_.outputs[i].warehouse != Warehouse::kAthena || job_.outputs[i].path.empty()) continue;
      for (std::size_t k = 0; k < job_.outputs.size(); ++k) {
        if (k == i || job_.outputs[k].path.empty()) continue;
        if (folder_of(job_.outputs[i]) != folder_of(job_.outputs[k])) continue;
        problems_.report(part_of(node, i, "path"),
                         "Athena reads every file of a folder: give '{}' a folder of its own ('{}' is in it too)",
                         printable(job_.outputs[i].path, 100), printable(job_.outputs[k].path, 100));
        break;
      }
    }
  }

  bool encodes(const std::string& table) const {
    return std::any_of(job_.tables.begin(), job_.tables.end(), [&](const TableSpec& spec) {
      return spec.name == table && std::any_of(spec.steps.begin(), spec.steps.end(), [](const StepSpec& step) {
               return std::holds_alternative<EncodeStep>(step.body);
             });
    });
  }

  /// The mapping of a table's encode stands beside its outputs, under their name without its ending.
  void check_mappings(const YamlNode& node) {
    std::map<std::string, std::string> tables;
    for (std::size_t i = 0; i < job_.outputs.size(); ++i) {
      const OutputSpec& output = job_.outputs[i];
      if (output.path.empty() || !encodes(output.table)) continue;
      const auto without_ending = [](std::string path) {
        path.resize(std::min(path.find('.', path.rfind('/') + 1), path.size()));
        return path;
      };
      const std::string name = without_ending(output_base(output));
      const auto [first, is_new] = tables.emplace(without_ending(target_of(output)), output.table);
      if (is_new || first->second == output.table) continue;
      problems_.report(part_of(node, i, "path"),
                       "the mappings of the tables '{}' and '{}' would both be {}.mapping.json: give '{}' another name",
                       printable(first->second, 60), printable(output.table, 60), printable(name, 100),
                       printable(output.path, 100));
    }
  }

  void read_resources(const YamlNode& node) {
    MapReader map(node, "resources", problems_);
    ResourceSpec& resources = job_.resources;
    if (const auto* memory = map.take("memory")) {
      assign(resources.memory_bytes, read_size(*memory, "resources.memory", 1 << 20, std::int64_t{1} << 50, problems_));
    }
    if (const auto* chunk = map.take("chunk")) {
      assign(resources.chunk_bytes, read_size(*chunk, "resources.chunk", 1, std::int64_t{1} << 50, problems_));
    }
    if (const auto* scratch = map.take("scratch")) {
      if (auto path = read_local_path(*scratch, "resources.scratch", problems_)) {
        resources.scratch = std::move(path->value);
        resources.scratch_place = path->place;
      }
    }
    if (const auto* threads = map.take("threads")) {
      assign(resources.threads, read_integer(*threads, "resources.threads", 1, 4096, problems_));
    }
    map.finish();
  }

  void read_functions(const YamlNode& node) {
    if (!node.is_map()) {
      return problems_.report(node, "functions must be a map such as {{\"bucket(x)\": 'x / 100'}}, not {}",
                              kind_words(node));
    }
    for (std::size_t i = 0; i < node.keys.size(); ++i) {
      const std::string& head = node.keys[i].text;  // judged with what it calls
      const std::string shown = printable(head, 60);
      const auto body = read_expression(node.items[i], "functions." + shown, problems_);
      if (!body) continue;
      job_.functions[head] = body->value;
      job_.function_places[head] = {node.keys[i].place, body->place};
    }
  }

  void check_tests() {
    const YamlNode* const node = map_.node().find("tests");
    for (std::size_t i = 0; i < job_.tests.size(); ++i) {
      const YamlNode& test = node->is_list() ? node->items[i] : *node;
      for (const auto& [name, rows] : job_.tests[i].tables) {
        if (std::find(names_.begin(), names_.end(), name) != names_.end()) continue;
        problems_.report(*test.find("tables"), "there is no table '{}'{}", printable(name, 60),
                         did_you_mean(name, names_));
      }
    }
    if (!job_.tests.empty() && std::find(names_.begin(), names_.end(), kEvents) == names_.end()) {
      problems_.report(*node, "tests are for the job's input, and there is none");
    }
  }

  void check_step_tables() {
    for (const TableSpec& table : job_.tables) {
      for (const StepSpec& step : table.steps) {
        const Text* named = nullptr;
        if (const auto* join = std::get_if<JoinStep>(&step.body)) named = &join->table;
        if (const auto* align = std::get_if<AlignStep>(&step.body)) named = &align->table;
        if (named == nullptr || named->value.empty()) continue;
        if (std::find(names_.begin(), names_.end(), named->value) != names_.end()) continue;
        problems_.add(named->place, fmt::format("{}: there is no table '{}'{}", step.name, printable(named->value, 60),
                                                did_you_mean(named->value, names_)));
      }
    }
  }

  /// A reject file, and a state, must be nobody else's file; tables may share a state.
  void check_targets() {
    std::set<std::string> taken;
    for (const auto& [target, output] : targets_) taken.insert(target);
    check_reject_files(taken);
    for (const TableSpec& table : job_.tables) {
      if (!table.input || table.input->only_new.empty()) continue;
      const std::string& state = table.input->only_new;
      if (taken.count(whole_path(state)) == 0) continue;
      problems_.add(table.input->place, fmt::format("only_new of {} is '{}', and another output has that path",
                                                    printable(table.name, 60), printable(state, 200)));
    }
  }

  void check_reject_files(std::set<std::string>& taken) {
    for (const TableSpec& table : job_.tables) {
      if (!table.input || table.input->rejects.path.empty()) continue;
      const std::string& target = table.input->rejects.path;
      if (taken.insert(whole_path(target)).second) continue;
      problems_.add(table.input->place, fmt::format("rejects.path of {} is '{}', and another output has that path",
                                                    printable(table.name, 60), printable(target, 100)));
    }
  }

  MapReader map_;
  Job& job_;
  Problems& problems_;
  std::vector<std::string> names_;              ///< of tables, those with mistakes too
  std::map<std::string, std::size_t> targets_;  ///< whole path to output
};

std::optional<YamlNode> read_tree(const std::string& text, const std::vector<std::string>& overrides,
                                  const PieceReader& read_piece, Job& job, Problems& problems) {
  if (text.size() > kMostJobBytes) {
    problems.add({1, 1}, fmt::format("the job file has {} bytes, and {} are the most: is it a job file?", text.size(),
                                     kMostJobBytes));
    return std::nullopt;
  }
  std::vector<JobProblem> found;
  auto root = read_yaml(text, found);
  for (JobProblem& problem : found) problems.add(problem.place, std::move(problem.message));
  if (found.empty() && (!root || root->is_null())) problems.add({1, 1}, "the job file is empty");
  if (!root || root->is_null()) return std::nullopt;
  job.pieces = merge_pieces(*root, job.path, read_piece, problems);
  apply_overrides(*root, overrides, problems);
  expand_environment(*root, problems);
  return root;
}

/// Appends all that a tree says; comments and places are not in it.
void say(const YamlNode& node, std::string& out) {
  out += fmt::format("{}{}{}:{}", static_cast<int>(node.kind), node.quoted ? "q" : "", node.text.size(), node.text);
  for (std::size_t i = 0; i < node.items.size(); ++i) {
    if (i < node.keys.size()) say(node.keys[i], out);
    say(node.items[i], out);
  }
  out += ';';
}

}  // namespace
}  // namespace job

ParsedJob parse_job(const std::string& path, const std::string& text, const std::vector<std::string>& overrides,
                    const PieceReader& read_piece) {
  ParsedJob parsed;
  const std::filesystem::path file(path);
  parsed.job.path = path;
  parsed.job.base_dir = file.has_parent_path() ? file.parent_path().string() : ".";
  parsed.job.name = file.stem().string();
  parsed.job.text = text;
  job::Problems problems(overrides);
  if (const auto root = job::read_tree(text, overrides, read_piece, parsed.job, problems)) {
    job::JobReader(*root, parsed.job, problems).read();
    std::string said;
    job::say(*root, said);
    for (const auto& piece : parsed.job.pieces) said += piece->folder + ";";  // what its paths are relative to
    parsed.job.identity = hash_bytes(said);
  }
  parsed.problems = problems.take();
  return parsed;
}

}  // namespace evclean

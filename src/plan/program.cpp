// SPDX-License-Identifier: Apache-2.0
#include "program.hpp"

#include <algorithm>
#include <iterator>

#include "evclean/suggest.hpp"

namespace evclean {
namespace {

/// Counts the rows that reach a step which will number them.
class CountRows final : public Op {
 public:
  void apply(Batch& batch, OpState& state) override {
    state.next_row[static_cast<std::size_t>(step)] += batch.num_rows;
  }
};

void append(std::vector<std::unique_ptr<Op>>& to, std::vector<std::unique_ptr<Op>> from) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

void compile_into(Program& program, PipelineCompiler& compiler, const TableInput& input, const Guess& guess) {
  const auto& steps = input.spec->steps;
  while (!compiler.done()) {
    const int step = compiler.step();
    for (const int slot : compiler.needs()) {
      const Slot& known = compiler.slots()[static_cast<std::size_t>(slot)];
      compiler.settle(slot, guess.type_of(known), guess.empty.count({known.step, known.name}) > 0);
      program.settled_at[slot] = step;
      if (step == static_cast<int>(steps.size())) program.open.insert(compiler.name_now(slot));
    }
    append(program.ops, compiler.settling());
    if (step < static_cast<int>(steps.size()) && numbers_rows(steps[static_cast<std::size_t>(step)]) &&
        guess.row_bases.count(step) == 0 && !input.is_inline()) {
      program.ops.push_back(std::make_unique<CountRows>());
      program.ops.back()->step = step;
      program.counts_rows = true;
      program.stop_step = step;
      return;
    }
    append(program.ops, compiler.next());
  }
  program.complete = true;
}

/// The format that reads a time such as `sample`, day or month first.
std::string format_of(std::string_view sample, bool day_first) {
  const std::size_t first = sample.find_first_not_of(" \t");
  sample.remove_prefix(std::min(first, sample.size()));
  const std::size_t mark = std::min(sample.find_first_of("/-."), sample.size());
  const std::string_view separator = sample.substr(mark, 1);
  std::string format = fmt::format("{1}{0}{2}{0}%Y", separator, day_first ? "%d" : "%m", day_first ? "%m" : "%d");
  const std::size_t clock = sample.find_first_of("T ");
  if (clock == std::string_view::npos) return "date:" + format;
  std::string_view rest = sample.substr(clock + 1);
  format += fmt::format("{}%H:%M", sample.substr(clock, 1));
  const auto colons =
      std::count(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(8, rest.size())), ':');
  if (colons == 2) format += ":%S";
  const std::size_t end = std::min(rest.find_first_not_of("0123456789:.,"), rest.size());
  const std::size_t point = rest.substr(0, end).find_first_of(".,");
  if (point != std::string_view::npos) format += fmt::format("{}%f", rest.substr(point, 1));
  rest.remove_prefix(end);
  if (rest.find_first_of("Z+-") != std::string_view::npos) format += rest.front() == ' ' ? " %z" : "%z";
  return "timestamp:" + format;
}

Program compile_with(const TableInput& input, const Guess& guess, const std::function<std::string(int slot)>& sample,
                     const std::vector<std::string>& absent) {
  Program program;
  PipelineCompiler::Options options = compiler_options(input);
  options.sample = sample;
  options.absent = absent;
  options.no_records = guess.no_records;
  PipelineCompiler compiler(input.spec->steps, guess.input, input.closed, std::move(options));
  try {
    compile_into(program, compiler, input, guess);
  } catch (const Error& error) {
    program.error = error;
    program.error_is_final = compiler.error_is_final();
    program.unknown = compiler.unknown_column();
    program.stop_step = compiler.step();
  }
  program.empties_used = compiler.empties_used();
  program.fields = compiler.fields();
  program.renames = compiler.renames();
  program.slots = compiler.slots();
  return program;
}

}  // namespace

std::string two_readings(const TableInput& input, const std::string& name, const Evidence& evidence) {
  std::string text = fmt::format("\n  column '{}':", name);
  for (const ValueKind kind : {ValueKind::kDateEither, ValueKind::kTimestampEither}) {
    const Evidence::Seen& seen = evidence.kinds[static_cast<std::size_t>(kind)];
    if (seen.count == 0) continue;
    const std::string place = shown_place(input, seen.first);
    text += fmt::format(" {} values such as '{}'{} read as day/month and as month/day, none decides", seen.count,
                        printable(seen.sample, 40), place.empty() ? place : fmt::format(" ({})", place));
  }
  const bool time = evidence.kinds[static_cast<std::size_t>(ValueKind::kTimestampEither)].count > 0;
  const ValueKind kind = time ? ValueKind::kTimestampEither : ValueKind::kDateEither;
  const std::string& sample = evidence.kinds[static_cast<std::size_t>(kind)].sample;
  return text + fmt::format("\n    types: {{{0}: \"{1}\"}} or {{{0}: \"{2}\"}}", printable(name, 60),
                            format_of(sample, true), format_of(sample, false));
}

void refuse_two_readings(const std::string& lines) {
  if (lines.empty()) return;
  fail_user("dates that can be read in two ways:{}\nSay which in the input's types:, or keep the text with string",
            lines);
}

bool has_no_value(const Evidence& evidence) {
  for (const Evidence::Seen& seen : evidence.kinds) {
    if (seen.count > 0) return false;
  }
  return true;
}

bool Guess::admit_column(const std::string& name) {
  const bool known = std::any_of(input.begin(), input.end(), [&](const InputColumn& c) { return c.name == name; });
  if (!known) input.push_back({name, false, ValueType::kString});
  return !known;
}

ColumnType Guess::type_of(const Slot& slot) const {
  const auto found = types.find({slot.step, slot.name});
  return found == types.end() ? ColumnType{} : found->second;
}

bool is_declared(const TableInput& input, const std::string& column) {
  if (!input.spec->input) return false;
  const auto& types = input.spec->input->types;
  return std::any_of(types.begin(), types.end(), [&](const NamedText& type) { return type.name == column; });
}

Program compile(const TableInput& input, const Guess& guess, const std::function<std::string(int slot)>& sample) {
  std::vector<std::string> absent;
  while (true) {
    Program program = compile_with(input, guess, sample, absent);
    const bool again = program.error && is_declared(input, program.unknown) &&
                       std::find(absent.begin(), absent.end(), program.unknown) == absent.end();
    if (!again) return program;
    absent.push_back(program.unknown);
  }
}
bool correct(const TableInput& input, const Program& program, const std::vector<Evidence>& evidence, Guess& guess) {
  std::map<int, std::vector<int>> by_step;
  for (const auto& [slot, step] : program.settled_at) by_step[step].push_back(slot);
  bool right = true;
  for (const auto& [step, slots] : by_step) {
    std::string unclear;
    bool step_right = true;
    for (const int slot : slots) {
      const Slot& known = program.slots[static_cast<std::size_t>(slot)];
      bool ambiguous = false;
      const ColumnType type = settle(evidence[static_cast<std::size_t>(slot)], &ambiguous);
      if (ambiguous) unclear += two_readings(input, known.name, evidence[static_cast<std::size_t>(slot)]);
      const bool empty = has_no_value(evidence[static_cast<std::size_t>(slot)]);
      if (empty) guess.empty.insert({known.step, known.name});
      if (!empty) guess.empty.erase({known.step, known.name});
      if (!empty && program.empties_used.count(slot) > 0) step_right = false;
      if (type == guess.type_of(known)) continue;
      guess.types[{known.step, known.name}] = type;
      step_right = false;
    }
    // What later steps saw depends on this step; their evidence is only a better guess.
    if (right && step_right) refuse_two_readings(unclear);
    right = right && step_right;
  }
  return right;
}

std::string shown_text_value(const TableInput& input, const std::vector<Evidence>& evidence, int slot) {
  if (slot >= static_cast<int>(evidence.size())) return {};
  const auto& seen = evidence[static_cast<std::size_t>(slot)].kinds[static_cast<std::size_t>(ValueKind::kString)];
  if (seen.count == 0) return {};
  const std::string place = shown_place(input, seen.first);
  return fmt::format("'{}'{}{}", printable(seen.sample), place.empty() ? "" : " at ", place);
}

OpState make_state(const TableInput& input, const Program& program) {
  OpState state;
  state.evidence.resize(program.slots.size());
  state.misfits.resize(program.slots.size());
  make_step_counts(input.spec->steps, state);
  return state;
}

}  // namespace evclean

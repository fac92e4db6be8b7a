// SPDX-License-Identifier: Apache-2.0
#include "guess.hpp"

#include <arrow/array.h>

#include <algorithm>

#include "row_origin.hpp"
#include "split_reader.hpp"
#include "split_record.hpp"
#include "wire.hpp"

namespace evclean {
namespace {

constexpr std::size_t kSampledFiles = 8;
constexpr std::int64_t kSampledBytes = 64 << 10;  // of each place
constexpr int kPlacesInAFile = 3;
constexpr std::int64_t kExpandedBytes = 32 << 20;  // explode makes no more than that of a sample

/// Bytes that a batch holds of its own: what is raw stays where it is.
std::int64_t held_bytes(const Batch& batch) {
  std::int64_t bytes = 0;
  for (const Column& column : batch.columns) {
    const auto* array = std::get_if<std::shared_ptr<arrow::Array>>(&column);
    bytes += 8 * batch.num_rows;
    if (array != nullptr && (*array)->type_id() == arrow::Type::STRING)
      bytes += static_cast<const arrow::StringArray&>(**array).total_values_length();
  }
  return bytes;
}

/// Short segments spread over the files: their begins, and inside big plain files also later places.
std::vector<Split> sample_splits(const TableInput& input) {
  std::vector<Split> places;
  const std::size_t step = std::max<std::size_t>(1, (input.files.size() + kSampledFiles - 1) / kSampledFiles);
  for (std::size_t f = 0; f < input.files.size(); f += step) {
    const InputFile& file = input.files[f];
    const std::int64_t size = file.splittable ? file.text_bytes() : 0;
    const int count = size > 4 * kPlacesInAFile * kSampledBytes ? kPlacesInAFile : 1;
    for (int place = 0; place < count; ++place) {
      const std::int64_t begin = size / count * place;
      const std::int64_t end = file.splittable ? std::min(size, begin + kSampledBytes) : -1;
      places.push_back(
          {static_cast<std::int32_t>(places.size()), {{static_cast<std::int32_t>(f), begin, end}}, kSampledBytes});
    }
  }
  return places;
}

/// Reads one place; a damaged file or a place that does not decode only makes the guess poorer.
void read_place(SplitReader& reader, const Split& place, std::int64_t records, std::vector<Batch>& batches,
                std::vector<Appearance>& appearances, std::vector<Reject>* rejects) {
  std::int64_t bytes = 0;
  std::size_t known = 0;
  const auto take = [&](DecodedBlock& block) {
    for (; known < block.columns->size(); ++known) {
      appearances.push_back({place.ordinal, static_cast<std::int64_t>(known), (*block.columns)[known]});
    }
    bytes += static_cast<std::int64_t>(block.result.consumed);
    records -= block.result.lines - block.result.blank;
    if (rejects != nullptr) rejects->insert(rejects->end(), block.result.rejects.begin(), block.result.rejects.end());
    if (block.result.batch.num_rows > 0) batches.push_back(block.result.batch);
    return bytes < kSampledBytes && records > 0;
  };
  reader.read(place, {}, take, [] {});
}

std::vector<Batch> inline_table(const TableInput& input, std::vector<InputColumn>& columns) {
  std::vector<Batch> batches;
  batches.push_back(inline_batch(*input.spec->rows));
  for (const std::string& name : batches[0].names) columns.push_back({name, false, ValueType::kString});
  return batches;
}

std::string pack(const Guess& guess) {
  Packer out;
  out.put(static_cast<std::int64_t>(guess.input.size()));
  for (const InputColumn& column : guess.input) out.text(column.name).put(column.fixed).put(column.type);
  for (const auto& [key, type] : guess.types)
    out.put(key.first).text(key.second).put(type).put(guess.empty.count(key) > 0);
  return out.take();
}

Guess unpack(const std::string& bytes) {
  Unpacker in(bytes);
  Guess guess;
  guess.input.resize(static_cast<std::size_t>(in.get<std::int64_t>()));
  for (InputColumn& column : guess.input) {
    column.name = in.text();
    column.fixed = in.get<bool>();
    column.type = in.get<ValueType>();
  }
  while (!in.empty()) {
    const int step = in.get<int>();
    const std::string name = in.text();
    guess.types[{step, name}] = in.get<ColumnType>();
    if (in.get<bool>()) guess.empty.insert({step, name});
  }
  return guess;
}

/// The columns that a format gives of itself.
std::vector<InputColumn> columns_of_format(const TableInput& input) {
  if (!input.closed || input.is_inline() || input.dataset) return {};
  auto decoder = make_decoder(input.format_spec(), input.format);
  decoder->begin_file(InputFile{}, "");
  return decoder->columns();
}

/// The first rows of this rank's first part: what parse adds to them gives a first guess of its types.
void sample_dataset(const TableInput& input, Stepwise& stepwise) {
  const std::vector<std::int64_t> mine = input.dataset->mine();
  if (mine.empty()) return;
  input.dataset->visit(mine[0], [&](Batch batch) {
    if (!stepwise.batches.empty()) return;
    drop_origins(batch, input.origin_columns);
    stepwise.batches.push_back(std::move(batch));
  });
}

}  // namespace

/// Whether the column that a step did not find can be taken as missing: declared in `types:`, or anything (lenient).
bool Stepwise::admit_unknown(const TableInput& input, const Error& error) {
  if (program.unknown.empty()) return false;
  const bool declared = is_declared(input, program.unknown);
  if (declared && std::find(absent.begin(), absent.end(), program.unknown) == absent.end()) {
    absent.push_back(program.unknown);
    return true;
  }
  if (!lenient || !guess.admit_column(program.unknown)) return false;
  if (forgiven != nullptr) forgiven->push_back(error);
  return true;
}

/// Tries until the steps find all the columns they name that may be missing, or fail.
void Stepwise::run(const TableInput& input, bool strict) {
  const bool may_retry = lenient || (input.spec->input && !input.spec->input->types.empty());
  const std::vector<Batch> before = may_retry ? batches : std::vector<Batch>();
  while (true) {
    try {
      run_once(input, strict);
      if (!program.error || !may_retry || !admit_unknown(input, *program.error)) return;
    } catch (const Error& error) {
      if (!may_retry || !admit_unknown(input, error)) throw;
    }
    batches = before;
    evidence.clear();
    state = OpState();
    program = Program();
  }
}

void Stepwise::apply_to_all(Op& op) {
  std::vector<Batch> after;
  std::int64_t held = 0;
  for (Batch& batch : batches) {
    if (batch.num_rows > 0 && !op.expands()) op.apply(batch, state);
    if (batch.num_rows > 0 && op.expands()) {
      op.expand(batch, state, [&](Batch& piece) {
        if (!whole && held > kExpandedBytes) return;
        held += held_bytes(piece);
        after.push_back(std::move(piece));
      });
    }
  }
  if (op.expands()) batches = std::move(after);
}

void Stepwise::run_once(const TableInput& input, bool strict) {
  PipelineCompiler::Options options = compiler_options(input);
  options.absent = absent;
  options.sample = [this, &input](int slot) { return shown_text_value(input, evidence, slot); };
  for (Batch& batch : batches) align_columns(batch, guess.input);
  PipelineCompiler compiler(input.spec->steps, guess.input, input.closed, std::move(options));
  const auto apply = [&](std::vector<std::unique_ptr<Op>> ops) {
    state.evidence.resize(compiler.slots().size());
    state.misfits.resize(compiler.slots().size());
    for (auto& op : ops) apply_to_all(*op);
  };
  make_step_counts(input.spec->steps, state);
  try {
    while (!compiler.done()) {
      evidence.resize(compiler.slots().size());
      std::string unclear;
      for (const int slot : compiler.needs()) {
        const Slot& known = compiler.slots()[static_cast<std::size_t>(slot)];
        const std::string& name = compiler.name_now(slot);  // steps may have renamed it
        if (compiler.step() == static_cast<int>(input.spec->steps.size())) program.open.insert(name);
        Evidence& seen = evidence[static_cast<std::size_t>(slot)];
        for (Batch& batch : batches) {
          const int at = batch.find(name);
          if (at < 0 || !batch.is_raw(at)) continue;
          SpanColumn copy = batch.raw(at);
          if (!copy.nulls_marked) mark_missing(copy, input.nulls, seen);
          std::int64_t misfits = 0;
          convert(copy, ColumnType{}, PlaceOf{&batch}, seen, misfits);
        }
        bool ambiguous = false;
        const ColumnType type = settle(seen, &ambiguous);
        if (ambiguous && whole) unclear += two_readings(input, known.name, seen);
        guess.types[{known.step, known.name}] = type;
        if (has_no_value(seen)) guess.empty.insert({known.step, known.name});
        compiler.settle(slot, type, has_no_value(seen));
      }
      refuse_two_readings(unclear);
      apply(compiler.settling());
      apply(compiler.next());
    }
    program.complete = true;
  } catch (const Error& error) {
    program.error = error;
    program.error_is_final = compiler.error_is_final();
    program.unknown = compiler.unknown_column();
    program.stop_step = compiler.step();
    if (strict) throw;
  }
  program.fields = compiler.fields();
  program.slots = compiler.slots();
  rejects = std::move(state.rejects);
}

std::vector<InputColumn> dataset_columns(const TableInput& input) {
  std::vector<InputColumn> columns;
  const Fields& fields = input.dataset->fields();
  for (std::size_t c = 0; c + static_cast<std::size_t>(input.origin_columns) < fields.size(); ++c)
    columns.push_back({fields[c].name, true, fields[c].type});
  return columns;
}

/// Rows and columns of a few places in the files.
void sample_files(const TableInput& input, Stepwise& stepwise, std::vector<Reject>* rejects) {
  SplitReader reader(input);
  std::vector<Appearance> appearances;
  for (const Split& place : sample_splits(input)) {
    try {
      read_place(reader, place, std::numeric_limits<std::int64_t>::max(), stepwise.batches, appearances, rejects);
    } catch (const Error&) {
      // The pass meets the same damage and treats it by the job's policy.
    }
  }
  stepwise.guess.input = merge_columns(std::move(appearances));
}

/// The columns of files whose rows earlier runs have read, so that an output without rows has them too.
void sample_known(const TableInput& input, Stepwise& stepwise) {
  TableInput read = input;
  read.files = input.known;
  read.layouts.resize(read.files.size());
  sample_files(read, stepwise, nullptr);
  stepwise.batches.clear();
}

Stepwise sample_table(const TableInput& input, std::vector<Reject>* rejects) {
  Stepwise stepwise;
  if (input.dataset) {
    stepwise.guess.input = dataset_columns(input);
    sample_dataset(input, stepwise);
  } else if (input.is_inline()) {
    stepwise.batches = inline_table(input, stepwise.guess.input);
  } else {
    if (input.known.empty()) {
      sample_files(input, stepwise, rejects);
    } else {
      sample_known(input, stepwise);
    }
    if (stepwise.guess.input.empty()) stepwise.guess.input = columns_of_format(input);
    add_source_columns(input, stepwise.guess.input);
    for (Batch& batch : stepwise.batches) {
      keep_own_columns(input, batch);
      add_source_columns(input, 0, batch);
    }
  }
  stepwise.run(input, false);
  return stepwise;
}

std::string guess_bytes(const Guess& guess) {
  Packer out;
  out.text(pack(guess)).put(guess.no_records);
  for (const auto& [step, name] : guess.empty) out.put(step).text(name);
  for (const auto& [step, bases] : guess.row_bases) {
    out.put(step);
    for (const std::int64_t base : bases) out.put(base);
  }
  for (const auto& bases : guess.line_bases) {
    for (const std::int64_t base : bases) out.put(base);
  }
  return out.take();
}

Guess first_guess(const TableInput& input, const Comm& comm) {
  // Rows of a dataset are sampled where its first part is.
  const bool parts = input.dataset && !input.dataset->parts().empty();
  const int from = parts ? input.dataset->parts()[0].owner : 0;
  std::string packed;
  comm.agree([&] {
    if (comm.rank() == from) packed = pack(sample_table(input, nullptr).guess);
  });
  return unpack(comm.broadcast(std::move(packed), from));
}

std::vector<Batch> first_batches(const TableInput& input, std::int64_t records, std::vector<InputColumn>& columns,
                                 std::vector<Reject>* rejects) {
  if (input.is_inline()) return inline_table(input, columns);
  SplitReader reader(input);
  std::vector<Batch> batches;
  std::vector<Appearance> appearances;
  for (const Split& split : input.splits) {
    read_place(reader, split, records, batches, appearances, rejects);
    std::int64_t rows = 0;
    for (const Batch& batch : batches) rows += batch.num_rows;
    if (rows >= records) break;
  }
  columns = merge_columns(std::move(appearances));
  if (columns.empty()) columns = columns_of_format(input);
  add_source_columns(input, columns);
  for (Batch& batch : batches) {
    keep_own_columns(input, batch);
    add_source_columns(input, 0, batch);
  }
  return batches;
}

bool find_more_columns(const TableInput& input, std::vector<InputColumn>& columns) {
  if (input.closed || input.is_inline() || input.dataset) return true;
  constexpr std::int64_t kSmallBytes = 1 << 20, kMostTextBytes = 64 << 20;
  const bool small = input.stored_bytes() <= kSmallBytes;
  // The columns of a CSV stand in its head.
  bool all = small || (input.reads_csv() && input.files.size() <= kSampledFiles);
  std::vector<Appearance> seen;
  for (const InputColumn& column : columns) seen.push_back({-1, 0, column});
  SplitReader reader(input);
  std::int64_t bytes = 0;
  for (const Split& place : small ? input.splits : sample_splits(input)) {
    std::size_t known = 0;
    const auto take = [&](DecodedBlock& block) {
      for (; known < block.columns->size(); ++known)
        seen.push_back({place.ordinal, static_cast<std::int64_t>(known), (*block.columns)[known]});
      bytes += static_cast<std::int64_t>(block.result.consumed);
      all &= !small || input.reads_csv() || bytes < kMostTextBytes;
      return small && bytes < kMostTextBytes;
    };
    try {
      reader.read(place, {}, take, [] {});
    } catch (const Error&) {  // damage, which the run treats by the job's policy
      all = false;
    }
  }
  columns = merge_columns(std::move(seen));
  return all;
}

}  // namespace evclean

// SPDX-License-Identifier: Apache-2.0
// One operator over a table in memory, as the ranks of a job run it. Every rank holds its share of an Arrow file; from
// barrier to barrier, the slowest rank counts.
// usage: mpirun -np N bench_relational FILE.arrow QUESTION RUNS [RIGHT.arrow]
// prints {"question", "rows", "sums", "seconds", "cpu", "sent", "how"}; QUESTION is one of kQuestions below.
#include <arrow/api.h>
#include <arrow/io/file.h>
#include <arrow/ipc/reader.h>
#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <vector>

#include "evclean/arrow_status.hpp"
#include "evclean/heap_pages.hpp"
#include "evclean/record_batch.hpp"
#include "evclean/relational.hpp"

namespace {

using namespace evclean;
using Kind = AggregateKind;

constexpr std::int64_t kMemory = std::int64_t{12}
                                 << 30;  ///< of all ranks, table included: the peers have no limit either

struct Question {
  std::string operation;  ///< group, distinct, sort, first (a sort with a limit of 10), join, left join
  std::vector<std::string> columns;
  std::vector<std::pair<Kind, std::string>> aggregates;
};

/// The questions of the h2o db-benchmark that the job contract's aggregates cover, then others over the same table.
const std::map<std::string, Question> kQuestions = {
    {"q1", {"group", {"id1"}, {{Kind::kSum, "v1"}}}},
    {"q2", {"group", {"id1", "id2"}, {{Kind::kSum, "v1"}}}},
    {"q3", {"group", {"id3"}, {{Kind::kSum, "v1"}, {Kind::kAvg, "v3"}}}},
    {"q4", {"group", {"id4"}, {{Kind::kAvg, "v1"}, {Kind::kAvg, "v2"}, {Kind::kAvg, "v3"}}}},
    {"q5", {"group", {"id6"}, {{Kind::kSum, "v1"}, {Kind::kSum, "v2"}, {Kind::kSum, "v3"}}}},
    {"q6", {"group", {"id4", "id5"}, {{Kind::kQuantile, "v3"}, {Kind::kStddev, "v3"}}}},
    {"q7", {"group", {"id3"}, {{Kind::kMax, "v1"}, {Kind::kMin, "v2"}}}},
    {"q10", {"group", {"id1", "id2", "id3", "id4", "id5", "id6"}, {{Kind::kSum, "v3"}, {Kind::kCountRows, ""}}}},
    {"count distinct", {"group", {"id1"}, {{Kind::kCountDistinct, "id3"}}}},
    {"distinct", {"distinct", {"id3"}, {}}},
    {"sort", {"sort", {"id6", "id3"}, {}}},
    {"first ten", {"first", {"v3"}, {}}},
    {"small inner on int", {"join", {"id1"}, {}}},
    {"medium inner on int", {"join", {"id2"}, {}}},
    {"medium outer on int", {"left join", {"id2"}, {}}},
    {"medium inner on text", {"join", {"id5"}, {}}},
    {"big inner on int", {"join", {"id3"}, {}}},
};

DatasetPtr load(const std::string& path, const Workspace& workspace) {
  auto file = take_arrow(arrow::io::ReadableFile::Open(path), "opening the table");
  auto reader = take_arrow(arrow::ipc::RecordBatchFileReader::Open(file), "reading the table");
  Fields fields;
  for (const auto& field : reader->schema()->fields()) fields.push_back({field->name(), value_type(*field->type())});
  auto data = std::make_shared<Dataset>(fields, workspace);
  const int batches = reader->num_record_batches(), ranks = workspace.comm.size(), rank = workspace.comm.rank();
  for (int b = batches * rank / ranks; b < batches * (rank + 1) / ranks; ++b) {
    data->append(b, from_record_batch(*take_arrow(reader->ReadRecordBatch(b), "reading the table")));
  }
  data->finish();
  return data;
}

DatasetPtr join_answer(const Question& question, const Dataset& left, const Dataset& right, const Workspace& workspace,
                       OperatorReport& report) {
  JoinSpec spec;
  spec.how = question.operation == "join" ? JoinHow::kInner : JoinHow::kLeft;
  for (const std::string& name : question.columns) {
    spec.left_keys.push_back(left.find(name));
    spec.right_keys.push_back(right.find(name));
  }
  for (std::size_t c = 0; c < right.fields().size(); ++c) {
    if (static_cast<int>(c) == spec.right_keys[0]) continue;
    spec.payload.push_back(static_cast<int>(c));
    spec.payload_names.push_back(right.fields()[c].name + "_right");
  }
  return join(left, right, spec, workspace, report);
}

DatasetPtr answer(const Question& question, const Dataset& data, const Dataset* right, const Workspace& workspace,
                  OperatorReport& report) {
  if (right != nullptr) return join_answer(question, data, *right, workspace, report);
  std::vector<int> columns;
  for (const std::string& name : question.columns) columns.push_back(data.find(name));
  if (question.operation == "distinct") return distinct(data, columns, workspace, report);
  if (question.operation == "group") {
    GroupSpec spec{columns, {}};
    for (const auto& [kind, name] : question.aggregates) {
      spec.aggregates.push_back({kind, data.find(name), -1, 0.5, fmt::format("a{}", spec.aggregates.size())});
    }
    return group(data, spec, workspace, report);
  }
  std::vector<SortKey> keys;
  for (const int column : columns) keys.push_back({column});
  return sort(data, keys, workspace, report, question.operation == "first" ? 10 : -1);
}

/// Sums of the result's numbers, so that it can be compared with another's. Collective.
std::string sums_of(const Dataset& data, const Comm& comm) {
  std::vector<double> sums(data.fields().size());
  for (const std::int64_t part : data.mine()) {
    data.visit(part, [&](Batch batch) {
      for (std::size_t c = 0; c < sums.size(); ++c) {
        const arrow::Array& array = *batch.array(static_cast<int>(c));
        for (std::int64_t i = 0; i < batch.num_rows; ++i) {
          if (array.IsNull(i)) continue;
          if (array.type_id() == arrow::Type::INT64) {
            sums[c] += static_cast<double>(static_cast<const arrow::Int64Array&>(array).Value(i));
          } else if (array.type_id() == arrow::Type::DOUBLE) {
            sums[c] += static_cast<const arrow::DoubleArray&>(array).Value(i);
          }
        }
      }
    });
  }
  std::string bytes(reinterpret_cast<const char*>(sums.data()), sums.size() * sizeof(double));
  std::vector<double> all(sums.size());
  for (const std::string& told : comm.all_gather(bytes)) {
    for (std::size_t c = 0; c < all.size(); ++c) all[c] += reinterpret_cast<const double*>(told.data())[c];
  }
  std::string text;
  for (const double sum : all) text += fmt::format("{}{}", text.empty() ? "" : ", ", sum);
  return text;
}

double cpu_seconds() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

int run(const std::string& path, const std::string& name, int runs, const std::string& right_path) {
  const Comm comm = Comm::world();
  const Workspace workspace{comm, std::make_shared<MemoryBudget>(kMemory / comm.size()), "", [] {}};
  const auto question = kQuestions.find(name);
  if (question == kQuestions.end()) fail_user("no question {}", name);
  const bool joins = question->second.operation.find("join") != std::string::npos;
  if (joins == right_path.empty()) fail_user("a join needs two tables, and nothing else does");
  const DatasetPtr data = load(path, workspace), right = joins ? load(right_path, workspace) : nullptr;
  std::string seconds, cpu, sums, how;
  std::int64_t rows = 0, sent = 0;
  for (int r = 0; r < runs; ++r) {
    comm.barrier();
    const auto begin = std::chrono::steady_clock::now();
    const double cpu_begin = cpu_seconds();
    OperatorReport report;
    const DatasetPtr result = answer(question->second, *data, right.get(), workspace, report);
    const double mine = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    seconds += fmt::format("{}{:.4f}", r == 0 ? "" : ", ", comm.max(mine));
    cpu += fmt::format("{}{:.4f}", r == 0 ? "" : ", ", comm.max(cpu_seconds() - cpu_begin));
    rows = result->rows();
    sent = comm.sum(report.bytes_sent);
    how = report.how;
    if (r == 0) sums = sums_of(*result, comm);
  }
  if (comm.is_root()) {
    fmt::print(
        "{{\"question\": \"{}\", \"rows\": {}, \"sums\": [{}], \"seconds\": [{}], \"cpu\": [{}], \"sent\": {}, "
        "\"how\": \"{}\"}}\n",
        name, rows, sums, seconds, cpu, sent, how);
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  evclean::settle_heap_pages();  // as the program does
  const evclean::MpiEnvironment environment(argc, argv);
  try {
    if (argc != 4 && argc != 5) fail_user("usage: bench_relational FILE.arrow QUESTION RUNS [RIGHT.arrow]");
    return run(argv[1], argv[2], std::stoi(argv[3]), argc == 5 ? argv[4] : "");
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_relational: %s\n", error.what());
    evclean::abort_all(evclean::ExitCode::kBug);
  }
}

// SPDX-License-Identifier: Apache-2.0
// Runs many queries over tables in one process, for tests that compare with another engine:
//   run_queries FOLDER
// reads FOLDER/tables/NAME.arrow (Arrow IPC files) and FOLDER/queries.txt (one query a line), and writes what each
// gives to FOLDER/results/NUMBER.arrow, or its mistake to NUMBER.error. Rows are dealt to ranks in small parts.
#include <arrow/api.h>
#include <arrow/io/file.h>
#include <arrow/ipc/api.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "evclean/arrow_status.hpp"
#include "evclean/query.hpp"
#include "evclean/record_batch.hpp"

namespace evclean {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kRowsOfPart = 37;

DatasetPtr read_table(const fs::path& path, const Workspace& workspace) {
  const auto file = take_arrow(arrow::io::ReadableFile::Open(path.string()), "open");
  const auto reader = take_arrow(arrow::ipc::RecordBatchFileReader::Open(file), "read");
  const auto table = take_arrow(reader->ToTable(), "read");
  const auto combined = take_arrow(table->CombineChunksToBatch(), "combine");
  Fields fields;
  for (const auto& field : table->schema()->fields()) fields.push_back({field->name(), value_type(*field->type())});
  auto data = std::make_shared<Dataset>(fields, workspace);
  for (std::int64_t part = 0; part * kRowsOfPart < combined->num_rows(); ++part) {
    if (part % workspace.comm.size() != workspace.comm.rank()) continue;
    const auto rows = combined->Slice(part * kRowsOfPart, kRowsOfPart);
    Batch batch;
    batch.num_rows = rows->num_rows();
    for (int i = 0; i < rows->num_columns(); ++i) {
      // Copied: a slice has an offset, which columns of a dataset do not have.
      std::vector<std::int32_t> all(static_cast<std::size_t>(rows->num_rows()));
      for (std::size_t row = 0; row < all.size(); ++row) all[row] = static_cast<std::int32_t>(row);
      batch.put(fields[static_cast<std::size_t>(i)].name, gather(*rows->column(i), all));
    }
    data->append(part, batch);
  }
  data->finish();
  return data;
}

void write_result(const Dataset& data, const fs::path& path, const Workspace& workspace) {
  const std::vector<Batch> batches = gather_everywhere(data, workspace);
  if (!workspace.comm.is_root()) return;
  std::vector<std::shared_ptr<arrow::Field>> fields;
  for (const Field& field : data.fields()) fields.push_back(arrow::field(field.name, arrow_type(field.type)));
  const auto schema = arrow::schema(fields);
  const auto file = take_arrow(arrow::io::FileOutputStream::Open(path.string()), "open");
  const auto writer = take_arrow(arrow::ipc::MakeFileWriter(file, schema), "write");
  for (const Batch& batch : batches) {
    std::vector<std::shared_ptr<arrow::Array>> columns;
    for (int i = 0; i < static_cast<int>(fields.size()); ++i) columns.push_back(batch.array(i));
    check_arrow(writer->WriteRecordBatch(*arrow::RecordBatch::Make(schema, batch.num_rows, columns)), "write");
  }
  check_arrow(writer->Close(), "write");
  check_arrow(file->Close(), "write");
}

void write_mistake(const std::string& message, const fs::path& path, const Workspace& workspace) {
  if (workspace.comm.is_root()) std::ofstream(path) << message;
}

void run_all(const fs::path& folder, const Workspace& workspace) {
  std::map<std::string, DatasetPtr> tables;
  for (const auto& entry : fs::directory_iterator(folder / "tables")) {
    tables[entry.path().stem().string()] = nullptr;
  }
  for (auto& [name, data] : tables) data = read_table(folder / "tables" / (name + ".arrow"), workspace);
  std::ifstream queries(folder / "queries.txt");
  int number = 0;
  for (std::string text; std::getline(queries, text); ++number) {
    const fs::path stem = folder / "results" / fmt::format("{}", number);
    try {
      QueryReport report;
      const DatasetPtr result = run_query(Query::parse(text), tables, workspace, report);
      write_result(*result, stem.string() + ".arrow", workspace);
    } catch (const ExpressionError& error) {
      write_mistake(fmt::format("{}: {}", static_cast<std::int64_t>(error.position()), error.what()),
                    stem.string() + ".error", workspace);
    } catch (const Error& error) {
      if (error.code() != ExitCode::kUser) throw;
      write_mistake(error.what(), stem.string() + ".error", workspace);
    }
  }
}

}  // namespace
}  // namespace evclean

int main(int argc, char** argv) {
  const evclean::MpiEnvironment environment(argc, argv);
  const evclean::Comm comm = evclean::Comm::world();
  const evclean::Workspace workspace{comm, std::make_shared<evclean::MemoryBudget>(std::int64_t{1} << 30), "/var/tmp",
                                     [] {}};
  try {
    evclean::run_all(argv[1], workspace);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "run_queries: %s\n", error.what());
    evclean::abort_all(evclean::ExitCode::kBug);
  }
  return 0;
}

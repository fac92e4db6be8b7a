// SPDX-License-Identifier: Apache-2.0
// Batches stay in memory as Arrow arrays until the limit; later ones go to scratch as Arrow IPC messages.
#include <arrow/api.h>

#include <map>
#include <utility>

#include "evclean/heap_pages.hpp"
#include "evclean/record_batch.hpp"
#include "evclean/stage.hpp"
#include "scratch_file.hpp"

namespace evclean {
namespace {

/// More kept than this is a table worth huge pages.
constexpr std::int64_t kMuchKept = 8 << 20;

struct StagedBatch {
  std::int64_t rows = 0;
  std::int64_t size_bytes = 0;
  arrow::ArrayVector columns;  ///< empty when the batch is in scratch
  std::int64_t offset = -1;    ///< in scratch, or -1

  bool in_memory() const noexcept { return offset < 0; }
};

struct StagedPart {
  std::vector<StagedBatch> batches;
  std::int64_t rows = 0;
};

std::int64_t memory_of(const arrow::ArrayVector& columns) {
  std::int64_t bytes = 0;
  for (const auto& column : columns) bytes += array_bytes(*column);
  return bytes;
}

}  // namespace

struct BatchStage::Impl {
  Impl(Fields columns, std::shared_ptr<MemoryBudget> memory, std::string folder)
      : fields(std::move(columns)),
        schema(arrow_schema(fields)),
        budget(std::move(memory)),
        scratch(std::move(folder)) {}
  ~Impl() {
    for (const auto& [number, staged] : parts) give_back(staged);
  }

  void give_back(const StagedPart& part) const {
    for (const StagedBatch& staged : part.batches) {
      if (staged.in_memory()) budget->give_back(staged.size_bytes);
    }
  }

  Batch load(const StagedBatch& staged) const {
    if (!staged.in_memory()) {
      auto bytes = take_arrow(arrow::AllocateBuffer(staged.size_bytes), "reading a batch from scratch");
      scratch.read(staged.offset, reinterpret_cast<char*>(bytes->mutable_data()), staged.size_bytes);
      return from_record_batch(*parse_record_batch(std::shared_ptr<arrow::Buffer>(std::move(bytes)), schema));
    }
    Batch batch;
    batch.num_rows = staged.rows;
    batch.names.reserve(fields.size());
    for (const Field& field : fields) batch.names.push_back(field.name);
    batch.columns.assign(staged.columns.begin(), staged.columns.end());
    return batch;
  }

  Fields fields;
  std::shared_ptr<arrow::Schema> schema;
  std::shared_ptr<MemoryBudget> budget;
  std::int64_t spilled_bytes = 0;
  std::int64_t kept_bytes = 0;  ///< ever, dropped or not
  ScratchFile scratch;
  std::map<std::int64_t, StagedPart> parts;
};

bool MemoryBudget::take(std::int64_t bytes) noexcept {
  if (left_.fetch_sub(bytes) >= bytes) return true;
  left_ += bytes;
  return false;
}

BatchStage::BatchStage(Fields fields, std::shared_ptr<MemoryBudget> budget, std::string scratch_dir)
    : impl_(std::make_unique<Impl>(std::move(fields), std::move(budget), std::move(scratch_dir))) {}
BatchStage::BatchStage(Fields fields, std::int64_t memory_bytes, std::string scratch_dir)
    : BatchStage(std::move(fields), std::make_shared<MemoryBudget>(memory_bytes), std::move(scratch_dir)) {}
BatchStage::~BatchStage() = default;

void BatchStage::append(std::int64_t part, const Batch& batch) {
  StagedPart& staged = impl_->parts[part];
  if (batch.num_rows == 0) return;
  StagedBatch next;
  next.rows = batch.num_rows;
  next.columns = typed_columns(batch, *impl_->schema);
  next.size_bytes = memory_of(next.columns);
  if (!impl_->budget->take(next.size_bytes)) {
    const std::string bytes =
        serialize_record_batch(*arrow::RecordBatch::Make(impl_->schema, next.rows, std::exchange(next.columns, {})));
    next.offset = impl_->scratch.append(bytes);
    next.size_bytes = static_cast<std::int64_t>(bytes.size());
    impl_->spilled_bytes += next.size_bytes;
  } else if ((impl_->kept_bytes += next.size_bytes) > kMuchKept) {
    keep_much_in_heap();
  }
  staged.batches.push_back(std::move(next));
  staged.rows += batch.num_rows;
}

void BatchStage::drop(std::int64_t part) {
  const auto found = impl_->parts.find(part);
  if (found == impl_->parts.end()) return;
  impl_->give_back(found->second);
  impl_->parts.erase(found);
}

std::vector<std::int64_t> BatchStage::parts() const {
  std::vector<std::int64_t> numbers;
  for (const auto& [number, staged] : impl_->parts) numbers.push_back(number);
  return numbers;
}

std::int64_t BatchStage::rows(std::int64_t part) const {
  const auto found = impl_->parts.find(part);
  return found == impl_->parts.end() ? 0 : found->second.rows;
}

void BatchStage::visit(std::int64_t part, const std::function<void(Batch)>& take) const {
  const auto found = impl_->parts.find(part);
  if (found == impl_->parts.end()) return;
  for (const StagedBatch& staged : found->second.batches) take(impl_->load(staged));
}

std::vector<Batch> BatchStage::read(std::int64_t part) const {
  std::vector<Batch> batches;
  visit(part, [&](Batch batch) { batches.push_back(std::move(batch)); });
  return batches;
}

std::int64_t BatchStage::batches(std::int64_t part) const {
  const auto found = impl_->parts.find(part);
  return found == impl_->parts.end() ? 0 : static_cast<std::int64_t>(found->second.batches.size());
}

Batch BatchStage::batch(std::int64_t part, std::int64_t index) const {
  return impl_->load(impl_->parts.at(part).batches.at(static_cast<std::size_t>(index)));
}

Batch BatchStage::take(std::int64_t part, std::int64_t index) {
  StagedBatch& staged = impl_->parts.at(part).batches.at(static_cast<std::size_t>(index));
  Batch batch = impl_->load(staged);
  if (staged.in_memory()) impl_->budget->give_back(staged.size_bytes);
  staged = {};
  return batch;
}

std::int64_t BatchStage::bytes(std::int64_t part) const {
  const auto found = impl_->parts.find(part);
  if (found == impl_->parts.end()) return 0;
  std::int64_t bytes = 0;
  for (const StagedBatch& staged : found->second.batches) bytes += staged.size_bytes;
  return bytes;
}

const Fields& BatchStage::fields() const { return impl_->fields; }
std::int64_t BatchStage::spilled_bytes() const { return impl_->spilled_bytes; }

}  // namespace evclean

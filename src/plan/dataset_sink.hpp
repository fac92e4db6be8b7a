// SPDX-License-Identifier: Apache-2.0
// A sink whose rows stay with the ranks as a dataset, for steps over the whole table.
#pragma once

#include <optional>

#include "evclean/dataset.hpp"
#include "evclean/sink.hpp"

namespace evclean {

class DatasetSink final : public Sink {
 public:
  explicit DatasetSink(std::shared_ptr<Dataset> data) : data_(std::move(data)) {}
  /// Just these columns of what is written, in this order.
  DatasetSink(std::shared_ptr<Dataset> data, std::vector<int> columns)
      : data_(std::move(data)), columns_(std::move(columns)) {}

  void write(std::int64_t part, const Batch& batch) override {
    if (!columns_) return data_->append(part, batch);
    data_->append(part, project(batch, *columns_));
  }
  void end_part(std::int64_t) override {}
  void drop_part(std::int64_t part) override { data_->drop(part); }
  std::vector<WrittenFile> close() override {
    data_->finish();
    return {};
  }
  std::vector<std::string> notes() const override { return {}; }

 private:
  std::shared_ptr<Dataset> data_;
  std::optional<std::vector<int>> columns_;
};

}  // namespace evclean

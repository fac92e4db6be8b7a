// SPDX-License-Identifier: Apache-2.0
// The rows of a matrix output while they wait: float32, packed by part, apart for train and test and for X and y.
#pragma once

#include <array>
#include <map>
#include <string>
#include <vector>

#include "evclean/sink.hpp"
#include "row_numbers.hpp"
#include "value_column.hpp"

namespace evclean {

/// Which columns of a table are what.
struct MatrixColumns {
  std::vector<std::size_t> features;
  std::vector<std::string> names;  ///< of the features
  int label = -1;
  int split = -1;  ///< holds train or test

  /// Errors: user Error naming `shown` and a column that is no number.
  MatrixColumns(const Fields& fields, const EncodedTable& encoded, const std::string& shown);
};

enum class MatrixPart : int { kX = 0, kY = 1 };

/// One side of a matrix output: train, test, or all rows.
struct MatrixSide {
  std::string name;  ///< "train", "test", or empty
  GroupRows rows = {};
};

class MatrixRows {
 public:
  MatrixRows(MatrixColumns columns, const Fields& fields, const SinkOptions& options);

  const MatrixColumns& columns() const { return columns_; }
  std::int64_t row_bytes(MatrixPart part) const {
    return static_cast<std::int64_t>(sizeof(float) * (part == MatrixPart::kX ? columns_.features.size() : 1));
  }

  // Local.
  void write(std::int64_t part, const Batch& batch);
  void drop(std::int64_t part);
  /// The stretches of some MiB in which a part of a side waits here, in order.
  const std::vector<std::int64_t>& stretches(const MatrixSide& side, MatrixPart which, std::int64_t part) const {
    return waiting_.at({side.rows.group, part}).stretches[static_cast<std::size_t>(which)];
  }
  /// Bytes of a stretch.
  std::string read(std::int64_t stretch) const { return stage_.read(stretch); }
  /// Rows of a part of a side that waits here.
  std::int64_t part_rows(const MatrixSide& side, std::int64_t part) const {
    return waiting_.at({side.rows.group, part}).rows;
  }
  /// Writes rows [first, first + count) of a part to a file.
  void copy_to(const MatrixSide& side, MatrixPart which, std::int64_t part, std::int64_t first, std::int64_t count,
               int file, std::int64_t offset, const std::string& shown) const;

  /// Numbers the rows of each side, train first. Collective.
  std::vector<MatrixSide> settle(const Comm& comm);
  /// What a reader of the numbers could not see in them. Collective.
  std::vector<std::string> agree_on_notes(const Comm& comm) const;

 private:
  struct Counts {
    std::int64_t missing = 0;
    std::int64_t rounded = 0;  ///< integers that float32 does not hold
    std::int64_t endless = 0;  ///< numbers beyond float32
    bool any() const { return missing + rounded + endless > 0; }
    void add(const Counts& more);
  };

  struct Waiting {
    std::int64_t rows = 0;
    std::array<std::vector<std::int64_t>, 2> stretches;
  };

  void append(std::vector<std::int64_t>& stretches, const std::vector<float>& values);
  std::vector<int> groups_of(const ValueColumn* split, std::int64_t rows) const;
  static float value_at(const ValueColumn& column, std::int64_t row, Counts& counts);
  void pack(const std::vector<ValueColumn>& columns, const std::vector<std::int64_t>& rows, int group,
            std::int64_t part);

  MatrixColumns columns_;
  Fields fields_;
  FileGroups groups_;
  std::set<int> needed_;
  int train_ = 0, test_ = 0;  ///< groups
  ByteStage stage_;           ///< by stretch
  std::int64_t next_stretch_ = 0;
  std::map<std::pair<int, std::int64_t>, Waiting> waiting_;  ///< group, part
  /// By part and feature (behind all features: y), those that have any.
  std::map<std::int64_t, std::map<std::size_t, Counts>> counts_;
};

}  // namespace evclean

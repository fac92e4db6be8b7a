// SPDX-License-Identifier: Apache-2.0
// Outputs of numbers alone: float32 matrices X and y for models, in one file or several.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "evclean/sink.hpp"
#include "matrix_rows.hpp"

namespace evclean {

/// What the layouts have in common: rows wait until their number is known, then the files are written.
class MatrixSink : public Sink {
 public:
  MatrixSink(const OutputSpec& spec, const Fields& fields, const Comm& comm, Publisher& publisher,
             const SinkOptions& options);

  void write(std::int64_t part, const Batch& batch) override { rows_.write(part, batch); }
  void end_part(std::int64_t) override {}
  void drop_part(std::int64_t part) override { rows_.drop(part); }
  std::vector<std::string> notes() const override { return notes_; }
  std::vector<WrittenFile> close() override;

  /// The files are known from the columns, so they are reserved before any row comes. Collective.
  virtual void reserve(const SinkOptions& options) = 0;

 protected:
  virtual std::vector<WrittenFile> write_files(const std::vector<MatrixSide>& sides) = 0;

  /// X, and y if there is a label.
  std::vector<MatrixPart> parts() const;
  bool is_split() const { return rows_.columns().split >= 0; }

  const OutputSpec spec_;
  const Comm& comm_;
  Publisher& publisher_;
  MatrixRows rows_;
  std::vector<std::string> notes_;
};

/// Numbers of a table as X, its label as y; each of them for train and test when the table is split. Reserves its
/// files. Collective. Errors: user Error for a column that is no number.
std::unique_ptr<Sink> make_matrix_sink(const OutputSpec& spec, const Fields& fields, const Comm& comm,
                                       Publisher& publisher, const SinkOptions& options);

// The layouts. Local.
std::unique_ptr<MatrixSink> make_npy_sink(const OutputSpec& spec, const Fields& fields, const Comm& comm,
                                          Publisher& publisher, const SinkOptions& options);
std::unique_ptr<MatrixSink> make_hdf5_matrix_sink(const OutputSpec& spec, const Fields& fields, const Comm& comm,
                                                  Publisher& publisher, const SinkOptions& options);

}  // namespace evclean

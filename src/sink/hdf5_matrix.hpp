// SPDX-License-Identifier: Apache-2.0
// An HDF5 file of plain float32 datasets, written by all ranks with parallel HDF5.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "evclean/comm.hpp"

namespace evclean {

class Hdf5Matrix {
 public:
  /// Makes the file. Collective, as all but abandon(). Errors: system Error with HDF5's own words.
  Hdf5Matrix(const Comm& comm, const std::string& path, const std::string& shown);
  ~Hdf5Matrix();

  struct Shape {
    std::string name;  ///< "X" or "train/X"
    std::int64_t rows = 0;
    std::int64_t columns = 0;  ///< 0: one value a row, one dimension
    std::int64_t chunk_rows = 1;
    int level = 1;  ///< of deflate; 0: not compressed
  };
  /// Makes a dataset and turns to it: write() goes there.
  void begin(const Shape& shape);
  /// Writes rows [first, first + count); count may be 0.
  void write(std::int64_t first, std::int64_t count, const char* rows);
  /// Writes a list of texts as one dataset of UTF-8.
  void put_texts(const std::string& name, const std::vector<std::string>& texts);
  void flush();
  void close();
  /// Gives up after a write failed on any rank, see Hdf5File.
  void abandon() noexcept;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace evclean

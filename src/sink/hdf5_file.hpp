// SPDX-License-Identifier: Apache-2.0
// One HDF5 file with one table as pandas stores it ("fixed names" of format="table"), written by all ranks with
// parallel HDF5. The layout and which attributes pandas needs were found by trial; see docs/hdf5.md.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "evclean/comm.hpp"
#include "hdf5_layout.hpp"

namespace evclean {

struct TableShape {
  std::string key;  ///< "events" or "a/b"
  std::int64_t rows = 0;
  std::int64_t chunk_rows = 1;
  int level = 1;        ///< of deflate; 0: not compressed
  bool append = false;  ///< the file is there and holds other tables
};

class Hdf5File {
 public:
  /// Makes the file (or opens it, see TableShape) and the table. Collective. Errors: system Error with HDF5's own
  /// words; user Error for too many columns.
  Hdf5File(const Comm& comm, const std::string& path, const std::string& shown, const StoredTable& table,
           const TableShape& shape);
  ~Hdf5File();
  /// Writes rows [first, first + count), packed; count may be 0. Collective.
  void write(std::int64_t first, std::int64_t count, const char* packed);
  /// Writes what HDF5 still holds. Collective.
  void flush();
  /// Closes; flush() comes first, on all ranks. Collective.
  void close();
  /// Gives up after a write failed on any rank: closing would try to write again, fail half-way and leave HDF5 in a
  /// state in which it crashes at the end of MPI. Collective in effect: all ranks or none.
  void abandon() noexcept;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace evclean

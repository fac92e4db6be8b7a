// SPDX-License-Identifier: Apache-2.0
// What all our HDF5 files have in common: how they are opened by all ranks, and whose business its errors are.
#pragma once

#include "evclean/comm.hpp"
#include "hdf5_handle.hpp"

namespace evclean {

/// Quiet while it lives: what goes wrong is said by Error, once.
class QuietHdf5 {
 public:
  QuietHdf5() {
    H5Eget_auto2(H5E_DEFAULT, &function_, &data_);
    H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  }
  ~QuietHdf5() { H5Eset_auto2(H5E_DEFAULT, function_, data_); }
  QuietHdf5(const QuietHdf5&) = delete;
  QuietHdf5& operator=(const QuietHdf5&) = delete;

 private:
  H5E_auto2_t function_ = nullptr;
  void* data_ = nullptr;
};

/// Makes the file, or opens it to `append`. Collective. Errors: system Error naming `shown`.
Hdf5FileId open_parallel_hdf5(const Comm& comm, const std::string& path, const std::string& shown, bool append);

/// For transfers that all ranks take part in.
Hdf5Properties collective_transfer(const std::string& shown);

/// Text of a fixed number of bytes, ended by a zero unless it fills them.
Hdf5Type fixed_text(std::size_t bytes, H5T_cset_t charset);

}  // namespace evclean

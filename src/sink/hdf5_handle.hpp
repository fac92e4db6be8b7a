// SPDX-License-Identifier: Apache-2.0
// HDF5 identifiers that close themselves, and its error codes turned into Error.
#pragma once

#include <hdf5.h>

#include <string>

#include "evclean/error.hpp"
#include "evclean/handle.hpp"

namespace evclean {

/// The innermost message of HDF5's error stack.
inline std::string hdf5_message() {
  std::string text;
  H5Ewalk2(
      H5E_DEFAULT, H5E_WALK_UPWARD,
      [](unsigned n, const H5E_error2_t* error, void* into) -> herr_t {
        if (n == 0 && error->desc) *static_cast<std::string*>(into) = error->desc;
        return 0;
      },
      &text);
  return text.empty() ? "unknown HDF5 error" : text;
}

/// Checks any HDF5 return value: negative is failure.
template <typename Code>
Code check_hdf5(Code code, const std::string& shown, const char* what) {
  if (code < 0) fail_system("cannot write {}: {}: {}", shown, what, hdf5_message());
  return code;
}

template <herr_t (*Close)(hid_t)>
struct Hdf5Traits {
  using Raw = hid_t;
  static Raw null() { return -1; }
  static void close(Raw raw) { Close(raw); }
};

using Hdf5Properties = Handle<Hdf5Traits<H5Pclose>>;
using Hdf5Type = Handle<Hdf5Traits<H5Tclose>>;
using Hdf5Space = Handle<Hdf5Traits<H5Sclose>>;
using Hdf5Group = Handle<Hdf5Traits<H5Gclose>>;
using Hdf5Dataset = Handle<Hdf5Traits<H5Dclose>>;
using Hdf5Attribute = Handle<Hdf5Traits<H5Aclose>>;
using Hdf5FileId = Handle<Hdf5Traits<H5Fclose>>;

}  // namespace evclean

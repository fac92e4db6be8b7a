// SPDX-License-Identifier: Apache-2.0
#include "hdf5_parallel.hpp"

namespace evclean {

Hdf5FileId open_parallel_hdf5(const Comm& comm, const std::string& path, const std::string& shown, bool append) {
  const Hdf5Properties access(H5Pcreate(H5P_FILE_ACCESS));
  const MPI_Comm raw = *static_cast<const MPI_Comm*>(comm.raw());
  check_hdf5(H5Pset_fapl_mpio(access.get(), raw, MPI_INFO_NULL), shown, "MPI access");
  // Names of many columns make attributes above 64 KiB, which older formats do not hold.
  check_hdf5(H5Pset_libver_bounds(access.get(), H5F_LIBVER_V18, H5F_LIBVER_V110), shown, "format version");
  // Without this 1.10.8 crashes when many chunks are written together.
  check_hdf5(H5Pset_coll_metadata_write(access.get(), true), shown, "metadata");
  return Hdf5FileId(check_hdf5(append ? H5Fopen(path.c_str(), H5F_ACC_RDWR, access.get())
                                      : H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, access.get()),
                               shown, "file"));
}

Hdf5Properties collective_transfer(const std::string& shown) {
  Hdf5Properties transfer(H5Pcreate(H5P_DATASET_XFER));
  check_hdf5(H5Pset_dxpl_mpio(transfer.get(), H5FD_MPIO_COLLECTIVE), shown, "collective transfer");
  return transfer;
}

Hdf5Type fixed_text(std::size_t bytes, H5T_cset_t charset) {
  Hdf5Type type(H5Tcopy(H5T_C_S1));
  H5Tset_size(type.get(), bytes);
  H5Tset_strpad(type.get(), H5T_STR_NULLTERM);
  H5Tset_cset(type.get(), charset);
  return type;
}

}  // namespace evclean

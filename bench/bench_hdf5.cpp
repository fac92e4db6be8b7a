// SPDX-License-Identifier: Apache-2.0
// What parallel HDF5 can do at best: writes the rows of a table that is there once more, with the same row type, chunks
// and filters, from memory. usage: mpirun -np N bench_hdf5 FILE KEY OUTPUT; prints {"seconds", "bytes"} as JSON.
#include <hdf5.h>
#include <mpi.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace {

constexpr hsize_t kChunksARound = 32;  // of a rank: one transfer of all ranks

hid_t checked(hid_t id, const char* what) {
  if (id >= 0) return id;
  std::fprintf(stderr, "bench_hdf5: %s\n", what);
  MPI_Abort(MPI_COMM_WORLD, 1);
  std::abort();
}

struct Rows {
  hid_t type = -1, create = -1;
  hsize_t all = 0, first = 0, count = 0, chunk = 0;
  std::vector<char> bytes;
};

/// This rank's rows: whole chunks, so that nobody shares one.
Rows read_rows(const char* path, const std::string& dataset, int rank, int ranks) {
  Rows rows;
  const hid_t file = checked(H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT), "cannot open the file");
  const hid_t table = checked(H5Dopen2(file, dataset.c_str(), H5P_DEFAULT), "no such table");
  rows.type = H5Tcopy(H5Dget_type(table));
  rows.create = H5Dget_create_plist(table);
  const hid_t space = H5Dget_space(table);
  H5Sget_simple_extent_dims(space, &rows.all, nullptr);
  H5Pget_chunk(rows.create, 1, &rows.chunk);
  const hsize_t chunks = (rows.all + rows.chunk - 1) / rows.chunk;
  rows.first = std::min(rows.all, chunks * static_cast<hsize_t>(rank) / static_cast<hsize_t>(ranks) * rows.chunk);
  const hsize_t end =
      std::min(rows.all, chunks * static_cast<hsize_t>(rank + 1) / static_cast<hsize_t>(ranks) * rows.chunk);
  rows.count = end - rows.first;
  rows.bytes.resize(rows.count * H5Tget_size(rows.type));
  const hid_t memory = H5Screate_simple(1, &rows.count, nullptr);
  H5Sselect_hyperslab(space, H5S_SELECT_SET, &rows.first, nullptr, &rows.count, nullptr);
  checked(H5Dread(table, rows.type, memory, space, H5P_DEFAULT, rows.bytes.data()), "cannot read");
  H5Sclose(memory);
  H5Sclose(space);
  H5Dclose(table);
  H5Fclose(file);
  return rows;
}

void write_rows(const char* path, const Rows& rows) {
  const hid_t access = H5Pcreate(H5P_FILE_ACCESS), transfer = H5Pcreate(H5P_DATASET_XFER);
  H5Pset_fapl_mpio(access, MPI_COMM_WORLD, MPI_INFO_NULL);
  H5Pset_coll_metadata_write(access, true);
  H5Pset_dxpl_mpio(transfer, H5FD_MPIO_COLLECTIVE);
  const hid_t file = checked(H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, access), "cannot make the output");
  const hid_t space = H5Screate_simple(1, &rows.all, nullptr);
  const hid_t table = checked(H5Dcreate2(file, "table", rows.type, space, H5P_DEFAULT, rows.create, H5P_DEFAULT),
                              "cannot make the table");
  const hsize_t round = kChunksARound * rows.chunk;
  unsigned long long mine = (rows.count + round - 1) / round, most = 0;
  MPI_Allreduce(&mine, &most, 1, MPI_UNSIGNED_LONG_LONG, MPI_MAX, MPI_COMM_WORLD);
  for (hsize_t r = 0; r < most; ++r) {
    const hsize_t done = std::min(rows.count, r * round), count = std::min(rows.count - done, round);
    const hsize_t size = std::max<hsize_t>(count, 1), start = rows.first + done;
    const hid_t memory = H5Screate_simple(1, &size, nullptr);
    if (count > 0) {
      H5Sselect_hyperslab(space, H5S_SELECT_SET, &start, nullptr, &count, nullptr);
    } else {
      H5Sselect_none(space);
      H5Sselect_none(memory);
    }
    const char* const at = rows.bytes.data() + done * H5Tget_size(rows.type);
    checked(H5Dwrite(table, rows.type, memory, space, transfer, at), "cannot write");
    H5Sclose(memory);
  }
  H5Sclose(space);
  H5Dclose(table);
  H5Fclose(file);
}

}  // namespace

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  int rank = 0, ranks = 1;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  if (argc != 4) {
    if (rank == 0) std::fprintf(stderr, "usage: bench_hdf5 FILE KEY OUTPUT\n");
    MPI_Finalize();
    return 2;
  }
  const Rows rows = read_rows(argv[1], std::string("/") + argv[2] + "/table", rank, ranks);
  MPI_Barrier(MPI_COMM_WORLD);
  const double begin = MPI_Wtime();
  write_rows(argv[3], rows);
  MPI_Barrier(MPI_COMM_WORLD);
  const double seconds = MPI_Wtime() - begin;
  if (rank == 0) {
    std::printf("{\"seconds\": %.6f, \"bytes\": %llu}\n", seconds,
                static_cast<unsigned long long>(rows.all * H5Tget_size(rows.type)));
  }
  MPI_Finalize();
  return 0;
}

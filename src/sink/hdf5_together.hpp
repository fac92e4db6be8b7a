// SPDX-License-Identifier: Apache-2.0
// The frame in which ranks write an HDF5 file together: space for it is taken first, and what fails on one rank makes
// all give the file up.
#pragma once

#include <memory>
#include <optional>

#include "evclean/comm.hpp"
#include "evclean/error.hpp"
#include "evclean/sink.hpp"
#include "hdf5_writers.hpp"
#include "space_reserve.hpp"

namespace evclean {

/// More than HDF5 writes besides the rows.
inline constexpr std::int64_t kHdf5MetadataBytes = 4 << 20;
inline constexpr std::int64_t kHdf5ChunkBytes = 2 << 20;
inline constexpr std::int64_t kHdf5RoundBytes = 8 << 20;  ///< a rank writes in one round
inline constexpr int kHdf5Level = 1;

/// `make(path)` opens the file under its hidden name, on the ranks that write it; `fill(file, space)` writes it: `file`
/// is null on the others, `space` is there on the first rank. Collective. Errors: those of any rank, on all.
template <typename Make, typename Fill>
void write_hdf5_together(const Comm& comm, Publisher& publisher, const Hdf5Writers& writers, const std::string& name,
                         Make&& make, Fill&& fill) {
  const std::string hidden = publisher.hidden(name);
  std::optional<SpaceReserve> space;
  comm.agree([&] {
    if (!comm.is_root()) return;
    space.emplace(hidden, publisher.waiting_place(name));
    space->reserve(kHdf5MetadataBytes);
  });
  decltype(make(hidden)) file;
  comm.agree([&] {
    if (writers.writes()) file = make(hidden);
  });
  try {
    fill(file.get(), space);
    comm.agree([&] {
      if (file) file->flush();
    });
    comm.agree([&] {
      if (file) file->close();
    });
  } catch (const Error&) {
    if (file) file->abandon();
    if (space) space->empty();
    throw;
  }
  if (space) space->release();
}

}  // namespace evclean

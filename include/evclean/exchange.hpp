// SPDX-License-Identifier: Apache-2.0
// Rows change ranks, all to all, in bounded letters: each is announced with its size, what is under way to a rank is
// bounded even when every row goes to it, and the next letter is packed while this one flies.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "evclean/dataset.hpp"

namespace evclean {

/// Fixed number of virtual partitions of the 64-bit hash: independent of ranks, memory and data.
inline constexpr int kVirtualPartitions = 4096;

/// The partition of a hash (its top bits), and the rank that owns it.
int partition_of(std::uint64_t hash) noexcept;
int owner_of(int partition, int ranks) noexcept;

/// Stable 64-bit hash of the values in some columns, one a row. Equal values hash alike whatever the column's type
/// where a join compares them: int64 and float64 by value, dates and timestamps by moment; text by bytes. Null has a
/// hash of its own. Columns are typed.
std::vector<std::uint64_t> hash_rows(const Batch& batch, const std::vector<int>& columns);

/// Where a producer puts rows.
class Shipper {
 public:
  virtual ~Shipper() = default;
  /// Queues rows for a rank. `tag` travels along (a partition, a part). Local; copies. Every call becomes a batch at
  /// the receiver (cut when it is large), so few calls with many rows are better than many with few.
  virtual void put(int rank, std::int64_t tag, const Batch& rows) = 0;
  /// Queues some rows of a batch, in the order given: they are gathered straight into what is sent.
  virtual void put(int rank, std::int64_t tag, const Batch& batch, std::span<const std::int32_t> rows) = 0;
};

struct ExchangeCounts {
  std::int64_t rows_sent = 0;  ///< to other ranks
  std::int64_t bytes_sent = 0;
  std::int64_t letters = 0;
};

struct ExchangeOptions {
  std::int64_t round_bytes = 0;   ///< packed by a rank and under way to a rank at most at a time; 0: from the budget
  std::int64_t letter_bytes = 0;  ///< of one message; 0: a sixteenth of a round
  std::int64_t call_bytes = 0;    ///< of one MPI call; 0: half a GiB (tests inject less)
};

/// Moves rows. `produce` queues some rows (about a batch) and says whether there are more; it is called until then.
/// `receive` gets rows on their new rank: those of one source and tag in the order they were put; sources come in any
/// order. Rows for the own rank go the same way without being packed, so `receive` may be called while `produce` runs.
/// Neither may call anything collective. Collective. Errors: what any rank throws, on all.
ExchangeCounts exchange(const Workspace& workspace, const Fields& fields, const std::function<bool(Shipper&)>& produce,
                        const std::function<void(int source, std::int64_t tag, Batch rows)>& receive,
                        const ExchangeOptions& options = {});

/// Gives every rank all rows of a dataset, in row order. Collective. For what is known to be small.
std::vector<Batch> gather_everywhere(const Dataset& data, const Workspace& workspace);

}  // namespace evclean

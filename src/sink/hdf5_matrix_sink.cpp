// SPDX-License-Identifier: Apache-2.0
// Matrices in HDF5: written in rounds, in which every writing rank compresses the same number of whole chunks, wherever
// their rows came from (see hdf5_sink).
#include <algorithm>
#include <cstring>
#include <optional>

#include "hdf5_matrix.hpp"
#include "hdf5_together.hpp"
#include "matrix_sink.hpp"
#include "output_names.hpp"

namespace evclean {
namespace {

/// Gives this rank's rows of one dataset in order, each once.
class MatrixCursor {
 public:
  MatrixCursor(const MatrixRows& rows, const MatrixSide& side, MatrixPart part)
      : rows_(rows), side_(side), part_(part), next_(side.rows.first_rows.begin()) {}

  /// Calls take(first row, count, bytes) for all rows here with numbers below `end`.
  template <typename Take>
  void rows_below(std::int64_t end, Take&& take) {
    const std::int64_t width = rows_.row_bytes(part_);
    while (load() && row_ < end) {
      const std::int64_t left = (static_cast<std::int64_t>(bytes_.size()) - at_) / width;
      const std::int64_t count = std::min(left, end - row_);
      take(row_, count,
           std::string_view(bytes_).substr(static_cast<std::size_t>(at_), static_cast<std::size_t>(count * width)));
      row_ += count;
      at_ += count * width;
    }
  }

 private:
  bool load() {
    while (at_ == static_cast<std::int64_t>(bytes_.size())) {
      if (next_ == side_.rows.first_rows.end()) return false;
      const std::vector<std::int64_t>& stretches = rows_.stretches(side_, part_, next_->first);
      if (stretch_ == stretches.size()) {
        stretch_ = 0;
        ++next_;
        continue;
      }
      if (stretch_ == 0) row_ = next_->second;
      bytes_ = rows_.read(stretches[stretch_++]);
      at_ = 0;
    }
    return true;
  }

  const MatrixRows& rows_;
  const MatrixSide& side_;
  MatrixPart part_;
  std::map<std::int64_t, std::int64_t>::const_iterator next_;
  std::size_t stretch_ = 0;  ///< the next one of that part
  std::string bytes_;
  std::int64_t at_ = 0, row_ = 0;
};

/// A dataset of one file and the rows of its side that it holds.
struct FileRows {
  const MatrixSide& side;
  MatrixPart part = MatrixPart::kX;
  std::int64_t begin = 0, end = 0;

  std::string dataset() const {
    return fmt::format("{}{}{}", side.name, side.name.empty() ? "" : "/", part == MatrixPart::kX ? "X" : "y");
  }
};

/// X, y and feature_names at the top; with a split, train/X, train/y, test/X and test/y. Of several files each has its
/// share of every dataset.
class Hdf5MatrixSink final : public MatrixSink {
 public:
  using MatrixSink::MatrixSink;

  void reserve(const SinkOptions& options) override { publisher_.reserve_output(spec_, options.scratch_dir); }

 private:
  std::vector<WrittenFile> write_files(const std::vector<MatrixSide>& sides) override {
    const Hdf5Writers writers(comm_, publisher_.ranks_beside_first(spec_.path));
    std::vector<MatrixCursor> cursors;
    for (const MatrixSide& side : sides) {
      for (const MatrixPart part : parts()) cursors.emplace_back(rows_, side, part);
    }
    const std::vector<std::string> names = output_files(spec_);
    const auto count = static_cast<std::int64_t>(names.size());
    std::vector<WrittenFile> written;
    for (std::int64_t i = 0; i < count; ++i) {
      std::vector<FileRows> datasets;
      std::int64_t rows = 0;
      for (const MatrixSide& side : sides) {
        const std::int64_t begin = share_begin(i, count, side.rows.rows),
                           end = share_begin(i + 1, count, side.rows.rows);
        for (const MatrixPart part : parts()) datasets.push_back({side, part, begin, end});
        rows += end - begin;
      }
      const std::string& name = names[static_cast<std::size_t>(i)];
      write_file(name, datasets, cursors, writers);
      written.push_back({name, rows, 0, {}});
    }
    return written;
  }

  void write_file(const std::string& name, const std::vector<FileRows>& datasets, std::vector<MatrixCursor>& cursors,
                  const Hdf5Writers& writers) {
    write_hdf5_together(
        comm_, publisher_, writers, name,
        [&](const std::string& hidden) { return std::make_unique<Hdf5Matrix>(writers.comm(), hidden, name); },
        [&](Hdf5Matrix* file, std::optional<SpaceReserve>& space) {
          for (std::size_t d = 0; d < datasets.size(); ++d) {
            write_dataset(file, datasets[d], cursors[d], writers, space);
          }
          comm_.agree([&] {
            if (file != nullptr) file->put_texts("feature_names", rows_.columns().names);
          });
        });
  }

  void write_dataset(Hdf5Matrix* file, const FileRows& rows, MatrixCursor& cursor, const Hdf5Writers& writers,
                     std::optional<SpaceReserve>& space) {
    const std::int64_t width = rows_.row_bytes(rows.part), total = rows.end - rows.begin;
    Hdf5Matrix::Shape shape;
    shape.name = rows.dataset();
    shape.rows = total;
    shape.columns = rows.part == MatrixPart::kX ? width / static_cast<std::int64_t>(sizeof(float)) : 0;
    shape.chunk_rows = std::clamp<std::int64_t>(kHdf5ChunkBytes / width, 1, std::max<std::int64_t>(total, 1));
    shape.level = spec_.compression_level.value_or(kHdf5Level);
    comm_.agree([&] {
      if (file != nullptr) file->begin(shape);
    });
    const std::int64_t share =
        std::max<std::int64_t>(kHdf5RoundBytes / (shape.chunk_rows * width), 1) * shape.chunk_rows;
    for (std::int64_t begin = rows.begin; begin < rows.end; begin += share * writers.count()) {
      const Hdf5Round round{begin, share, rows.end};
      std::vector<std::string> outgoing(static_cast<std::size_t>(comm_.size()));
      comm_.agree([&] {
        const std::int64_t next = std::min(rows.end, begin + share * writers.count());
        if (space) space->reserve((next - begin) * width + kHdf5MetadataBytes);
        pack_round(cursor, round, writers, outgoing);
      });
      const std::vector<std::string> incoming = comm_.all_to_all(outgoing);
      const std::int64_t first = round.begin_of(writers.index()), count = round.end_of(writers.index()) - first;
      std::string packed;
      comm_.agree([&] { packed = assemble(incoming, first, count, width); });
      comm_.agree([&] {
        if (file != nullptr) file->write(first - rows.begin, count, packed.data());
      });
    }
  }

  /// This rank's rows of the round for each writer: runs of first row, count, bytes.
  static void pack_round(MatrixCursor& cursor, const Hdf5Round& round, const Hdf5Writers& writers,
                         std::vector<std::string>& outgoing) {
    for (std::int64_t to = 0; to < writers.count(); ++to) {
      std::string& out = outgoing[static_cast<std::size_t>(writers.rank_of(to))];
      cursor.rows_below(round.end_of(to), [&](std::int64_t row, std::int64_t count, std::string_view bytes) {
        const std::int64_t head[2] = {row, count};
        out.append(reinterpret_cast<const char*>(head), sizeof head);
        out.append(bytes);
      });
    }
  }

  static std::string assemble(const std::vector<std::string>& incoming, std::int64_t first, std::int64_t count,
                              std::int64_t width) {
    std::string packed(static_cast<std::size_t>(count * width), '\0');
    std::int64_t seen = 0;
    for (const std::string& bytes : incoming) {
      for (std::size_t at = 0; at < bytes.size();) {
        std::int64_t head[2];
        std::memcpy(head, bytes.data() + at, sizeof head);
        at += sizeof head;
        const auto size = static_cast<std::size_t>(head[1] * width);
        std::memcpy(packed.data() + (head[0] - first) * width, bytes.data() + at, size);
        at += size;
        seen += head[1];
      }
    }
    EVCLEAN_CHECK(seen == count, "{} rows came for {}", seen, count);
    return packed;
  }
};

}  // namespace

std::unique_ptr<MatrixSink> make_hdf5_matrix_sink(const OutputSpec& spec, const Fields& fields, const Comm& comm,
                                                  Publisher& publisher, const SinkOptions& options) {
  return std::make_unique<Hdf5MatrixSink>(spec, fields, comm, publisher, options);
}

}  // namespace evclean

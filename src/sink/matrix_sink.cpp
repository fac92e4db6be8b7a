// SPDX-License-Identifier: Apache-2.0
#include "matrix_sink.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <optional>

#include "evclean/descriptor.hpp"
#include "evclean/json_quoted.hpp"
#include "hdf5_matrix.hpp"
#include "matrix_rows.hpp"
#include "output_names.hpp"
#include "space_reserve.hpp"

namespace evclean {
namespace {

constexpr std::int64_t kChunkBytes = 2 << 20;
constexpr std::int64_t kRoundBytes = 8 << 20;     ///< a rank writes in one round
constexpr std::int64_t kMetadataBytes = 4 << 20;  ///< more than HDF5 writes besides the rows
constexpr int kDefaultLevel = 1;

class MatrixSink : public Sink {
 public:
  MatrixSink(const OutputSpec& spec, const Fields& fields, const Comm& comm, Publisher& publisher,
             const SinkOptions& options)
      : spec_(spec),
        comm_(comm),
        publisher_(publisher),
        rows_(MatrixColumns(fields, options.encoded ? *options.encoded : EncodedTable{}, spec.path), fields, options) {}

  void write(std::int64_t part, const Batch& batch) override { rows_.write(part, batch); }
  void end_part(std::int64_t) override {}
  void drop_part(std::int64_t part) override { rows_.drop(part); }
  std::vector<std::string> notes() const override { return notes_; }

  /// The files are known from the columns, so they are reserved before any row comes. Collective.
  virtual void reserve(const SinkOptions& options) = 0;

  std::vector<WrittenFile> close() override {
    const std::vector<MatrixSide> sides = rows_.settle(comm_);
    for (const std::string& note : rows_.agree_on_notes(comm_))
      notes_.push_back(fmt::format("{}: {}", spec_.path, note));
    return write_files(sides);
  }

 protected:
  virtual std::vector<WrittenFile> write_files(const std::vector<MatrixSide>& sides) = 0;

  std::vector<MatrixPart> parts() const {
    if (rows_.columns().label < 0) return {MatrixPart::kX};
    return {MatrixPart::kX, MatrixPart::kY};
  }
  bool is_split() const { return rows_.columns().split >= 0; }

  const OutputSpec spec_;
  const Comm& comm_;
  Publisher& publisher_;
  MatrixRows rows_;
  std::vector<std::string> notes_;
};

// ---- .npy ----

/// Files of an output features.npy: features.npy and features.y.npy, or features.train.npy, features.train.y.npy and
/// the same for test; features.names.json.
class NpySink final : public MatrixSink {
 public:
  using MatrixSink::MatrixSink;

  void reserve(const SinkOptions& options) override {
    const RemotePlace place{spec_.s3.value_or(S3Settings{}), options.scratch_dir};
    comm_.agree([&] {
      if (comm_.is_root()) refuse_other_layout();
    });
    for (const std::string& side : sides(is_split())) {
      for (const MatrixPart part : parts()) publisher_.reserve(path_of(side, part), spec_.overwrite, place);
    }
    publisher_.reserve(names_path(), spec_.overwrite, place);
  }

 private:
  static std::vector<std::string> sides(bool split) {
    return split ? std::vector<std::string>{"train", "test"} : std::vector<std::string>{""};
  }

  std::string path_of(const std::string& side, MatrixPart part) const {
    const OutputName name = split_output_name(spec_.path);
    return fmt::format("{}{}{}{}{}{}", name.folder, name.stem, side.empty() ? "" : ".", side,
                       part == MatrixPart::kY ? ".y" : "", name.extension);
  }
  std::string names_path() const {
    const OutputName name = split_output_name(spec_.path);
    return fmt::format("{}{}.names.json", name.folder, name.stem);
  }

  /// What a run with (or without) a split left beside would be taken for a part of this one.
  void refuse_other_layout() const {
    if (is_s3_path(spec_.path)) return;
    std::vector<std::string> others;
    for (const std::string& side : sides(!is_split())) {
      others.push_back(path_of(side, MatrixPart::kX));
      others.push_back(path_of(side, MatrixPart::kY));
    }
    if (rows_.columns().label < 0) {
      for (const std::string& side : sides(is_split())) others.push_back(path_of(side, MatrixPart::kY));
    }
    for (const std::string& other : others) {
      std::error_code unknown;
      if (std::filesystem::exists(other, unknown)) {
        fail_user(
            "{} is there from a run whose X and y had other files: move it away, or this output would be mixed "
            "with it",
            other);
      }
    }
  }

  /// Version 1.0 of the format: magic, length, a Python literal; the whole a multiple of 64 bytes.
  std::string header(std::int64_t rows, MatrixPart part) const {
    const std::string shape = part == MatrixPart::kX ? fmt::format("({}, {})", rows, rows_.columns().features.size())
                                                     : fmt::format("({},)", rows);
    std::string text = fmt::format("{{'descr': '<f4', 'fortran_order': False, 'shape': {}, }}", shape);
    constexpr std::size_t kBefore = 10, kUnit = 64;
    text.append((kUnit - (kBefore + text.size() + 1) % kUnit) % kUnit, ' ');
    text += '\n';
    std::string head("\x93NUMPY\x01\x00", 8);
    head += static_cast<char>(text.size() & 0xff);
    head += static_cast<char>(text.size() >> 8);
    return head + text;
  }

  std::vector<WrittenFile> write_files(const std::vector<MatrixSide>& sides) override {
    std::vector<WrittenFile> written;
    comm_.agree([&] {
      for (const MatrixSide& side : sides) {
        for (const MatrixPart part : parts()) {
          const std::string path = path_of(side.name, part);
          write_file(side, part, path);
          written.push_back({path, side.rows.rows, 0, {}});
        }
      }
      if (comm_.is_root()) write_names();
    });
    return written;
  }

  void write_file(const MatrixSide& side, MatrixPart part, const std::string& path) const {
    const std::string head = header(side.rows.rows, part);
    Descriptor file = open_for_writing(publisher_.hidden(path), path);
    if (comm_.is_root()) write_at(file.get(), 0, head, path);
    for (const auto& [number, first] : side.rows.first_rows) {
      const std::int64_t offset = static_cast<std::int64_t>(head.size()) + first * rows_.row_bytes(part);
      rows_.copy_to(side, part, number, file.get(), offset, path);
    }
    close_checked(std::move(file), path);
  }

  void write_names() const {
    std::vector<std::string> names;
    for (const std::string& name : rows_.columns().names) names.push_back(json_quoted(name));
    const std::string path = names_path();
    Descriptor file = open_for_writing(publisher_.hidden(path), path);
    write_at(file.get(), 0, fmt::format("[{}]\n", fmt::join(names, ", ")), path);
    close_checked(std::move(file), path);
  }
};

// ---- HDF5 ----

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

/// X, y and feature_names at the top; with a split, train/X, train/y, test/X and test/y.
class Hdf5MatrixSink final : public MatrixSink {
 public:
  using MatrixSink::MatrixSink;

  void reserve(const SinkOptions& options) override {
    publisher_.reserve_output(spec_, options.scratch_dir);
    if (!publisher_.is_shared(spec_.path)) {
      fail_user("{}: HDF5 for S3 from several machines needs a scratch folder that they share (resources.scratch)",
                spec_.path);
    }
  }

 private:
  std::vector<WrittenFile> write_files(const std::vector<MatrixSide>& sides) override {
    const std::string hidden = publisher_.hidden(spec_.path);
    std::optional<SpaceReserve> space;  // on the first rank
    comm_.agree([&] {
      if (!comm_.is_root()) return;
      space.emplace(hidden, spec_.path);
      space->reserve(kMetadataBytes);
    });
    std::unique_ptr<Hdf5Matrix> file;
    comm_.agree([&] { file = std::make_unique<Hdf5Matrix>(comm_, hidden, spec_.path); });
    std::int64_t rows = 0;
    try {
      for (const MatrixSide& side : sides) {
        for (const MatrixPart part : parts()) write_dataset(*file, side, part, space);
        rows += side.rows.rows;
      }
      comm_.agree([&] { file->put_texts("feature_names", rows_.columns().names); });
      comm_.agree([&] { file->flush(); });
      comm_.agree([&] { file->close(); });
    } catch (const Error&) {
      file->abandon();
      if (space) space->empty();
      throw;
    }
    if (space) space->release();
    return {{spec_.path, rows, 0, {}}};
  }

  /// In a round every rank compresses the same number of whole chunks, wherever their rows came from (see hdf5_sink).
  void write_dataset(Hdf5Matrix& file, const MatrixSide& side, MatrixPart part, std::optional<SpaceReserve>& space) {
    const std::int64_t width = rows_.row_bytes(part), total = side.rows.rows;
    Hdf5Matrix::Shape shape;
    shape.name = fmt::format("{}{}{}", side.name, side.name.empty() ? "" : "/", part == MatrixPart::kX ? "X" : "y");
    shape.rows = total;
    shape.columns = part == MatrixPart::kX ? width / static_cast<std::int64_t>(sizeof(float)) : 0;
    shape.chunk_rows = std::clamp<std::int64_t>(kChunkBytes / width, 1, std::max<std::int64_t>(total, 1));
    shape.level = spec_.compression_level.value_or(kDefaultLevel);
    comm_.agree([&] { file.begin(shape); });
    MatrixCursor cursor(rows_, side, part);
    const std::int64_t share = std::max<std::int64_t>(kRoundBytes / (shape.chunk_rows * width), 1) * shape.chunk_rows;
    for (std::int64_t begin = 0; begin < total; begin += share * comm_.size()) {
      std::vector<std::string> outgoing(static_cast<std::size_t>(comm_.size()));
      comm_.agree([&] {
        if (space) space->reserve(std::min(share * comm_.size(), total - begin) * width + kMetadataBytes);
        pack_round(cursor, begin, share, outgoing);
      });
      const std::vector<std::string> incoming = comm_.all_to_all(outgoing);
      const std::int64_t first = std::min(begin + share * comm_.rank(), total);
      const std::int64_t count = std::min(share, total - first);
      std::string packed;
      comm_.agree([&] { packed = assemble(incoming, first, count, width); });
      comm_.agree([&] { file.write(first, count, packed.data()); });
    }
  }

  /// This rank's rows of the round for each rank: runs of first row, count, bytes.
  static void pack_round(MatrixCursor& cursor, std::int64_t begin, std::int64_t share,
                         std::vector<std::string>& outgoing) {
    for (std::size_t to = 0; to < outgoing.size(); ++to) {
      const std::int64_t end = begin + share * (static_cast<std::int64_t>(to) + 1);
      cursor.rows_below(end, [&](std::int64_t row, std::int64_t count, std::string_view bytes) {
        const std::int64_t head[2] = {row, count};
        outgoing[to].append(reinterpret_cast<const char*>(head), sizeof head);
        outgoing[to].append(bytes);
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

std::unique_ptr<Sink> make_matrix_sink(const OutputSpec& spec, const Fields& fields, const Comm& comm,
                                       Publisher& publisher, const SinkOptions& options) {
  std::unique_ptr<MatrixSink> sink;
  comm.agree([&] {
    if (spec.format == OutputFormat::kNpy) {
      sink = std::make_unique<NpySink>(spec, fields, comm, publisher, options);
    } else {
      sink = std::make_unique<Hdf5MatrixSink>(spec, fields, comm, publisher, options);
    }
  });
  sink->reserve(options);
  return sink;
}

}  // namespace evclean

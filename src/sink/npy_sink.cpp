// SPDX-License-Identifier: Apache-2.0
// Matrices as .npy. Rows stand at fixed places, so every rank writes its own where they belong.
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <optional>

#include "evclean/descriptor.hpp"
#include "evclean/json_quoted.hpp"
#include "matrix_sink.hpp"
#include "output_names.hpp"

namespace evclean {
namespace {

using Names = std::vector<std::string>;

/// Files of an output features.npy: features.npy and features.y.npy, or features.train.npy, features.train.y.npy and
/// the same for test; features.names.json. Several files of each are features-00000-of-00004.npy and so on.
class NpySink final : public MatrixSink {
 public:
  using MatrixSink::MatrixSink;

  void reserve(const SinkOptions& options) override {
    const RemotePlace place{spec_.s3.value_or(S3Settings{}), options.scratch_dir};
    comm_.agree([&] {
      if (comm_.is_root()) refuse_other_layout();
    });
    for (const std::string& side : sides(is_split())) {
      for (const MatrixPart part : parts()) {
        OutputSpec set = spec_;
        set.path = path_of(side, part);
        publisher_.reserve_output(set, options.scratch_dir);
      }
    }
    publisher_.reserve(names_path(), spec_.overwrite, place);
  }

 private:
  static Names sides(bool split) { return split ? Names{"train", "test"} : Names{""}; }

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
    Names others;
    for (const std::string& side : sides(!is_split())) {
      others.push_back(path_of(side, MatrixPart::kX));
      others.push_back(path_of(side, MatrixPart::kY));
    }
    if (rows_.columns().label < 0) {
      for (const std::string& side : sides(is_split())) others.push_back(path_of(side, MatrixPart::kY));
    }
    for (const std::string& other : others) {
      for (const std::string& file : files_of_set(other)) {
        fail_user(
            "{} is there from a run whose X and y had other files: move it away, or this output would be mixed "
            "with it",
            file);
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

  /// Rows of X that make a file full; y is cut where X is.
  std::int64_t rows_a_file() const {
    const std::int64_t width = rows_.row_bytes(MatrixPart::kX);
    return std::max<std::int64_t>((spec_.file_size_bytes + width - 1) / width, 1);
  }

  /// Where the files of a side begin, and where the last one ends.
  std::vector<std::int64_t> cuts(std::int64_t rows) const {
    std::vector<std::int64_t> begins;
    if (spec_.file_size_bytes > 0) {
      for (std::int64_t row = 0; row < rows || row == 0; row += rows_a_file()) begins.push_back(row);
    } else {
      for (std::int64_t i = 0; i < spec_.files; ++i) begins.push_back(share_begin(i, spec_.files, rows));
    }
    begins.push_back(rows);
    return begins;
  }

  Names names_of(const std::string& side, MatrixPart part, std::size_t files) const {
    const std::string path = path_of(side, part);
    if (spec_.files <= 1 && spec_.file_size_bytes == 0) return {path};
    Names names;
    for (std::size_t i = 0; i < files; ++i) {
      names.push_back(numbered_name(split_output_name(path), static_cast<int>(i), static_cast<int>(files)));
    }
    return names;
  }

  std::vector<WrittenFile> write_files(const std::vector<MatrixSide>& sides) override {
    std::vector<WrittenFile> written;
    for (const MatrixSide& side : sides) {
      const std::vector<std::int64_t> begins = cuts(side.rows.rows);
      for (const MatrixPart part : parts()) {
        const Names names = names_of(side.name, part, begins.size() - 1);
        if (spec_.file_size_bytes > 0) publisher_.add_files(names, spec_.overwrite);
        for (std::size_t i = 0; i < names.size(); ++i) {
          written.push_back({names[i], begins[i + 1] - begins[i], 0, {}});
        }
        comm_.agree([&] { write_set(side, part, names, begins); });
      }
    }
    comm_.agree([&] {
      if (comm_.is_root()) write_names();
    });
    return written;
  }

  /// This rank's rows, and the heads of its share of the files. Files and parts both go by rows.
  void write_set(const MatrixSide& side, MatrixPart part, const Names& names,
                 const std::vector<std::int64_t>& begins) const {
    const auto ranks = static_cast<std::size_t>(comm_.size());
    auto next = side.rows.first_rows.begin();
    const auto end_of = [&] { return next->second + rows_.part_rows(side, next->first); };
    for (std::size_t i = 0; i < names.size(); ++i) {
      const std::int64_t begin = begins[i], end = begins[i + 1];
      const std::string head = header(end - begin, part);
      std::optional<Descriptor> file;
      const auto open = [&] {
        if (!file) file.emplace(open_for_writing(publisher_.hidden(names[i]), names[i]));
        return file->get();
      };
      if (static_cast<int>(i % ranks) == comm_.rank()) write_at(open(), 0, head, names[i]);
      while (next != side.rows.first_rows.end() && next->second < end) {
        const std::int64_t from = std::max(next->second, begin), count = std::min(end_of(), end) - from;
        const std::int64_t offset = static_cast<std::int64_t>(head.size()) + (from - begin) * rows_.row_bytes(part);
        rows_.copy_to(side, part, next->first, from - next->second, count, open(), offset, names[i]);
        if (end_of() > end) break;  // its other rows are in the next file
        ++next;
      }
      if (file) close_checked(std::move(*file), names[i]);
    }
  }

  void write_names() const {
    Names names;
    for (const std::string& name : rows_.columns().names) names.push_back(json_quoted(name));
    const std::string path = names_path();
    Descriptor file = open_for_writing(publisher_.hidden(path), path);
    write_at(file.get(), 0, fmt::format("[{}]\n", fmt::join(names, ", ")), path);
    close_checked(std::move(file), path);
  }
};

}  // namespace

std::unique_ptr<MatrixSink> make_npy_sink(const OutputSpec& spec, const Fields& fields, const Comm& comm,
                                          Publisher& publisher, const SinkOptions& options) {
  return std::make_unique<NpySink>(spec, fields, comm, publisher, options);
}

}  // namespace evclean

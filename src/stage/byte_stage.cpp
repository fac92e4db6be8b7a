// SPDX-License-Identifier: Apache-2.0
// Pieces stay in memory until the limit; what comes later goes to scratch. Nothing is moved once it is placed.
#include <algorithm>
#include <map>

#include "evclean/descriptor.hpp"
#include "evclean/stage.hpp"
#include "scratch_file.hpp"

namespace evclean {
namespace {

struct Piece {
  std::string bytes;         ///< empty when the piece is in scratch
  std::int64_t offset = -1;  ///< in the scratch file, or -1
  std::int64_t size_bytes = 0;
};

struct StagedBytes {
  std::vector<Piece> pieces;
  std::int64_t size_bytes = 0;
};

}  // namespace

struct ByteStage::Impl {
  Impl(std::int64_t memory, std::string folder) : memory_bytes(memory), scratch(std::move(folder)) {}

  const StagedBytes& part(std::int64_t number) const {
    static const StagedBytes kNone;
    const auto found = parts.find(number);
    return found == parts.end() ? kNone : found->second;
  }

  /// Calls `take` with runs of a part's bytes [first, first + size), at most 4 MiB of scratch at a time.
  template <typename Take>
  void each_run(std::int64_t number, std::int64_t first, std::int64_t size_bytes, Take&& take) const {
    for (const Piece& piece : part(number).pieces) {
      const std::int64_t begin = std::clamp<std::int64_t>(first, 0, piece.size_bytes);
      const std::int64_t end = std::clamp<std::int64_t>(first + size_bytes, 0, piece.size_bytes);
      if (begin < end) each_run_of(piece, begin, end, take);
      first -= piece.size_bytes;
    }
  }

  template <typename Take>
  void each_run_of(const Piece& piece, std::int64_t begin, std::int64_t end, Take&& take) const {
    constexpr std::int64_t kRunBytes = 4 << 20;
    if (piece.offset < 0) {
      const auto size = static_cast<std::size_t>(end - begin);
      return take(std::string_view(piece.bytes).substr(static_cast<std::size_t>(begin), size));
    }
    std::string buffer;
    for (; begin < end; begin += kRunBytes) {
      buffer.resize(static_cast<std::size_t>(std::min(kRunBytes, end - begin)));
      scratch.read(piece.offset + begin, buffer.data(), static_cast<std::int64_t>(buffer.size()));
      take(std::string_view(buffer));
    }
  }

  std::int64_t memory_bytes;
  std::int64_t used_bytes = 0;
  ScratchFile scratch;
  std::map<std::int64_t, StagedBytes> parts;
};

ByteStage::ByteStage(std::int64_t memory_bytes, std::string scratch_dir)
    : impl_(std::make_unique<Impl>(memory_bytes, std::move(scratch_dir))) {}
ByteStage::~ByteStage() = default;

void ByteStage::append(std::int64_t part, std::string_view bytes) {
  StagedBytes& staged = impl_->parts[part];
  if (bytes.empty()) return;
  const auto size = static_cast<std::int64_t>(bytes.size());
  Piece piece{{}, -1, size};
  if (impl_->used_bytes + size > impl_->memory_bytes) {
    piece.offset = impl_->scratch.append(bytes);
  } else {
    piece.bytes.assign(bytes);
    impl_->used_bytes += size;
  }
  staged.pieces.push_back(std::move(piece));
  staged.size_bytes += size;
}

void ByteStage::drop(std::int64_t part) {
  for (const Piece& piece : impl_->part(part).pieces) {
    impl_->used_bytes -= static_cast<std::int64_t>(piece.bytes.size());
  }
  impl_->parts.erase(part);
}

std::vector<std::int64_t> ByteStage::parts() const {
  std::vector<std::int64_t> numbers;
  for (const auto& [number, staged] : impl_->parts) numbers.push_back(number);
  return numbers;
}

std::int64_t ByteStage::size(std::int64_t part) const { return impl_->part(part).size_bytes; }

void ByteStage::copy_to(std::int64_t part, int file_descriptor, std::int64_t offset, const std::string& path) const {
  copy_range(part, 0, size(part), file_descriptor, offset, path);
}

void ByteStage::copy_range(std::int64_t part, std::int64_t first, std::int64_t size_bytes, int file_descriptor,
                           std::int64_t offset, const std::string& path) const {
  impl_->each_run(part, first, size_bytes, [&](std::string_view run) {
    write_at(file_descriptor, offset, run, path);
    offset += static_cast<std::int64_t>(run.size());
  });
}

std::string ByteStage::read(std::int64_t part) const {
  std::string all;
  all.reserve(static_cast<std::size_t>(size(part)));
  impl_->each_run(part, 0, size(part), [&](std::string_view run) { all.append(run); });
  return all;
}

}  // namespace evclean

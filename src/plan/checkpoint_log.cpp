// SPDX-License-Identifier: Apache-2.0
#include "checkpoint_log.hpp"

#include <arrow/buffer.h>
#include <fcntl.h>

#include <cerrno>
#include <cstring>
#include <optional>

#include "evclean/error.hpp"
#include "evclean/hash.hpp"
#include "wire.hpp"

namespace evclean {
namespace {

constexpr std::uint64_t kMagic = 0x32746e696f706b63ULL;  // "ckpoint2"
enum FrameKind : std::uint32_t { kBegin = 1, kBatch = 2, kEnd = 3 };
constexpr std::int64_t kHeaderBytes = 8 + 4 + 8 + 8;
/// What a node that is lost may take with it.
constexpr std::int64_t kSyncEveryBytes = 64 << 20;

std::string header_of(std::uint32_t kind, std::string_view payload) {
  Packer out;
  return out.put(kMagic).put(kind).put(static_cast<std::int64_t>(payload.size())).put(hash_bytes(payload)).take();
}

bool read_at(int file, std::int64_t offset, char* into, std::int64_t size_bytes) {
  while (size_bytes > 0) {
    const ssize_t got = pread(file, into, static_cast<std::size_t>(size_bytes), offset);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    into += got;
    offset += got;
    size_bytes -= got;
  }
  return true;
}

}  // namespace

void CheckpointWriter::append(std::uint32_t kind, std::string_view payload) {
  if (!failure_.empty()) return;
  try {
    if (!file_) {
      file_ = Descriptor(open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
      if (!file_) fail_write(path_, errno);
    }
    write_at(file_.get(), size_bytes_, header_of(kind, payload), path_);
    write_at(file_.get(), size_bytes_ + kHeaderBytes, payload, path_);
    size_bytes_ += kHeaderBytes + static_cast<std::int64_t>(payload.size());
  } catch (const Error& error) {
    failure_ = error.what();
  }
}

void CheckpointWriter::begin(std::uint64_t key) { append(kBegin, Packer().put(key).bytes()); }
void CheckpointWriter::put_batch(std::string_view message) { append(kBatch, message); }

void CheckpointWriter::end(std::string_view record, std::string_view rejects) {
  append(kEnd, Packer().text(record).text(rejects).bytes());
  if (!file_ || size_bytes_ - synced_bytes_ < kSyncEveryBytes) return;
  start_writeback(file_.get(), synced_bytes_, size_bytes_ - synced_bytes_);
  synced_bytes_ = size_bytes_;
}

CheckpointReader::CheckpointReader(std::string path) : file_(open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
  if (!file_) return;
  size_bytes_ = lseek(file_.get(), 0, SEEK_END);
  std::optional<std::pair<std::uint64_t, std::int64_t>> begun;
  Frame frame;
  for (std::int64_t at = 0; next(at, frame);) {
    if (frame.kind == kBegin) {
      std::string key;
      if (!payload(at - frame.size_bytes, frame, key) || key.size() != sizeof(std::uint64_t)) return;
      begun = {Unpacker(key).get<std::uint64_t>(), at};
    } else if (frame.kind == kEnd && begun) {
      readings_[begun->first] = begun->second;
      begun.reset();
    }
  }
}

/// Reads the header at `at`; moves `at` behind its payload.
bool CheckpointReader::next(std::int64_t& at, Frame& frame) const {
  std::string header(kHeaderBytes, '\0');
  if (at + kHeaderBytes > size_bytes_ || !read_at(file_.get(), at, header.data(), kHeaderBytes)) return false;
  Unpacker in(header);
  if (in.get<std::uint64_t>() != kMagic) return false;
  frame.kind = in.get<std::uint32_t>();
  frame.size_bytes = in.get<std::int64_t>();
  frame.hash = in.get<std::uint64_t>();
  at += kHeaderBytes;
  if (frame.size_bytes < 0 || frame.size_bytes > size_bytes_ - at) return false;
  at += frame.size_bytes;
  return true;
}

bool CheckpointReader::payload(std::int64_t at, const Frame& frame, std::string& into) const {
  into.resize(static_cast<std::size_t>(frame.size_bytes));
  return read_at(file_.get(), at, into.data(), frame.size_bytes) && hash_bytes(into) == frame.hash;
}

bool CheckpointReader::read(std::uint64_t key, const std::function<void(std::shared_ptr<arrow::Buffer>)>& take_batch,
                            std::string& record, std::string& rejects) const {
  Frame frame;
  for (std::int64_t at = readings_.at(key); next(at, frame);) {
    std::string bytes;
    if (!payload(at - frame.size_bytes, frame, bytes)) return false;
    if (frame.kind == kBatch) {
      take_batch(arrow::Buffer::FromString(std::move(bytes)));
      continue;
    }
    if (frame.kind != kEnd) return false;
    Unpacker in(bytes);
    record = in.text();
    rejects = in.text();
    return true;
  }
  return false;
}

}  // namespace evclean

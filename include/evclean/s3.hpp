// SPDX-License-Identifier: Apache-2.0
// S3 itself: requests that are signed, sent again when that helps, and sent to the bucket's own region. One client a
// process and settings; all calls may come from any thread, and none is collective.
//
// Errors: system Error that says bucket, key, region and which identity was used, never a secret. A bucket that is not
// there is a user Error.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "evclean/s3_settings.hpp"

namespace evclean {

struct S3Url {
  std::string bucket;
  std::string key;  ///< may be empty (the bucket), or end in / (a folder)

  /// Takes "s3://bucket/key" apart. Errors: user Error.
  static S3Url parse(std::string_view path);
  std::string text() const { return "s3://" + bucket + "/" + key; }
};

struct S3Object {
  std::string key;
  std::int64_t size_bytes = 0;
  std::int64_t modified_s = 0;  ///< seconds since 1970
  std::string etag;             ///< with its quotes
};

/// What is below a prefix: objects, and with `one level` the folders (ending in /) instead of what is in them.
struct S3Listing {
  std::vector<S3Object> objects;
  std::vector<std::string> folders;
};

/// Bytes of an object, or why they are not the listed object's any more.
struct S3Piece {
  std::string bytes;
  std::string trouble;  ///< the object changed or vanished; empty: all is well
};

/// A range of an object on its way. Its bytes can be had as they arrive, by one reader.
class S3Range {
 public:
  virtual ~S3Range() = default;
  /// Copies `size` bytes of the range from its byte `from` on, fewer at its end; waits for them. None when the object
  /// is not the listed one any more: trouble() says why. Errors: those of the request.
  virtual std::size_t read(std::size_t from, char* out, std::size_t size) = 0;
  virtual std::string trouble() = 0;
};

/// How requests fared, for the report.
struct S3Counts {
  std::int64_t requests = 0;
  std::int64_t sent_again = 0;
};

class S3Client {
 public:
  /// The client of these settings; the same one for the same settings.
  static std::shared_ptr<S3Client> of(const S3Settings& settings);
  explicit S3Client(const S3Settings& settings);
  ~S3Client();

  std::optional<S3Object> look_at(const S3Url& url);
  /// Objects whose key begins with url.key, page by page, in order of their bytes. Nothing when the bucket is missing
  /// and `bucket_missing` is given (it is set).
  S3Listing list(const S3Url& url, bool one_level, bool* bucket_missing = nullptr);
  /// One object whose key begins with url.key. Nothing when there is none.
  std::optional<S3Object> first_below(const S3Url& url);
  /// Reads a range of an object that has this ETag (empty: any). Runs beside the caller.
  /// Not begun once `unwanted` is true.
  std::future<S3Piece> read(const S3Url& url, const std::string& etag, std::int64_t offset, std::int64_t size_bytes,
                            std::shared_ptr<const std::atomic<bool>> unwanted = nullptr);
  /// The same, to be read while it comes.
  std::shared_ptr<S3Range> open_range(const S3Url& url, const std::string& etag, std::int64_t offset,
                                      std::int64_t size_bytes,
                                      std::shared_ptr<const std::atomic<bool>> unwanted = nullptr);
  /// Requests of this process that are under way at a time.
  static int connections();

  /// Writes a whole object. `only_new`: fails (user Error) when there is one.
  void put(const S3Url& url, std::string_view bytes, bool only_new);
  void remove(const S3Url& url);

  /// A multipart upload: begin, send parts (numbers from 1; beside the caller; gives the part's ETag), then complete or
  /// abort. Nothing is visible before complete.
  std::string begin_upload(const S3Url& url);
  std::future<std::string> send_part(const S3Url& url, const std::string& upload, int number, std::string bytes);
  void complete_upload(const S3Url& url, const std::string& upload, const std::vector<std::string>& etags,
                       bool only_new);
  /// Aborts, until the upload is not there any more; one that is gone already is fine.
  void abort_upload(const S3Url& url, const std::string& upload);
  /// Begins an upload and aborts it, to see that the object can be written.
  void try_upload(const S3Url& url);

  /// Whether the object can be written, and what stops it. Empty: it can.
  std::string write_problem(const S3Url& url);
  /// The same for a read of one byte (of `key`) and for a listing.
  std::string read_problem(const S3Url& url);
  std::string list_problem(const S3Url& url);

  /// Region of a bucket as known or found now.
  std::string region_of(const std::string& bucket);
  /// "arn:aws:iam::1:user/x (profile 'x', access key ...1234)"; asks STS for the name where it can.
  std::string identity();

  /// Runs work that waits for S3 beside the caller, on a thread for connections. Gives true.
  static std::future<bool> beside(std::function<void()> work);

  /// Gives up all requests under way and waits for their threads; there are no more requests after it. For main(),
  /// before it returns: then statics go, and threads that still run would use them.
  static void end_all();

  /// Counts of all clients of this process.
  static S3Counts counts();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace evclean

// SPDX-License-Identifier: Apache-2.0
#include "standard_streams.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <initializer_list>

#include "evclean/suggest.hpp"

namespace evclean::cli {
namespace {

bool stdout_failed = false;

/// Calls write(2) until all is written. False: errno says why not.
bool write_all(int descriptor, const char* bytes, size_t size) {
  while (size > 0) {
    const ssize_t done = write(descriptor, bytes, size);
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) return false;
    bytes += done;
    size -= static_cast<size_t>(done);
  }
  return true;
}

/// A stream's writer: always content, since fmt::print throws when a stream is not.
ssize_t write_talk(void*, const char* bytes, size_t size) {
  write_all(STDERR_FILENO, bytes, size);
  return static_cast<ssize_t>(size);
}

ssize_t write_answer(void*, const char* bytes, size_t size) {
  if (!write_all(STDOUT_FILENO, bytes, size) && errno != EPIPE) stdout_failed = true;
  return static_cast<ssize_t>(size);
}

/// The stream itself when there is no memory for another.
FILE* content_stream(FILE* stream, cookie_write_function_t* write, int buffering) {
  FILE* content = fopencookie(nullptr, "w", cookie_io_functions_t{nullptr, write, nullptr, nullptr});
  if (content == nullptr) return stream;
  setvbuf(content, nullptr, buffering, BUFSIZ);
  return content;
}

}  // namespace

void secure_standard_streams() {
  for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    // The lowest free descriptor is taken: this one.
    if (fcntl(descriptor, F_GETFD) < 0 && open("/dev/null", O_RDWR) < 0) return;
  }
  stderr = content_stream(stderr, write_talk, _IONBF);
  stdout = content_stream(stdout, write_answer, _IOFBF);
}

void speak(std::FILE* stream, std::string_view text) { std::fputs(terminal_text(text).c_str(), stream); }

bool flush_stdout() {
  std::fflush(stdout);
  return !stdout_failed;
}

}  // namespace evclean::cli

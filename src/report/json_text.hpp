// SPDX-License-Identifier: Apache-2.0
// A small JSON writer for reports: objects and arrays in the order written. Private to this room.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace evclean {

class JsonText {
 public:
  JsonText& begin_object() { return open('{', '}'); }
  JsonText& begin_array() { return open('[', ']'); }
  JsonText& end();
  JsonText& key(std::string_view name);
  JsonText& value(std::string_view text);
  JsonText& value(const char* text) { return value(std::string_view(text)); }
  JsonText& value(std::int64_t number);
  JsonText& value(double number);
  JsonText& value(bool flag);
  template <typename T>
  JsonText& field(std::string_view name, const T& item) {
    return key(name).value(item);
  }
  std::string take() { return std::move(out_); }

 private:
  JsonText& open(char begin, char close);
  void separate();

  std::string out_;
  std::vector<char> open_;
  bool fresh_ = true;  ///< nothing stands before in this object or array, or a key does
};

}  // namespace evclean

// SPDX-License-Identifier: Apache-2.0
#include "thrift_compact.hpp"

#include "evclean/error.hpp"

namespace evclean {
namespace {

using Type = ThriftValue::Type;

class Parser {
 public:
  explicit Parser(std::string_view bytes) : rest_(bytes) {}

  ThriftValue value(Type type) {
    ThriftValue out;
    out.type = type;
    switch (type) {
      case Type::kTrue:
      case Type::kFalse:
        break;
      case Type::kByte:
        out.number = static_cast<std::int8_t>(byte());
        break;
      case Type::kI16:
      case Type::kI32:
      case Type::kI64:
        out.number = zigzag(varint());
        break;
      case Type::kDouble:
        out.bytes = take(8);
        break;
      case Type::kBinary:
        out.bytes = take(varint());
        break;
      case Type::kList:
      case Type::kSet:
        list(out);
        break;
      case Type::kMap:
        map(out);
        break;
      case Type::kStruct:
        fields(out);
        break;
    }
    return out;
  }

 private:
  std::uint8_t byte() { return static_cast<std::uint8_t>(take(1)[0]); }

  std::string take(std::uint64_t size) {
    EVCLEAN_CHECK(size <= rest_.size(), "Thrift text ends early");
    std::string bytes(rest_.substr(0, size));
    rest_.remove_prefix(size);
    return bytes;
  }

  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const std::uint8_t b = byte();
      value |= static_cast<std::uint64_t>(b & 0x7f) << shift;
      if ((b & 0x80) == 0) break;
    }
    return value;
  }

  static std::int64_t zigzag(std::uint64_t n) {
    return static_cast<std::int64_t>(n >> 1) ^ -static_cast<std::int64_t>(n & 1);
  }

  static Type type_of(std::uint8_t code) {
    EVCLEAN_CHECK(code >= Type::kTrue && code <= Type::kStruct, "Thrift type {} is unknown", code);
    return static_cast<Type>(code);
  }

  /// In lists a boolean is a byte of its own.
  ThriftValue element(Type type) {
    if (type != Type::kTrue && type != Type::kFalse) return value(type);
    return value(byte() == Type::kTrue ? Type::kTrue : Type::kFalse);
  }

  void list(ThriftValue& out) {
    const std::uint8_t head = byte();
    const std::uint64_t size = (head >> 4) == 15 ? varint() : head >> 4;
    out.element = type_of(head & 15);
    for (std::uint64_t i = 0; i < size; ++i) out.elements.push_back(element(out.element));
  }

  void map(ThriftValue& out) {
    const std::uint64_t size = varint();
    if (size == 0) return;
    const std::uint8_t types = byte();
    out.element = type_of(types >> 4);
    out.mapped = type_of(types & 15);
    for (std::uint64_t i = 0; i < size; ++i) {
      out.elements.push_back(element(out.element));
      out.elements.push_back(element(out.mapped));
    }
  }

  void fields(ThriftValue& out) {
    std::int16_t id = 0;
    for (std::uint8_t head = byte(); head != 0; head = byte()) {
      id = (head >> 4) != 0 ? static_cast<std::int16_t>(id + (head >> 4)) : static_cast<std::int16_t>(zigzag(varint()));
      out.fields.push_back({id, value(type_of(head & 15))});
    }
  }

  std::string_view rest_;
};

class Writer {
 public:
  std::string take() { return std::move(out_); }

  void value(const ThriftValue& in) {
    switch (in.type) {
      case Type::kTrue:
      case Type::kFalse:
        break;
      case Type::kByte:
        out_ += static_cast<char>(in.number);
        break;
      case Type::kI16:
      case Type::kI32:
      case Type::kI64:
        varint(zigzag(in.number));
        break;
      case Type::kDouble:
        out_ += in.bytes;
        break;
      case Type::kBinary:
        varint(in.bytes.size());
        out_ += in.bytes;
        break;
      case Type::kList:
      case Type::kSet:
        list(in);
        break;
      case Type::kMap:
        map(in);
        break;
      case Type::kStruct:
        fields(in);
        break;
    }
  }

 private:
  void byte(unsigned value) { out_ += static_cast<char>(value); }

  void varint(std::uint64_t value) { append_varint(out_, value); }

  void element(const ThriftValue& in) {
    if (in.type == Type::kTrue || in.type == Type::kFalse) return byte(in.type);
    value(in);
  }

  void list(const ThriftValue& in) {
    const std::size_t size = in.elements.size();
    byte(static_cast<unsigned>((size < 15 ? size : 15) << 4) | in.element);
    if (size >= 15) varint(size);
    for (const ThriftValue& one : in.elements) element(one);
  }

  void map(const ThriftValue& in) {
    varint(in.elements.size() / 2);
    if (in.elements.empty()) return;
    byte(static_cast<unsigned>(in.element << 4) | in.mapped);
    for (const ThriftValue& one : in.elements) element(one);
  }

  void fields(const ThriftValue& in) {
    std::int16_t before = 0;
    for (const ThriftField& field : in.fields) {
      const int step = field.id - before;
      if (step > 0 && step < 16) {
        byte(static_cast<unsigned>(step << 4) | field.value.type);
      } else {
        byte(field.value.type);
        varint(zigzag(field.id));
      }
      value(field.value);
      before = field.id;
    }
    byte(0);
  }

  std::string out_;
};

}  // namespace

void append_varint(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>((value & 0x7f) | 0x80);
  out += static_cast<char>(value);
}

std::uint64_t zigzag(std::int64_t value) noexcept {
  return (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
}

ThriftValue thrift_i32(std::int64_t value) {
  ThriftValue out;
  out.type = Type::kI32;
  out.number = value;
  return out;
}

ThriftValue thrift_i64(std::int64_t value) {
  ThriftValue out = thrift_i32(value);
  out.type = Type::kI64;
  return out;
}

ThriftValue thrift_binary(std::string bytes) {
  ThriftValue out;
  out.type = Type::kBinary;
  out.bytes = std::move(bytes);
  return out;
}

ThriftValue thrift_list(Type element, std::vector<ThriftValue> elements) {
  ThriftValue out;
  out.type = Type::kList;
  out.element = element;
  out.elements = std::move(elements);
  return out;
}

ThriftValue* ThriftValue::find(std::int16_t id) {
  for (ThriftField& field : fields) {
    if (field.id == id) return &field.value;
  }
  return nullptr;
}

void ThriftValue::set_number(std::int16_t id, std::int64_t value) {
  if (ThriftValue* field = find(id)) field->number = value;
}

ThriftValue parse_thrift(std::string_view bytes) { return Parser(bytes).value(Type::kStruct); }

std::string write_thrift(const ThriftValue& value) {
  Writer writer;
  writer.value(value);
  return writer.take();
}

}  // namespace evclean

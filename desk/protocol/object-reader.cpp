#include "desk/protocol/object-reader.h"

#include <algorithm>
#include <utility>

namespace smime::desk {
namespace {

bool fits(char c, Text kind) {
  bool control = static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
  switch (kind) {
  case Text::line: return !control;
  case Text::lines: return !control || c == '\n' || c == '\r' || c == '\t';
  case Text::word:
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("-_.:+").find(c) != std::string_view::npos;
  case Text::secret: return c != '\0';
  }
  return false;
}

} // namespace

bool is_text(std::string_view text, Text kind) {
  return std::all_of(text.begin(), text.end(), [kind](char c) { return fits(c, kind); });
}

ObjectReader::ObjectReader(const nlohmann::json &object, std::string where)
    : object_(object), where_(std::move(where)) {
  if (!object.is_object())
    refuse("it is no object");
}

void ObjectReader::refuse(const std::string &problem) {
  if (error_.empty())
    error_ = where_ + ": " + problem;
}

void ObjectReader::take_error(const std::string &error) {
  if (error_.empty())
    error_ = error;
}

const nlohmann::json *ObjectReader::find(const char *name) {
  known_.emplace_back(name);
  if (!object_.is_object())
    return nullptr;
  auto found = object_.find(name);
  return found == object_.end() ? nullptr : &*found;
}

std::string ObjectReader::text(const char *name, std::size_t most, Text kind) {
  const nlohmann::json *value = find(name);
  if (value == nullptr)
    return {};
  if (!value->is_string()) {
    refuse(std::string(name) + " is no text");
    return {};
  }
  const auto &text = value->get_ref<const std::string &>();
  if (text.size() > most)
    refuse(std::string(name) + " has more than " + std::to_string(most) + " bytes");
  else if (!is_text(text, kind))
    refuse(std::string(name) + " has characters that may not stand in it");
  else
    return text;
  return {};
}

std::string ObjectReader::needed_text(const char *name, std::size_t most, Text kind) {
  std::string value = text(name, most, kind);
  if (value.empty())
    refuse(std::string(name) + " is missing");
  return value;
}

std::uint64_t ObjectReader::number(const char *name, std::uint64_t least, std::uint64_t most,
                                   std::uint64_t absent) {
  const nlohmann::json *value = find(name);
  if (value == nullptr)
    return absent;
  if (!value->is_number_unsigned()) {
    refuse(std::string(name) + " is no whole number");
    return absent;
  }
  auto number = value->get<std::uint64_t>();
  if (number >= least && number <= most)
    return number;
  refuse(std::string(name) + " is not from " + std::to_string(least) + " to " +
         std::to_string(most));
  return absent;
}

bool ObjectReader::flag(const char *name) {
  const nlohmann::json *value = find(name);
  if (value == nullptr)
    return false;
  if (value->is_boolean())
    return value->get<bool>();
  refuse(std::string(name) + " is neither true nor false");
  return false;
}

const nlohmann::json *ObjectReader::object(const char *name) {
  const nlohmann::json *value = find(name);
  if (value == nullptr || value->is_object())
    return value;
  refuse(std::string(name) + " is no object");
  return nullptr;
}

const nlohmann::json *ObjectReader::array(const char *name, std::size_t most) {
  const nlohmann::json *value = find(name);
  if (value == nullptr)
    return nullptr;
  if (!value->is_array())
    refuse(std::string(name) + " is no array");
  else if (value->size() > most)
    refuse(std::string(name) + " has more than " + std::to_string(most) + " elements");
  else
    return value;
  return nullptr;
}

std::string ObjectReader::finish() {
  if (!object_.is_object())
    return error_;
  for (const auto &[name, value] : object_.items()) {
    if (std::find(known_.begin(), known_.end(), name) == known_.end())
      refuse("it has a member that is not known");
  }
  return error_;
}

} // namespace smime::desk

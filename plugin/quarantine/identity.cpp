#include "plugin/quarantine/identity.h"

#include <algorithm>

namespace smime {
namespace {

// The size of the field at the beginning, with its folded lines; zero if it has another
// name or does not end here.
std::size_t field_size(std::string_view text, std::string_view name) {
  if (!text.starts_with(name))
    return 0;
  std::size_t end = 0;
  do {
    auto newline = text.find('\n', end);
    if (newline == std::string_view::npos)
      return 0;
    end = newline + 1;
  } while (end < text.size() && (text[end] == ' ' || text[end] == '\t'));
  return end;
}

// Dovecot writes the session on a line of its own: "\tid SESSION".
bool names_session(std::string_view received, std::string_view session) {
  constexpr std::string_view mark = "\n\tid ";
  auto at = received.find(mark);
  if (at == std::string_view::npos)
    return false;
  std::string_view id = received.substr(at + mark.size());
  id = id.substr(0, id.find_first_of("\r\n \t"));
  return !id.empty() && session.starts_with(id) &&
         (session.size() == id.size() || session[id.size()] == ':');
}

} // namespace

std::size_t trace_size(std::string_view message, std::string_view session) {
  std::string_view text = message.substr(0, max_trace_size);
  if (session.empty())
    return 0;
  std::size_t size = field_size(text, "Return-Path: ");
  size += field_size(text.substr(size), "Delivered-To: ");
  while (std::size_t received = field_size(text.substr(size), "Received: ")) {
    if (!names_session(text.substr(size, received), session))
      break;
    size += received;
  }
  return size;
}

} // namespace smime

#include "desk/worker/doveadm-answer.h"

#include <array>
#include <charconv>
#include <utility>

namespace smime::desk {
namespace {

// What goes wrong is told in so many bytes at most, escaped.
constexpr std::size_t max_line = 256UL * 1024;
constexpr char escape = '\001';

// strescape.h of Dovecot's: what is a byte behind the escape.
constexpr std::array<std::pair<char, char>, 5> escaped{
    {{'\0', '0'}, {escape, '1'}, {'\t', 't'}, {'\r', 'r'}, {'\n', 'n'}}};

void append_escaped(std::string &line, std::string_view text) {
  for (char byte : text) {
    char letter = '\0';
    for (const auto &[special, known] : escaped) {
      if (byte == special)
        letter = known;
    }
    if (letter != '\0')
      line += escape;
    line += letter != '\0' ? letter : byte;
  }
}

char unescaped(char letter) {
  for (const auto &[special, known] : escaped) {
    if (letter == known)
      return special;
  }
  return letter;
}

std::string unescaped_text(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); i++)
    result += text[i] == escape && i + 1 < text.size() ? unescaped(text[++i]) : text[i];
  return result;
}

} // namespace

std::string doveadm_line(const Command &command) {
  // Flags, of which there are none, and whose mailboxes the command is about.
  std::string line = "\t";
  append_escaped(line, command.user);
  auto add = [&line](std::string_view word) {
    line += '\t';
    append_escaped(line, word);
  };
  add(command.name);
  add(command.bytes ? "--answer=bytes" : "--answer=json");
  for (const std::string &word : command.words)
    add(word);
  return line + "\n";
}

bool DoveadmAnswer::fail(const char *why) {
  result_.error = why;
  return false;
}

// What is printed has no tab but that which ends a value, and ends with its line.
std::size_t DoveadmAnswer::take_output(std::string_view bytes, std::string &output) {
  std::size_t taken = 0;
  while (taken < bytes.size()) {
    char byte = bytes[taken++];
    if (byte == '\n') {
      state_ = State::status;
      break;
    }
    if (std::exchange(is_escaped_, false))
      output += unescaped(byte);
    else if (byte == escape)
      is_escaped_ = true;
    else if (byte != '\t')
      output += byte;
  }
  return taken;
}

bool DoveadmAnswer::take(std::string_view bytes, std::string &output) {
  while (!bytes.empty()) {
    if (state_ == State::whole)
      return fail("doveadm says more than was asked for");
    if (state_ == State::output) {
      bytes.remove_prefix(take_output(bytes, output));
      continue;
    }
    std::size_t end = bytes.find('\n');
    line_ += bytes.substr(0, end);
    if (line_.size() > max_line)
      return fail("doveadm's answer has no end");
    if (end == std::string_view::npos)
      return true;
    bytes.remove_prefix(end + 1);
    if (!take_line())
      return false;
    line_.clear();
  }
  return true;
}

bool DoveadmAnswer::take_line() {
  switch (state_) {
  case State::greeting:
    state_ = State::output;
    return line_ == "+" ? true
                        : fail("doveadm wants a password on the socket smime-desk-doveadm: its "
                               "mode is to be 0600 (conf.d/92-smime-desk.conf)");
  case State::status: {
    const char *end = line_.data() + line_.size();
    auto [behind, problem] = std::from_chars(line_.data(), end, result_.status);
    if (problem != std::errc() || behind == end || *behind != '\t') {
      result_.status = -1;
      return fail("doveadm does not do this for the desk: doveadm_allowed_commands leaves it out, "
                  "or mail_plugins has no smime (dovecot's log says which)");
    }
    result_.errors = unescaped_text({behind + 1, end});
    state_ = State::empty;
    return true;
  }
  case State::empty: state_ = State::ending; return true;
  default: state_ = State::whole; return true;
  }
}

} // namespace smime::desk

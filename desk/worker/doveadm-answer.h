// Dovecot's protocol between doveadm and a doveadm server, as far as the worker needs it: a command
// in a line, and what comes back of a command with --answer (plugin/doveadm/program-answer.h). No
// Dovecot header.
#ifndef SMIME_DESK_DOVEADM_ANSWER_H
#define SMIME_DESK_DOVEADM_ANSWER_H

#include "desk/worker/commands.h"
#include "plugin/operator/subprocess.h"

#include <cstddef>
#include <string>
#include <string_view>

namespace smime::desk {

// Version 1.0 has no channels beside each other.
inline constexpr std::string_view doveadm_greeting = "VERSION\tdoveadm-server\t1\t0\n";

// A command as a line of that protocol: its name, the user and the values of options are one field
// each, whatever is in them.
std::string doveadm_line(const Command &command);

// Reads what comes over a connection, in pieces of any size.
class DoveadmAnswer {
public:
  // After greeting the server answers once before all else.
  void expect_greeting() { state_ = State::greeting; }

  // Takes bytes; what the command printed is added to output. False if no answer of this kind can
  // come any more: result().error says why.
  bool take(std::string_view bytes, std::string &output);
  // Whether the answer is whole, and the connection can be used again.
  bool is_whole() const { return state_ == State::whole; }

  // Whether the command told how it ended; a server that ends with it says no more.
  bool has_status() const { return state_ >= State::empty; }

  // With has_status(), without the output.
  const ProgramResult &result() const { return result_; }

private:
  enum class State { greeting, output, status, empty, ending, whole };

  bool take_line();
  bool fail(const char *why);
  std::size_t take_output(std::string_view bytes, std::string &output);

  State state_ = State::output;
  bool is_escaped_ = false;
  std::string line_;
  ProgramResult result_;
};

} // namespace smime::desk

#endif

// Runs a program of ours or of Dovecot's and takes what it prints. No shell.
#ifndef SMIME_SUBPROCESS_H
#define SMIME_SUBPROCESS_H

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace smime {

struct ProgramResult {
  // The exit status; -1 if the program did not start, was killed or was ended
  // here. error tells why then.
  int status = -1;
  std::string output;
  std::string errors;
  std::string error;
};

// arguments[0] is the program's path. input goes to its standard input. Ends it
// after the seconds, or when it prints more than max_program_output.
ProgramResult run_program(const std::vector<std::string> &arguments, std::string_view input,
                          unsigned seconds);

// Our environment without what makes a program of Dovecot's believe that it is a service: the
// doveadm server and our services start such programs.
std::vector<char *> environment_of_no_service();

// The same with input of any size, piece by piece: next gives the next one, which is valid until it
// is called again, and an empty one at the end.
using NextPiece = std::function<std::string_view()>;
ProgramResult run_program_on(const std::vector<std::string> &arguments, const NextPiece &next,
                             unsigned seconds);

inline constexpr std::size_t max_program_output = 64UL * 1024 * 1024;

} // namespace smime

#endif

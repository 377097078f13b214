// Answers for a program that asks over doveadm's own protocol, as the desk's worker does. That
// protocol has values without their columns' names, few of the exit codes and no text of what went
// wrong; with --answer=json or --answer=bytes a command says all of it in two lines, which
// desk/worker/doveadm-answer.h reads:
//   what it prints, as JSON (or a message's bytes), tab-escaped
//   exit code TAB "Error: text" of each line that was logged, tab-escaped
#ifndef SMIME_DOVEADM_PROGRAM_ANSWER_H
#define SMIME_DOVEADM_PROGRAM_ANSWER_H

#include "plugin/doveadm/compat.h"

namespace smime {

// Makes a command known to doveadm, with the option --answer, which is not in its usage: people
// have -f. The command stays where it is.
void register_command(const doveadm_cmd_ver2 &command);

// Whether a program asks, and it is to have no standard input.
bool answers_program();
// Whether the command that runs now is to send a message's bytes, by doveadm_print_stream().
bool sends_bytes();

} // namespace smime

#endif

// What differs between Dovecot 2.3 and 2.4 in doveadm, with one name for both: 2.3 gives a mail
// command getopt letters and arguments, 2.4 parameters with names; programs are started and
// times parsed in other ways, too. The commands are written as for 2.3.
#ifndef SMIME_DOVEADM_COMPAT_H
#define SMIME_DOVEADM_COMPAT_H

#include "plugin/dovecot/compat.h"

#include <getopt.h>

extern "C" {
#include "doveadm-mail.h"
#include "doveadm-print.h"
#include "doveadm.h"
#include "program-client.h"
}

namespace smime {

// Takes option c, whose argument is in optarg; false if it is none of ours.
using OptionFunction = bool (*)(doveadm_mail_cmd_context *context, int c);
// args: what is not an option, null-terminated.
using InitFunction = void (*)(doveadm_mail_cmd_context *context, const char *const args[]);

// letters as for getopt. The last call counts, of either.
void set_options(doveadm_mail_cmd_context *context, const char *letters, OptionFunction take);
void set_init(doveadm_mail_cmd_context *context, InitFunction init);

// Valid from the command's init on.
const char *const *arguments_of(doveadm_mail_cmd_context *context);

// A program to run, as root or not. Freed with program_client_destroy().
program_client *create_program(event *parent, const char *path, const char *const *arguments);

// "30d", "12 weeks"; returns -1 with error_r set if it is no time.
int parse_interval(const char *text, unsigned *seconds_r, const char **error_r);

} // namespace smime

#endif

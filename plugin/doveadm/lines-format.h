// A format of doveadm's for people: the rows of "quarantine list" as lines (see
// quarantine/summary.h), wherever the rows come from.
#ifndef SMIME_DOVEADM_LINES_FORMAT_H
#define SMIME_DOVEADM_LINES_FORMAT_H

namespace smime {

// To be called where a command is allocated, instead of doveadm_print_init(). Does nothing
// where a format is chosen already: by -f, or in the doveadm server.
void init_lines_format();

// To be called by the command's deinit: doveadm ends a format after it unloaded this module.
void end_lines_format();

} // namespace smime

#endif

// How doveconf is asked. No Dovecot header.
#ifndef SMIME_DOVECONF_H
#define SMIME_DOVECONF_H

#include <string>
#include <vector>

namespace smime {

// The file to which the link in base_dir leads, which Dovecot leaves there: doveconf looks for
// what a file includes beside the name that it is given. The path itself if it cannot be told.
std::string file_behind(const std::string &path);

// The command line for settings (options may be among names) under a filter such as
// "protocol=lmtp"; empty for none.
std::vector<std::string> doveconf_command(const std::string &program, const std::string &config,
                                          const std::string &filter,
                                          const std::vector<std::string> &names);

} // namespace smime

#endif

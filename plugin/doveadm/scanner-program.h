// Dovecot's settings by doveconf, and smime-scanner as a program, for the doveadm
// commands.
#ifndef SMIME_SCANNER_PROGRAM_H
#define SMIME_SCANNER_PROGRAM_H

#include "plugin/rules/settings.h"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace smime {

// What doveconf prints; nullopt with error set if it fails. Names that a setting
// of the same protocol has its own value of: "protocol=lmtp" as filter, or empty.
std::optional<std::string> ask_doveconf(const std::string &filter,
                                        const std::vector<std::string> &names, std::string &error);

// Values alone, one for each name; nullopt with error set unless all are there.
std::optional<std::vector<std::string>> read_dovecot_settings(const std::string &filter,
                                                              const std::vector<std::string> &names,
                                                              std::string &error);

// Our settings as they are without any user's own.
Settings settings_without_user();

// The command line of service smime-scanner, with its configuration file. To be called while
// doveadm has the rights that it was started with. Nullopt with error set if there is none.
std::optional<std::vector<std::string>> scanner_command(std::string &error);

// Runs it with these arguments. Returns what it prints; nullopt with error set if
// it ends with another status than 0.
std::optional<std::string> run_scanner(std::vector<std::string> command,
                                       const std::vector<std::string> &arguments,
                                       std::string_view input, std::string &error);
// The same with input of any size, piece by piece (subprocess.h).
std::optional<std::string> run_scanner_on(std::vector<std::string> command,
                                          const std::vector<std::string> &arguments,
                                          const std::function<std::string_view()> &next,
                                          std::string &error);
std::optional<std::string> run_scanner(const std::vector<std::string> &arguments,
                                       std::string_view input, std::string &error);

} // namespace smime

#endif

// Which mailboxes a Sieve script files into, and with which actions it sends mail. Not an
// interpreter: it reads the words of the script, whatever decides about them.
#ifndef SMIME_SIEVE_TARGETS_H
#define SMIME_SIEVE_TARGETS_H

#include <string>
#include <string_view>
#include <vector>

namespace smime {

// The mailboxes that fileinto actions name (RFC 5228 section 4.1), in UTF-8 as in
// the script, each once. Names with variables (RFC 5229) are left out: nobody
// knows them before a message comes. Bounded by max_sieve_targets.
std::vector<std::string> sieve_targets(std::string_view script);

// Which of the actions are in the script with which mail, or word of it, leaves while the
// script runs: redirect (RFC 5228), report, pipe and execute (Pigeonhole's), vacation (RFC
// 5230) and notify (RFC 5435). In that order.
std::vector<std::string> sieve_sending_actions(std::string_view script);

// The file that holds the active script, of a value of the setting sieve
// ("file:~/sieve;active=~/.dovecot.sieve" or a path), with ~ expanded. Empty if
// the script is in no file.
std::string active_sieve_file(std::string_view setting, std::string_view home);

inline constexpr std::size_t max_sieve_targets = 1000;

} // namespace smime

#endif

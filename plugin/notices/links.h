// What a notice leads to for each message (smime_notice_link). No Dovecot header.
#ifndef SMIME_NOTICES_LINKS_H
#define SMIME_NOTICES_LINKS_H

#include "plugin/notices/token.h"
#include "plugin/rules/settings.h"

#include <cstdint>
#include <optional>
#include <string>

namespace smime {

struct Links {
  // With "{id}" and "{token}" in it; empty: a notice leads nowhere.
  std::string pattern;
  // There if the pattern has a token in it.
  std::optional<TokenKeys> keys;
};

// Reads the keys, which users may not see: with the rights that doveadm was started with. False
// with error set.
bool read_links(const Settings &settings, Links &links, std::string &error);

// Empty: there is none. So it is where a token would allow nothing. user: the full name of whose
// message it is; may: what the rule lets him do; now: seconds since the epoch.
std::string link_to(const Links &links, const std::string &id, const std::string &user,
                    RecipientMay may, std::int64_t now);

} // namespace smime

#endif

// Where a request came from: the connection's other end, or behind a trusted proxy what that says.
// No Dovecot header.
#ifndef SMIME_DESK_PROXY_H
#define SMIME_DESK_PROXY_H

#include "desk/protocol/config.h"

#include <string>
#include <string_view>

namespace smime::desk {

struct Origin {
  std::string ip;
  // Encrypted on all of its way that we know of.
  bool secure = false;
};

// forwarded_for, forwarded_proto: the headers of these names; of several lines joined by commas.
// The last address that is no trusted proxy's is the browser's: what is before it anybody may
// have written.
Origin origin_of(const DeskConfig &config, const Origin &peer, std::string_view forwarded_for,
                 std::string_view forwarded_proto);

} // namespace smime::desk

#endif

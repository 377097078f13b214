// Dovecot's headers as the plugin uses them, and every difference between the
// supported versions. (2.3.19 alone so far; what 2.4 changes goes here.)
#ifndef SMIME_DOVECOT_COMPAT_H
#define SMIME_DOVECOT_COMPAT_H

#include "smime-config.h"
#undef PACKAGE
#undef PACKAGE_BUGREPORT
#undef PACKAGE_NAME
#undef PACKAGE_STRING
#undef PACKAGE_TARNAME
#undef PACKAGE_URL
#undef PACKAGE_VERSION
#undef VERSION

extern "C" {
#include "config.h"
#include "lib.h"
#include "array.h"
#include "buffer.h"
#include "guid.h"
#include "hex-binary.h"
#include "ioloop.h"
#include "istream.h"
#include "istream-concat.h"
#include "istream-crlf.h"
#include "mail-namespace.h"
#include "mail-search-build.h"
#include "mail-storage-hooks.h"
#include "mail-storage-private.h"
#include "mail-user.h"
#include "message-part-data.h"
#include "net.h"
#include "ostream.h"
#include "str.h"
#include "strescape.h"
#include "str-sanitize.h"
}

namespace smime {

// Reads one Content- header field into part->data. Security updates of 2.3.19
// and later versions bound what is kept of all parts together.
#ifdef MESSAGE_PART_DATA_LIMITS_INIT
using PartDataLimits = message_part_data_limits;
inline PartDataLimits new_part_data_limits() { return MESSAGE_PART_DATA_LIMITS_INIT; }
inline void read_part_header(pool_t pool, message_part *part, PartDataLimits &limits,
                             message_header_line *hdr) {
  message_part_data_parse_from_header(pool, part, &limits, hdr);
}
#else
struct PartDataLimits {};
inline PartDataLimits new_part_data_limits() { return {}; }
inline void read_part_header(pool_t pool, message_part *part, PartDataLimits &,
                             message_header_line *hdr) {
  message_part_data_parse_from_header(pool, part, hdr);
}
#endif

} // namespace smime

#endif

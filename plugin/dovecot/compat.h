// Dovecot's headers as the plugin uses them, and the differences between the supported versions
// 2.3 and 2.4 that more than one file meets: each has one name here for both. Others are in
// settings/ (how settings are read), doveadm/compat.h, quarantine/exclusions-24.cpp, and the
// files whose names end in -24.
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

// One line of 2.4's header says const twice, which C++ does not allow.
#include "hash.h"
#ifdef SMIME_DOVECOT_24
#pragma push_macro("HASH_TABLE")
#undef HASH_TABLE
#define HASH_TABLE(key, value)                                                                     \
  union {                                                                                          \
    struct hash_table *_table;                                                                     \
  }
#endif
#include "mailbox-list-private.h"
#ifdef SMIME_DOVECOT_24
#pragma pop_macro("HASH_TABLE")
#endif
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

#ifdef SMIME_DOVECOT_24

// What comes before a plugin's setting in the -o option.
inline constexpr const char *setting_prefix = "";

inline constexpr const char *storage_setting = "mail_driver";
inline constexpr const char *index_setting = "mail_index_path";

// 2.4 renamed mail_attachment_dir.
inline const char *attachment_path(const mail_storage *storage) {
  return storage->set->mail_ext_attachment_path;
}

// 2.4: the dict is in the named filter mail_attribute.
bool has_attribute_dict(const mail_namespace *ns);

#else

inline constexpr const char *setting_prefix = "plugin/";

inline constexpr const char *storage_setting = "mail_location";
inline constexpr const char *index_setting = "mail_location";

inline bool has_attribute_dict(const mail_namespace *ns) {
  const char *dict = ns->mail_set->mail_attribute_dict;
  return dict != nullptr && *dict != '\0';
}

inline const char *attachment_path(const mail_storage *storage) {
  const char *path = storage->set->mail_attachment_dir;
  return path == nullptr ? "" : path;
}

#endif

} // namespace smime

#endif

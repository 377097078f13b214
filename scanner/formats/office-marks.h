// Where each of the formats that are compound files says that it is encrypted.
#ifndef SMIME_OFFICE_MARKS_H
#define SMIME_OFFICE_MARKS_H

#include "common/byte-sink.h"

#include <string>
#include <string_view>

namespace smime {

enum class Protection : unsigned char { none, password, rights };

// What the name of a stream or storage says, in small letters: MS-OFFCRYPTO section 1.3.2,
// MS-PPT section 2.1.5.
Protection protection_by_name(std::string_view name);

// How much of a stream is asked for, at most.
inline constexpr std::size_t max_mark_size = 8192;
// Whether the beginning of the stream of that name is looked at.
bool has_protection_marks(std::string_view name);
// MS-DOC section 2.5.2 (fEncrypted), MS-XLS section 2.4.117 (FilePass), MS-PPT section 2.3.2
// (headerToken), HWP 5.0 (FileHeader).
Protection protection_by_content(std::string_view name, Bytes beginning);

} // namespace smime

#endif

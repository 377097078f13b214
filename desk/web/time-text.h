// Times and sizes as people read them. No Dovecot header.
#ifndef SMIME_DESK_TIME_TEXT_H
#define SMIME_DESK_TIME_TEXT_H

#include "desk/web/texts.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace smime::desk {

// Seconds since 1970 of 2026-11-30T16:20:35Z, or with a blank for the T; nullopt if it is none.
std::optional<std::int64_t> seconds_of_time(std::string_view text);

// "2026-11-30 16:20 UTC"; what is no time stays as it is.
std::string full_time(std::string_view time);
// "3 hours ago", "in 5 days".
std::string relative_time(const Texts &texts, std::string_view time, std::int64_t now);
// "1.5 MB", with the language's decimal sign.
std::string size_text(const Texts &texts, std::uint64_t size);

} // namespace smime::desk

#endif

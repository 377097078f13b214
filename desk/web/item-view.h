// One held message as rows and headings show it. No Dovecot header.
#ifndef SMIME_DESK_ITEM_VIEW_H
#define SMIME_DESK_ITEM_VIEW_H

#include "desk/protocol/answer.h"
#include "desk/protocol/request.h"
#include "desk/web/templates.h"

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace smime::desk {

// "/held/ID?user=USER", and with a word "/held/ID/WORD?user=USER".
std::string item_url(const ItemKey &item, std::string_view word = {});
// "ID:USER", as forms name a message.
std::string item_word(const ItemKey &item);
std::optional<ItemKey> item_from_word(std::string_view word);

// "path?name=value&..." of the values that are not empty.
std::string url_with(std::string_view path,
                     std::initializer_list<std::pair<std::string_view, std::string_view>> values);

// A rule's name and, where it is known, its text.
std::pair<std::string, std::string> split_rule(const std::string &rule);

View item_view(const Texts &texts, const Item &item, std::int64_t now);

// The text of a state, class, result: key "state_held" for "held", "class_pgp_signed" for
// "pgp-signed". A word without a text is shown as it is.
std::string text_of_word(const Texts &texts, std::string_view kind, std::string_view word);
// The word as a part of a CSS class: letters and "-" alone.
std::string look_of_word(std::string_view word);

} // namespace smime::desk

#endif

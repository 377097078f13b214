// Whether a request that changes something comes from our own pages: by its token, and by what the
// browser says of where it came from. No Dovecot header.
#ifndef SMIME_DESK_GUARD_H
#define SMIME_DESK_GUARD_H

#include "desk/web/http.h"

#include <string>
#include <string_view>

namespace smime::desk {

// In time that does not depend on where they differ. Nothing equals an empty text.
bool equal_secrets(std::string_view a, std::string_view b);

// By Sec-Fetch-Site and Origin. "Origin: null" says nothing here: browsers write it on our own
// forms, since our pages send no referrer; the token decides then.
bool is_from_our_pages(const HttpRequest &request);

// Cookies of a session, and of the time before one: the login form's token, so that nobody is
// logged in as another by a foreign page.
std::string session_cookie_name(bool insecure);
std::string login_cookie_name(bool insecure);
// An empty value takes the cookie away.
std::string set_cookie(const std::string &name, const std::string &value, bool insecure);

// Whether a cookie or token may be one of ours: a word of at most most characters.
bool is_secret_word(std::string_view text, std::size_t most);

} // namespace smime::desk

#endif

// HTML as text for people to read who have to judge a message: what a browser would show, where
// links lead, and no more. Nothing is fetched, run or laid out.
#ifndef SMIME_HTML_TEXT_H
#define SMIME_HTML_TEXT_H

#include <string>
#include <string_view>

namespace smime {

// html is UTF-8. Tags and comments are left out, scripts and styles with what is in them; the
// address of a link, picture or form stands in angle brackets behind it. Takes time and space by
// the size of html and nothing else.
std::string text_of_html(std::string_view html);

// The charset that the HTML itself names in a meta element near its beginning; empty if none.
std::string_view charset_of_html(std::string_view html);

} // namespace smime

#endif

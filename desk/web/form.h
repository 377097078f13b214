// What a browser writes in names and values: percent-encoding, queries and forms
// (application/x-www-form-urlencoded), cookies. Strict: what is not exactly that is refused, and
// is not guessed. No Dovecot header.
#ifndef SMIME_DESK_FORM_H
#define SMIME_DESK_FORM_H

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace smime::desk {

// More of them in one query or form is an error.
inline constexpr std::size_t max_fields = 512;

// Nullopt for a "%" without two hexadecimal digits behind it. plus: "+" is a blank.
std::optional<std::string> percent_decode(std::string_view text, bool plus);
// Everything but unreserved characters (RFC 3986 section 2.3) becomes %XX.
std::string percent_encode(std::string_view text);

// Well-formed UTF-8 without surrogates, overlong forms and NUL.
bool is_utf8_text(std::string_view text);

class Fields {
public:
  // Nullopt if a name or value is not encoded well, is no UTF-8, or there are too many.
  static std::optional<Fields> parse(std::string_view encoded);

  // The first value; empty if there is none.
  std::string get(std::string_view name) const;
  bool has(std::string_view name) const;
  std::vector<std::string> all(std::string_view name) const;
  bool empty() const { return fields_.empty(); }

private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

// The value of one cookie of a Cookie header. Nullopt if it is not there, and where it is there
// twice: one of the two is not ours.
std::optional<std::string> cookie_value(std::string_view header, std::string_view name);

} // namespace smime::desk

#endif

// The sentences of the pages, by language, from files "key = text". No Dovecot header.
#ifndef SMIME_DESK_TEXTS_H
#define SMIME_DESK_TEXTS_H

#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace smime::desk {

class Texts {
public:
  // code: "de", for <html lang>. Nullopt with error set: a line that is none, or a key twice.
  static std::optional<Texts> parse(std::string_view code, std::string_view file,
                                    std::string &error);

  const std::string &code() const { return code_; }
  // Whether there is such a text.
  bool has(std::string_view key) const { return texts_.contains(key); }
  // The text; the key itself where there is none, so that a page still says something.
  std::string text(std::string_view key) const;
  // With {0}, {1} ... replaced.
  std::string text(std::string_view key, std::initializer_list<std::string_view> values) const;
  // key_1 or key_n, with {0} as the number.
  std::string count(std::string_view key, std::uint64_t number) const;
  const std::map<std::string, std::string, std::less<>> &texts() const { return texts_; }

private:
  std::string code_;
  std::map<std::string, std::string, std::less<>> texts_;
};

// Which of two languages a browser asks for (RFC 9110 section 12.5.4): "de" or "en", the latter
// if it says neither.
std::string_view preferred_language(std::string_view accept_language);

} // namespace smime::desk

#endif

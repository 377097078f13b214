#include "scanner/verify/senders.h"

#include "scanner/base/dovecot-lib.h"

extern "C" {
#include "message-address.h"
#include "message-header-decode.h"
}

#include <algorithm>
#include <array>
#include <cstring>

namespace smime {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

class Pool {
public:
  Pool() : pool_(pool_alloconly_create("smime senders", 1024)) {}
  ~Pool() { pool_unref(&pool_); }
  Pool(const Pool &) = delete;
  Pool &operator=(const Pool &) = delete;
  pool_t get() const { return pool_; }

private:
  pool_t pool_;
};

// A last address behind the field's own: lib-mail stops without a word at what
// it cannot read, and then does not come to it.
constexpr std::string_view sentinel = "end-of-field@sentinel.invalid";
constexpr std::size_t max_charset = 40;

bool is_word_end(char c) {
  return static_cast<unsigned char>(c) <= ' ' || std::strchr("<>()[]\",;:|", c) != nullptr;
}

// Calls take for each word of text that reads as an address.
template <typename Take> void for_each_address(std::string_view text, Take take) {
  for (auto at = text.find('@'); at != std::string_view::npos; at = text.find('@', at + 1)) {
    std::size_t start = at;
    std::size_t end = at + 1;
    while (start > 0 && !is_word_end(text[start - 1]))
      start--;
    while (end < text.size() && !is_word_end(text[end]))
      end++;
    while (start < at && text[start] == '\'')
      start++;
    while (end > at + 1 && text[end - 1] == '\'')
      end--;
    if (start < at && text.substr(at + 1, end - at - 1).find('.') != std::string_view::npos)
      take(std::string(text.substr(start, end - start)));
  }
}

// Charsets in which each letter of ASCII is itself: what is not decoded can be
// read all the same.
bool is_plain_charset(const char *name) {
  static constexpr std::array<std::string_view, 19> known{
      "us-ascii", "ascii",       "utf-8",     "utf8",    "iso-8859-", "iso8859-", "latin",
      "windows-", "cp125",       "koi8-",     "gb",      "big5",      "euc-",     "shift_jis",
      "sjis",     "iso-2022-jp", "ks_c_5601", "tis-620", "macintosh"};
  std::string charset(name, strnlen(name, max_charset));
  std::transform(charset.begin(), charset.end(), charset.begin(), lower);
  return std::any_of(known.begin(), known.end(),
                     [&](std::string_view one) { return charset.starts_with(one); });
}

struct Decoded {
  string_t *text = nullptr; // on the data stack
  bool hides = false;
};

// No exception may pass through lib-mail.
bool take_decoded(const unsigned char *data, std::size_t size, const char *charset, void *context) {
  auto *decoded = static_cast<Decoded *>(context);
  if (charset != nullptr && !is_plain_charset(charset))
    decoded->hides = true;
  str_append_data(decoded->text, data, size);
  return true;
}

void replace_all(std::string &text, std::string_view from, std::string_view to) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
}

// The field as it is read: encoded words decoded, letters that look like "@" and
// "." as these.
std::string as_read(Bytes value, std::string &odd) {
  DataStackFrame frame;
  Decoded decoded{t_str_new(256)};
  message_header_decode(value.data(), value.size(), take_decoded, &decoded);
  std::string text(str_c(decoded.text), str_len(decoded.text));
  if (decoded.hides)
    odd = "it is in a charset that does not show what it reads as";
  for (std::string_view turn : {"\u202d", "\u202e"}) {
    if (text.find(turn) != std::string::npos)
      odd = "it turns the direction of writing";
  }
  for (std::string_view at : {"\uff20", "\ufe6b"})
    replace_all(text, at, "@");
  for (std::string_view dot : {"\uff0e", "\u3002", "\uff61", "\u2024"})
    replace_all(text, dot, ".");
  return text;
}

// Sets odd if value is no list of addresses.
std::vector<std::string> addresses_in(Bytes value, std::string &odd) {
  std::vector<std::string> found;
  std::string text(reinterpret_cast<const char *>(value.data()), value.size());
  if (text.find('\0') != std::string::npos || text.find(sentinel) != std::string::npos) {
    odd = "it has a NUL in it, or what no address is";
    return found;
  }
  text += ", " + std::string(sentinel);
  Pool pool;
  const message_address *address = message_address_parse(
      pool.get(), reinterpret_cast<const unsigned char *>(text.data()), text.size(),
      Senders::max_addresses + 1, static_cast<message_address_parse_flags>(0));
  bool ends = false;
  for (; address != nullptr; address = address->next) {
    if (address->invalid_syntax || address->route != nullptr)
      odd = "it is not written as RFC 5322 says";
    if (address->domain == nullptr)
      continue; // the beginning or the end of a group
    if (*address->mailbox == '\0' || *address->domain == '\0') {
      odd = "it is not written as RFC 5322 says";
      continue;
    }
    found.push_back(std::string(address->mailbox) + "@" + address->domain);
    ends = found.back() == sentinel;
  }
  if (ends)
    found.pop_back();
  else if (odd.empty())
    odd = "it is not written as RFC 5322 says, or has more addresses than are looked at";
  if (found.empty() && odd.empty())
    odd = "it has no address in it";
  return found;
}

} // namespace

void Senders::add(Bytes value, std::vector<std::string> &addresses) {
  std::vector<std::string> own = addresses_in(value, odd);
  for_each_address(as_read(value, odd), [&](std::string address) {
    if (std::none_of(own.begin(), own.end(),
                     [&](const std::string &one) { return is_same_address(one, address); }))
      address_in_name = std::move(address);
  });
  for (std::string &address : own) {
    if (addresses.size() < max_addresses)
      addresses.push_back(std::move(address));
  }
}

void Senders::add_from(Bytes value) {
  from_fields++;
  add(value, from);
}

void Senders::add_sender(Bytes value) {
  sender_fields++;
  add(value, sender);
}

bool is_same_address(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(),
                                            [](char x, char y) { return lower(x) == lower(y); });
}

std::string domain_of(std::string_view address) {
  auto at = address.rfind('@');
  std::string domain(at == std::string_view::npos ? std::string_view() : address.substr(at + 1));
  std::transform(domain.begin(), domain.end(), domain.begin(), lower);
  return domain;
}

} // namespace smime

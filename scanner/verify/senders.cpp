#include "scanner/verify/senders.h"

#include "scanner/base/dovecot-lib.h"

extern "C" {
#include "message-address.h"
#include "message-header-decode.h"
}

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

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

enum class Charset : unsigned char {
  plain,   // each letter of ASCII is itself, and what is not decoded can be read all the same
  hiding,  // other letters are written with the bytes of ASCII's
  unknown, // most readers show the bytes as they are
};

// What iconv knows has a thousand names, nearly all of charsets that have ASCII in them: those that
// have not are listed.
Charset charset_of(const char *name) {
  static constexpr std::array<std::string_view, 16> hiding{
      "utf-16", "utf16",   "utf-32", "utf32", "utf-7", "utf7", "ucs-",  "ucs2",
      "ucs4",   "unicode", "ebcdic", "imap",  "scsu",  "bocu", "cp037", "utf-1"};
  // IBM's and Microsoft's numbers of EBCDIC.
  static constexpr std::array<std::string_view, 26> ebcdic{
      "037",  "038",  "1026", "1047", "1140", "1141", "1142", "1143", "1144",
      "1145", "1146", "1147", "1148", "1149", "273",  "274",  "275",  "277",
      "278",  "280",  "281",  "284",  "285",  "290",  "297",  "500"};
  static constexpr std::array<std::string_view, 35> plain{
      "us-ascii", "ascii",    "ansi", "iso646-us", "iso-646-us", "iso_646.irv", "646",
      "us",       "utf-8",    "utf8", "iso-8859",  "iso8859",    "iso_8859",    "latin",
      "l1",       "windows-", "win",  "koi8",      "gb",         "big5",        "euc",
      "shift",    "sjis",     "ms_",  "iso-2022-", "hz",         "ks_c_5601",   "ksc",
      "uhc",      "johab",    "tis",  "mac",       "x-mac",      "viscii",      "tcvn"};
  std::string charset(name, strnlen(name, max_charset));
  std::transform(charset.begin(), charset.end(), charset.begin(), lower);
  auto begins = [&](std::string_view one) { return charset.starts_with(one); };
  if (std::any_of(hiding.begin(), hiding.end(), begins))
    return Charset::hiding;
  for (std::string_view maker : {"ibm-", "ibm", "cp-", "cp", "x-cp", "dos-"}) {
    std::string_view number = charset;
    if (!number.starts_with(maker))
      continue;
    number.remove_prefix(maker.size());
    number = number.substr(0, number.find_first_not_of("0123456789"));
    if (std::find(ebcdic.begin(), ebcdic.end(), number) != ebcdic.end())
      return Charset::hiding;
    return number.empty() ? Charset::unknown : Charset::plain;
  }
  return std::any_of(plain.begin(), plain.end(), begins) ? Charset::plain : Charset::unknown;
}

struct Decoded {
  string_t *text = nullptr; // on the data stack
  bool hides = false;
  bool unknown = false;
};

// No exception may pass through lib-mail.
bool take_decoded(const unsigned char *data, std::size_t size, const char *charset, void *context) {
  auto *decoded = static_cast<Decoded *>(context);
  Charset kind = charset == nullptr ? Charset::plain : charset_of(charset);
  decoded->hides = decoded->hides || kind == Charset::hiding;
  decoded->unknown = decoded->unknown || kind == Charset::unknown;
  str_append_data(decoded->text, data, size);
  return true;
}

void replace_all(std::string &text, std::string_view from, std::string_view to) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
}

struct Reading {
  std::string text;
  bool hides = false;
  bool unknown = false;
  bool turns = false;
};

// The field as it is read: encoded words decoded, letters that look like "@" and
// "." as these.
Reading as_read(Bytes value) {
  DataStackFrame frame;
  Decoded decoded{t_str_new(256)};
  message_header_decode(value.data(), value.size(), take_decoded, &decoded);
  Reading reading{std::string(str_c(decoded.text), str_len(decoded.text)), decoded.hides,
                  decoded.unknown, false};
  for (std::string_view turn : {"\u202d", "\u202e", "\u2066", "\u2067", "\u2068"})
    reading.turns = reading.turns || reading.text.find(turn) != std::string::npos;
  for (std::string_view at : {"\uff20", "\ufe6b"})
    replace_all(reading.text, at, "@");
  for (std::string_view dot : {"\uff0e", "\u3002", "\uff61", "\u2024"})
    replace_all(reading.text, dot, ".");
  return reading;
}

// Clients take what stands in the one pair of angle brackets at the end for the address, and
// all before for a name, whatever is wrong with its syntax: commas and addresses without quotes.
std::optional<std::string> address_in_brackets(std::string_view value) {
  while (!value.empty() && static_cast<unsigned char>(value.back()) <= ' ')
    value.remove_suffix(1);
  auto open = value.find('<');
  if (value.empty() || value.back() != '>' || open == std::string_view::npos ||
      value.find('<', open + 1) != std::string_view::npos || value.find('>') != value.size() - 1 ||
      value.find_first_of("\"\\()") != std::string_view::npos)
    return std::nullopt;
  std::string_view address = value.substr(open + 1, value.size() - open - 2);
  auto at = address.find('@');
  bool is_address = at != std::string_view::npos && at > 0 && at + 1 < address.size() &&
                    address.find('@', at + 1) == std::string_view::npos &&
                    std::none_of(address.begin(), address.end(), is_word_end);
  return is_address ? std::optional(std::string(address)) : std::nullopt;
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

void Senders::read_words(Bytes value, const std::vector<std::string> &own) {
  Reading reading = as_read(value);
  if (reading.turns)
    misleading = "it turns the direction of writing";
  if (reading.hides)
    odd = "it is in a charset that does not show what it reads as";
  if (reading.unknown)
    note = "it is in a charset that is not known here, and was read as ASCII";
  for_each_address(reading.text, [&](std::string address) {
    if (std::none_of(own.begin(), own.end(),
                     [&](const std::string &one) { return is_same_address(one, address); }))
      address_in_name = std::move(address);
  });
}

void Senders::add(Bytes value, std::vector<std::string> &addresses) {
  std::string problem;
  std::vector<std::string> own = addresses_in(value, problem);
  std::string_view text(reinterpret_cast<const char *>(value.data()), value.size());
  auto in_brackets = problem.empty() ? std::nullopt : address_in_brackets(text);
  if (in_brackets) {
    own = {*in_brackets};
    problem.clear();
  }
  if (text.find('\0') != std::string_view::npos)
    misleading = "it has a NUL in it";
  if (!problem.empty())
    odd = problem;
  read_words(value, own);
  for (std::string &address : own) {
    bool is_there = std::any_of(addresses.begin(), addresses.end(), [&](const std::string &one) {
      return is_same_address(one, address);
    });
    if (!is_there && addresses.size() < max_addresses)
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

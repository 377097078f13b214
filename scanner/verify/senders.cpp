#include "scanner/verify/senders.h"

#include "common/ascii.h"
#include "scanner/base/dovecot-lib.h"

extern "C" {
#include "message-address.h"
#include "message-header-decode.h"
}

#include <algorithm>
#include <array>
#include <cstring>
#include <initializer_list>
#include <optional>

namespace smime {
namespace {

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

bool has_any(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::any_of(words.begin(), words.end(), [&](std::string_view word) {
    return text.find(word) != std::string_view::npos;
  });
}

// IBM's, Microsoft's and MS-DOS's numbers of charsets with ASCII in them.
bool is_ascii_code_page(std::string_view number) {
  static constexpr std::array<std::string_view, 42> known{
      "437",  "720",  "737",  "775",  "850",  "852",  "855",  "856",  "857",  "858",  "860",
      "861",  "862",  "863",  "864",  "865",  "866",  "868",  "869",  "874",  "932",  "936",
      "942",  "943",  "949",  "950",  "1046", "1124", "1125", "1129", "1133", "1161", "1250",
      "1251", "1252", "1253", "1254", "1255", "1256", "1257", "1258", "65001"};
  return std::find(known.begin(), known.end(), number) != known.end();
}

// And of EBCDIC, where "|" may be "@".
bool is_ebcdic_code_page(std::string_view number) {
  static constexpr std::array<std::string_view, 48> known{
      "037",  "038",  "273",  "274",  "275",  "277",  "278",  "280",  "281",  "284",
      "285",  "290",  "297",  "420",  "423",  "424",  "500",  "833",  "838",  "870",
      "871",  "875",  "880",  "905",  "918",  "924",  "930",  "933",  "935",  "937",
      "939",  "1025", "1026", "1047", "1112", "1122", "1123", "1130", "1132", "1137",
      "1140", "1141", "1142", "1143", "1144", "1145", "1146", "1147"};
  std::string_view digits = number.substr(std::min(number.find_first_not_of('0'), number.size()));
  return std::any_of(known.begin(), known.end(), [&](std::string_view one) {
    return one == number || one.substr(one.find_first_not_of('0')) == digits;
  });
}

Charset charset_of(std::string_view charset) {
  // By any of their names: these write other letters with the bytes of ASCII's.
  if (has_any(charset, {"utf-7", "utf7", "utf-16", "utf16", "utf-32", "utf32", "ucs", "unicode",
                        "10646", "ebcdic", "imap", "scsu", "bocu"}))
    return Charset::hiding;
  for (std::string_view maker : {"x-cp", "cp-", "cp", "csibm", "ibm-", "ibm", "x-ibm", "windows-",
                                 "x-windows-", "dos-", "ms"}) {
    if (!charset.starts_with(maker))
      continue;
    if (is_ascii_code_page(charset.substr(maker.size())))
      return Charset::plain;
    if (is_ebcdic_code_page(charset.substr(maker.size())))
      return Charset::hiding;
  }
  static constexpr std::array<std::string_view, 31> plain{
      "us-ascii", "ascii",     "ansi_x3", "iso646-us", "iso-646-us", "iso_646.irv", "646",
      "us",       "utf-8",     "utf8",    "iso-8859",  "iso8859",    "iso_8859",    "latin",
      "l1",       "koi8",      "gb",      "big5",      "euc",        "shift",       "sjis",
      "ms_",      "iso-2022-", "hz",      "ks_c",      "ksc",        "uhc",         "johab",
      "tis",      "mac",       "x-mac"};
  return std::any_of(plain.begin(), plain.end(),
                     [&](std::string_view one) { return charset.starts_with(one); })
             ? Charset::plain
             : Charset::unknown;
}

// The letter that looks like "@" (U+FF20), as charsets of East Asia write it: GB 2312 and
// KS X 1001, Shift_JIS, EUC-JP, Big5; and in seven bits (ISO-2022, HZ).
bool has_wide_at(std::string_view charset, std::string_view bytes) {
  if (charset.starts_with("gb") || charset.starts_with("ks") ||
      charset.find("kr") != charset.npos ||
      has_any(charset, {"936", "949", "uhc", "johab", "euc-cn"}))
    return has_any(bytes, {"\xa3\xc0", "\xa3\xae", "#@"});
  if (charset.starts_with("shift") || has_any(charset, {"sjis", "932", "942", "943", "ms_kanji"}))
    return bytes.find("\x81\x97") != bytes.npos;
  if (charset.starts_with("euc"))
    return has_any(bytes, {"\xa1\xf7", "\xa3\xc0"});
  if (has_any(charset, {"big5", "950"}))
    return bytes.find("\xa2\x49") != bytes.npos;
  if (charset.starts_with("iso-2022") || charset.starts_with("hz"))
    return has_any(bytes, {"!w", "#@"});
  return false;
}

bool is_printable_ascii(Bytes bytes) {
  return std::all_of(bytes.begin(), bytes.end(),
                     [](unsigned char c) { return c >= ' ' && c < 0x7f; });
}

struct Decoded {
  string_t *text = nullptr; // on the data stack
  bool hides = false;
  bool unknown = false;
};

// No exception may pass through lib-mail.
bool take_decoded(const unsigned char *data, std::size_t size, const char *charset, void *context) {
  auto *decoded = static_cast<Decoded *>(context);
  std::string name =
      charset == nullptr ? "us-ascii" : lower({charset, strnlen(charset, max_charset)});
  std::string_view bytes(reinterpret_cast<const char *>(data), size);
  Charset kind = charset_of(name);
  // In a charset that is not known here, what is no letter of ASCII may be any.
  decoded->hides = decoded->hides || kind == Charset::hiding || has_wide_at(name, bytes) ||
                   (kind == Charset::unknown && !is_printable_ascii({data, size}));
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
  std::string_view text = as_text(value);
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

bool is_same_address(std::string_view a, std::string_view b) { return equals_ignoring_case(a, b); }

std::string domain_of(std::string_view address) {
  auto at = address.rfind('@');
  return at == std::string_view::npos ? "" : lower(address.substr(at + 1));
}

} // namespace smime

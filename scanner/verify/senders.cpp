#include "scanner/verify/senders.h"

#include "common/ascii.h"
#include "scanner/base/dovecot-lib.h"
#include "scanner/verify/address-text.h"
#include "scanner/verify/charset.h"
#include "scanner/verify/punycode.h"

extern "C" {
#include "message-address.h"
#include "message-header-decode.h"
#include "unichar.h"
}

#include <algorithm>
#include <cstring>
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
  std::string name = charset == nullptr
                         ? "us-ascii"
                         : lower(std::string_view(charset, strnlen(charset, max_charset)));
  std::string_view bytes(reinterpret_cast<const char *>(data), size);
  Charset kind = charset_of(name);
  bool is_raw = charset == nullptr && !uni_utf8_data_is_valid(data, size);
  // In a charset that is not known here, what is no letter of ASCII may be any.
  decoded->hides = decoded->hides || kind == Charset::hiding || has_wide_at(name, bytes) ||
                   (is_raw && may_have_wide_at(bytes)) ||
                   (kind == Charset::unknown && !is_printable_ascii({data, size}));
  decoded->unknown = decoded->unknown || kind == Charset::unknown;
  str_append_data(decoded->text, data, size);
  return true;
}

void replace_all(std::string &text, std::string_view from, std::string_view to) {
  std::string result;
  std::size_t done = 0;
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, done)) {
    result.append(text, done, at - done).append(to);
    done = at + from.size();
  }
  if (done > 0)
    text = result.append(text, done);
}

// Most clients decode an encoded word as well that has blanks or "?" in it, against RFC 2047
// section 2; lib-mail leaves it as it is. The field with such words as they should be.
std::string with_lenient_words(std::string_view value) {
  std::string result;
  std::size_t done = 0;
  for (auto open = value.find("=?"); open != std::string_view::npos;
       open = value.find("=?", std::max(open + 2, done))) {
    auto type = value.find('?', open + 2);
    if (type == std::string_view::npos || type + 3 >= value.size() || value[type + 2] != '?')
      continue;
    bool is_base64 = lower(value[type + 1]) == 'b';
    if (!is_base64 && lower(value[type + 1]) != 'q')
      continue;
    auto end = value.find("?=", type + 3);
    if (end == std::string_view::npos)
      break;
    result.append(value, done, type + 3 - done);
    for (char c : value.substr(type + 3, end - type - 3)) {
      bool is_blank = static_cast<unsigned char>(c) <= ' ';
      if (!is_blank && c != '?')
        result += c;
      else if (!is_base64)
        result += is_blank ? "_" : "=3F";
    }
    done = end;
  }
  return result.append(value, done);
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
  read_words_once(value, own);
  std::string lenient = with_lenient_words(as_text(value));
  if (lenient != as_text(value))
    read_words_once(as_bytes(lenient), own);
}

void Senders::read_words_once(Bytes value, const std::vector<std::string> &own) {
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

void Senders::add_addresses(Bytes value, std::vector<std::string> &addresses, unsigned fields) {
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
  // An address that is missing here is one that another field has.
  contradicting =
      contradicting ||
      (fields > 1 && !std::all_of(addresses.begin(), addresses.end(),
                                  [&](const auto &one) { return has_address(own, one); }));
  for (std::string &address : own) {
    if (has_address(addresses, address))
      continue;
    contradicting = contradicting || fields > 1;
    if (addresses.size() < max_addresses)
      addresses.push_back(std::move(address));
  }
}

bool Senders::wants(std::string_view name) {
  return is_same_address(name, "From") || is_same_address(name, "Sender") ||
         is_same_address(name, "Date") || ListFields::wants(name);
}

void Senders::add(std::string_view name, Bytes value) {
  if (is_same_address(name, "From"))
    add_addresses(value, from, ++from_fields);
  else if (is_same_address(name, "Sender"))
    add_addresses(value, sender, ++sender_fields);
  else if (is_same_address(name, "Date"))
    dates.add(value);
  else
    list.add(name, value);
}

void Senders::add_too_long(std::string_view name) {
  if (is_same_address(name, "From") || is_same_address(name, "Sender"))
    odd = "it is too long to read";
}

bool Senders::is_rewritten_for(std::string_view author) const {
  return from.size() == 1 && !contradicting && list.rewrote(from.front(), author);
}

bool is_same_address(std::string_view a, std::string_view b) {
  auto at = std::min(a.rfind('@'), a.size());
  auto b_at = std::min(b.rfind('@'), b.size());
  return equals_ignoring_case(a, b) ||
         (at < a.size() && b_at < b.size() &&
          equals_ignoring_case(a.substr(0, at), b.substr(0, b_at)) && domain_of(a) == domain_of(b));
}

bool has_address(const std::vector<std::string> &addresses, std::string_view wanted) {
  return std::any_of(addresses.begin(), addresses.end(),
                     [&](const std::string &address) { return is_same_address(address, wanted); });
}

std::string domain_of(std::string_view address) {
  auto at = address.rfind('@');
  return at == std::string_view::npos ? std::string() : ascii_domain(address.substr(at + 1));
}

} // namespace smime

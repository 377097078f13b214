#include "scanner/base/charset-text.h"

#include "common/ascii.h"
#include "scanner/base/dovecot-lib.h"

extern "C" {
#include "message-header-decode.h"
#include "unichar.h"
}

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <iconv.h>

namespace smime {
namespace {

constexpr std::string_view replacement = "\xef\xbf\xbd";
constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
constexpr std::string_view of_nobody = "windows-1252";

// Of a name of a charset, in bytes.
constexpr std::size_t max_charset_name = 40;

// Each stands for its aliases as well.
constexpr std::array charsets{
    "ISO-8859-1",   "ISO-8859-2",   "ISO-8859-3",      "ISO-8859-4",   "ISO-8859-5",
    "ISO-8859-6",   "ISO-8859-7",   "ISO-8859-8",      "ISO-8859-9",   "ISO-8859-10",
    "ISO-8859-11",  "ISO-8859-13",  "ISO-8859-14",     "ISO-8859-15",  "ISO-8859-16",
    "WINDOWS-1250", "WINDOWS-1251", "WINDOWS-1252",    "WINDOWS-1253", "WINDOWS-1254",
    "WINDOWS-1255", "WINDOWS-1256", "WINDOWS-1257",    "WINDOWS-1258", "WINDOWS-874",
    "KOI8-R",       "KOI8-U",       "TIS-620",         "GB2312",       "GBK",
    "GB18030",      "BIG5",         "BIG5-HKSCS",      "EUC-JP",       "SHIFT_JIS",
    "WINDOWS-31J",  "ISO-2022-JP",  "ISO-2022-JP-2",   "ISO-2022-KR",  "ISO-2022-CN",
    "EUC-KR",       "UHC",          "JOHAB",           "EUC-TW",       "UTF-7",
    "UTF-16",       "UTF-16LE",     "UTF-16BE",        "UTF-32",       "UTF-32LE",
    "UTF-32BE",     "IBM437",       "IBM850",          "IBM852",       "IBM866",
    "IBM037",       "MACINTOSH",    "ISO_646.IRV:1991"};

// What iconv is given is a name, and no place to look for one.
bool is_charset_name(std::string_view name) {
  return !name.empty() && name.size() <= max_charset_name &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z') || c == '-' ||
                  c == '_' || c == '.' || c == ':' || c == '+';
         });
}

bool is_valid_utf8(std::string_view text) {
  return uni_utf8_data_is_valid(as_bytes(text).data(), text.size());
}

class Buffer {
public:
  explicit Buffer(std::size_t size) : buffer_(buffer_create_dynamic(default_pool, size + 64)) {}
  ~Buffer() { buffer_free(&buffer_); }
  Buffer(const Buffer &) = delete;
  Buffer &operator=(const Buffer &) = delete;
  buffer_t *get() { return buffer_; }
  std::string text() const { return {static_cast<const char *>(buffer_->data), buffer_->used}; }

private:
  buffer_t *buffer_;
};

std::string mended(std::string_view text) {
  Buffer output(text.size());
  if (uni_utf8_get_valid_data(as_bytes(text).data(), text.size(), output.get()))
    return std::string(text);
  return output.text();
}

class Converter {
public:
  explicit Converter(const std::string &charset) : iconv_(iconv_open("UTF-8", charset.c_str())) {}
  ~Converter() {
    if (is_open())
      (void)iconv_close(iconv_);
  }
  Converter(const Converter &) = delete;
  Converter &operator=(const Converter &) = delete;

  bool is_open() const { return reinterpret_cast<std::intptr_t>(iconv_) != -1; }

  std::string convert(Bytes bytes) {
    std::string text;
    // iconv's own declaration has it so; it writes nothing there.
    char *at = const_cast<char *>(as_text(bytes).data());
    std::size_t left = bytes.size();
    while (left > 0) {
      std::size_t before = left;
      int error = step(&at, &left, text);
      if (error == 0 || (error == E2BIG && left < before))
        continue;
      // What is no character, the first half of one, and a converter that does not get on.
      text += replacement;
      at++;
      left--;
    }
    // Some keep the last character in case that another one belongs to it.
    (void)step(nullptr, nullptr, text);
    return text;
  }

private:
  int step(char **at, std::size_t *left, std::string &text) {
    std::array<char, 4096> output;
    char *end = output.data();
    std::size_t room = output.size();
    int error = iconv(iconv_, at, left, &end, &room) == static_cast<std::size_t>(-1) ? errno : 0;
    text.append(output.data(), output.size() - room);
    return error;
  }

  iconv_t iconv_;
};

// False if nobody knows the charset.
bool convert(Bytes bytes, std::string_view charset, std::string &text) {
  if (!is_charset_name(charset))
    return false;
  Converter converter{std::string(charset)};
  if (!converter.is_open())
    return false;
  text = mended(converter.convert(bytes));
  return true;
}

std::string without_mark(std::string text) {
  if (text.starts_with(byte_order_mark))
    text.erase(0, byte_order_mark.size());
  return text;
}

struct Words {
  std::string text;
};

bool append_word(const unsigned char *data, size_t size, const char *charset, void *context) {
  static_cast<Words *>(context)->text +=
      utf8_text({data, size}, charset == nullptr ? std::string_view() : std::string_view(charset));
  return true;
}

int digit(char c) {
  if (c >= '0' && c <= '9')
    return c - '0';
  c = lower(c);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

std::string without_escapes(std::string_view value) {
  std::string result;
  for (std::size_t i = 0; i < value.size(); i++) {
    bool is_escape = value[i] == '%' && i + 2 < value.size() && digit(value[i + 1]) >= 0 &&
                     digit(value[i + 2]) >= 0;
    result +=
        is_escape ? static_cast<char>(digit(value[i + 1]) * 16 + digit(value[i + 2])) : value[i];
    i += is_escape ? 2 : 0;
  }
  return result;
}

} // namespace

void load_charsets() {
  // A converter that is open keeps its module in memory.
  for (const char *charset : charsets)
    (void)iconv_open("UTF-8", charset);
}

std::string utf8_text(Bytes bytes, std::string_view charset) {
  std::string_view text = as_text(bytes);
  const std::string name = lower(charset);
  bool is_utf8 = name == "utf-8" || name == "utf8";
  bool is_plain = name.empty() || name == "us-ascii" || name == "ascii";
  if ((is_utf8 || is_plain) && is_valid_utf8(text))
    return without_mark(std::string(text));
  if (is_utf8)
    return without_mark(mended(text));
  std::string result;
  if (!is_plain && convert(bytes, charset, result))
    return without_mark(std::move(result));
  if (is_valid_utf8(text))
    return without_mark(std::string(text));
  return convert(bytes, of_nobody, result) ? result : mended(text);
}

std::string utf8_header(std::string_view value) {
  if (value.find("=?") == std::string_view::npos)
    return utf8_text(as_bytes(value), {});
  Words words;
  message_header_decode(as_bytes(value).data(), value.size(), append_word, &words);
  return words.text;
}

std::string utf8_parameter(std::string_view value, bool extended) {
  if (!extended)
    return utf8_header(value);
  std::size_t charset = value.find('\'');
  std::size_t language = charset == value.npos ? value.npos : value.find('\'', charset + 1);
  if (language == value.npos)
    return utf8_text(as_bytes(without_escapes(value)), {});
  return utf8_text(as_bytes(without_escapes(value.substr(language + 1))), value.substr(0, charset));
}

bool cut_utf8(std::string &text, std::size_t limit) {
  if (text.size() <= limit)
    return false;
  while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xc0) == 0x80)
    limit--;
  text.resize(limit);
  return true;
}

} // namespace smime

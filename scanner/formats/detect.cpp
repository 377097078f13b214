// What a file is, from its first bytes, with libmagic and the table of kinds (kinds.cpp), which is
// where a new format goes.
#include "scanner/formats/detect.h"

#include "common/ascii.h"

#include <algorithm>
#include <array>
#include <magic.h>
#include <string_view>

namespace smime {
namespace {

using namespace std::string_view_literals;

// A PDF reader looks for the header this far (ISO 32000-1, annex H.3.4.1).
constexpr std::size_t pdf_header_range = 1024;

constexpr int magic_flags = MAGIC_MIME_TYPE | MAGIC_NO_CHECK_COMPRESS | MAGIC_NO_CHECK_ELF |
                            MAGIC_NO_CHECK_TEXT | MAGIC_NO_CHECK_ENCODING | MAGIC_NO_CHECK_TOKENS |
                            MAGIC_NO_CHECK_CSV | MAGIC_NO_CHECK_JSON;

// Fields that only mail has, and fields of which it has several.
constexpr std::array<std::string_view, 14> sure_fields{
    "received:",      "return-path:",           "delivered-to:",
    "message-id:",    "dkim-signature:",        "arc-seal:",
    "envelope-to:",   "arc-message-signature:", "received-spf:",
    "x-received:",    "x-mozilla-status:",      "arc-authentication-results:",
    "x-original-to:", "authentication-results:"};
constexpr std::array<std::string_view, 8> usual_fields{
    "from:", "to:", "cc:", "subject:", "date:", "sender:", "reply-to:", "bcc:"};

// Of a header in small letters, which may be cut: each of its lines is a field or goes on with
// one.
bool is_mail_header(std::string_view text) {
  unsigned sure = 0;
  unsigned usual = 0;
  auto counts = [](std::string_view line, const auto &fields) {
    return std::any_of(fields.begin(), fields.end(),
                       [&](std::string_view field) { return line.starts_with(field); });
  };
  while (!text.empty()) {
    std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(text.size(), end + 1));
    if (line.empty() || line == "\r")
      break;
    bool is_folded = line.starts_with(' ') || line.starts_with('\t');
    // The last line may be cut within its name.
    if (!is_folded && !text.empty() && line.find(':') == std::string_view::npos)
      return false;
    sure += counts(line, sure_fields) ? 1 : 0;
    usual += counts(line, usual_fields) ? 1 : 0;
  }
  return sure > 0 || usual > 1;
}

} // namespace

std::unique_ptr<Detector> Detector::create(std::string &error) {
  magic_set *magic = magic_open(magic_flags);
  if (magic == nullptr || magic_load(magic, nullptr) < 0) {
    error = "libmagic's database cannot be loaded: " +
            std::string(magic == nullptr ? "out of memory" : magic_error(magic));
    if (magic != nullptr)
      magic_close(magic);
    return nullptr;
  }
  return std::unique_ptr<Detector>(new Detector(magic));
}

Detector::~Detector() { magic_close(magic_); }

Detected Detector::detect(Bytes prefix) const {
  Detected detected;
  std::string_view text = as_text(prefix);
  const char *type = magic_buffer(magic_, prefix.data(), prefix.size());
  if (type != nullptr && type != "application/octet-stream"sv)
    detected.type = type;
  // libmagic 5.46 knows a ZIP file by its end, which a prefix has not.
  if (detected.type.empty() && text.starts_with("PK\3\4"))
    detected.type = "application/zip";
  detected.kind = recognise(prefix, detected.type);
  if (has_pdf_header(prefix, false) &&
      (detected.kind == nullptr || detected.kind->look == Look::leaf))
    detected.kind = &kind_named("PDF document");
  if (detected.kind == nullptr && detected.type.empty()) {
    detected.words = describe(prefix);
    detected.kind = recognise_words(prefix, detected.words);
  }
  return detected;
}

std::string Detector::describe(Bytes prefix) const {
  (void)magic_setflags(magic_, magic_flags & ~MAGIC_MIME_TYPE);
  const char *word = magic_buffer(magic_, prefix.data(), prefix.size());
  std::string description = word == nullptr ? "" : word;
  (void)magic_setflags(magic_, magic_flags);
  return description;
}

bool has_pdf_header(Bytes prefix, bool labelled_text) {
  std::string_view text = as_text(prefix);
  auto at = text.substr(0, pdf_header_range).find("%PDF-");
  return labelled_text ? at == 0 : at != std::string_view::npos;
}

bool looks_like_text(Bytes prefix) {
  return std::none_of(prefix.begin(), prefix.end(), [](unsigned char c) {
    return (c < 0x20 && c != '\t' && c != '\r' && c != '\n' && c != '\f' && c != 0x1b) || c == 0x7f;
  });
}

bool looks_like_entity(Bytes prefix) {
  std::string_view text = as_text(prefix);
  if (text.starts_with("\r\n") || text.starts_with("\n"))
    return true;
  const auto *name_end = std::find_if(text.begin(), text.end(),
                                      [](char c) { return c <= ' ' || c >= 0x7f || c == ':'; });
  const auto *colon =
      std::find_if(name_end, text.end(), [](char c) { return c != ' ' && c != '\t'; });
  return name_end != text.begin() && colon != text.end() && *colon == ':';
}

std::size_t before_mail(Bytes prefix) {
  std::string_view text = as_text(prefix);
  std::size_t at = text.starts_with("\xef\xbb\xbf") ? 3 : 0;
  if (text.starts_with(mmdf_line))
    at = mmdf_line.size();
  auto skip_empty_lines = [&] { at = std::min(text.size(), text.find_first_not_of("\r\n", at)); };
  skip_empty_lines();
  // The number of the message's bytes, in a line of its own.
  std::size_t end = text.find_first_not_of("0123456789", at);
  std::size_t line_end = end == std::string_view::npos ? end : text.find_first_not_of(" \t\r", end);
  if (end != at && line_end != std::string_view::npos && text[line_end] == '\n') {
    at = line_end + 1;
    skip_empty_lines();
  }
  return at;
}

bool looks_like_mbox(Bytes prefix) {
  std::string_view text = as_text(prefix);
  std::size_t line_end = text.find('\n');
  return text.starts_with("From ") && line_end != std::string_view::npos &&
         looks_like_entity(prefix.subspan(line_end + 1));
}

bool looks_like_wide_mail(Bytes prefix) {
  // A field's name has two letters, with a zero beside each.
  constexpr std::size_t least = 8;
  if (prefix.size() < least)
    return false;
  std::string narrow;
  bool is_big = prefix[0] == 0xfe || prefix[0] == 0;
  bool has_mark =
      (prefix[0] == 0xfe && prefix[1] == 0xff) || (prefix[0] == 0xff && prefix[1] == 0xfe);
  for (std::size_t at = has_mark ? 2 : 0; at + 1 < prefix.size(); at += 2) {
    unsigned char high = prefix[at + (is_big ? 0 : 1)];
    unsigned char low = prefix[at + (is_big ? 1 : 0)];
    if (narrow.size() < least / 2 && (high != 0 || low == 0))
      return false;
    narrow += high == 0 ? static_cast<char>(low) : '?';
  }
  return looks_like_mail({reinterpret_cast<const unsigned char *>(narrow.data()), narrow.size()});
}

bool looks_like_mail(Bytes prefix) {
  prefix = prefix.subspan(before_mail(prefix));
  if (looks_like_mbox(prefix))
    return true;
  if (!looks_like_entity(prefix))
    return false;
  const std::string text = lower(as_text(prefix));
  auto has_field = [&](std::string_view field) {
    return text.starts_with(field) || text.find("\n" + std::string(field)) != std::string::npos;
  };
  return has_field("mime-version:") || has_field("content-type:") || is_mail_header(text);
}

} // namespace smime

#include "scanner/mime/entity.h"

#include "common/ascii.h"
#include "common/mime-labels.h"
#include "scanner/base/base64.h"
#include "scanner/base/dovecot-lib.h"
#include "scanner/base/scan-limits.h"
#include "scanner/formats/detect.h"
#include "scanner/openpgp/packets.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <vector>

namespace smime {
namespace {

// Of a Content-Type field, to tell two apart.
constexpr std::size_t max_raw_type = 1024;

// Of a header's lines that are no fields, in bytes: less than one line of base64, which is
// nothing that could be opened.
constexpr std::size_t max_stray = 76;

// As much of a line as tells whether a part may begin there.
constexpr std::size_t max_sign = 256;

std::string lower_parameter(std::string_view text) { return lower(text.substr(0, max_parameter)); }

// A name as it is encoded, in bytes.
constexpr std::size_t max_name_value = 2048;

// RFC 2046 section 5.1.1; lib-mail cuts off what is longer than 80.
constexpr std::size_t max_boundary = 70;

// As lib-mail's parser compares it.
constexpr std::size_t max_compared = 80;

bool has_nul(const message_header_line *hdr) {
  return std::find(hdr->full_value, hdr->full_value + hdr->full_value_len, '\0') !=
         hdr->full_value + hdr->full_value_len;
}

bool is_mail_name(std::string_view name) {
  Place place;
  place.name = name;
  return place.has_mail_name();
}

// A name is there twice, of which readers take the one or the other: that of a message
// comes first, which is read to its end as text is.
void read_name(std::string_view key, std::string_view value, Entity &entity) {
  bool extended = key.ends_with('*');
  std::string name = shortened_name(decoded_name(value, extended), max_parameter);
  bool of_file = key.starts_with("filename");
  if (entity.name.empty() || is_mail_name(name) || (of_file && !is_mail_name(entity.name))) {
    entity.name = std::move(name);
    entity.name_value = value.substr(0, max_name_value);
    entity.is_name_extended = extended;
  }
}

// Of a Content-Type, or of another field, which may say a name alone.
void read_parameters(rfc822_parser_context *parser, Entity &entity, bool of_type) {
  const char *const *parameters = nullptr;
  (void)rfc2231_parse(parser, &parameters);
  for (; parameters != nullptr && parameters[0] != nullptr; parameters += 2) {
    std::string key = lower_parameter(parameters[0]);
    std::string_view value = parameters[1];
    if (key == "filename" || key == "filename*" || key == "name" || key == "name*")
      read_name(key, value, entity);
    if (!of_type)
      continue;
    if (key == "charset" && entity.charset.empty())
      entity.charset = lower_parameter(value);
    if (key == "boundary" && entity.boundary.empty())
      entity.boundary = value.substr(0, max_kept_boundary);
    else if (key == "protocol")
      entity.protocol = lower_parameter(value);
    else if (key == "micalg")
      entity.micalg = lower_parameter(value);
    else if (key == "smime-type")
      entity.smime_type = lower_parameter(value);
    else if (key == "hp" || key == "protected-headers")
      entity.protects_header = true;
  }
}

void read_content_type(const message_header_line *hdr, Entity &entity) {
  DataStackFrame frame;
  rfc822_parser_context parser;
  rfc822_parser_init(&parser, hdr->full_value, hdr->full_value_len, nullptr);
  rfc822_skip_lwsp(&parser);
  string_t *type = t_str_new(64);
  bool is_read = rfc822_parse_content_type(&parser, type) >= 0 && str_len(type) > 0;
  if (is_read)
    entity.type = lower_parameter(std::string_view(str_c(type), str_len(type)));
  read_parameters(&parser, entity, true);
  // lib-mail reads no further then.
  if (!is_read)
    entity.boundary.clear();
  rfc822_parser_deinit(&parser);
  entity.loose =
      read_loosely({reinterpret_cast<const char *>(hdr->full_value), hdr->full_value_len});
  // Who can make sense of it takes it for what it says; a text is looked at less closely.
  bool is_other = entity.loose.type.find('/') != std::string::npos && !entity.loose.is_multipart();
  if (!is_read && is_other)
    entity.type = entity.loose.type.substr(0, max_parameter);
  entity.contradicting = entity.contradicting || entity.loose.contradicting;
  entity.odd_boundary = entity.odd_boundary || entity.boundary.size() > max_boundary;
}

void read_content_disposition(const message_header_line *hdr, Entity &entity) {
  DataStackFrame frame;
  rfc822_parser_context parser;
  rfc822_parser_init(&parser, hdr->full_value, hdr->full_value_len, nullptr);
  rfc822_skip_lwsp(&parser);
  string_t *disposition = t_str_new(32);
  (void)rfc822_parse_mime_token(&parser, disposition);
  read_parameters(&parser, entity, false);
  rfc822_parser_deinit(&parser);
}

// What a Content-Type field says that readers may differ about. Of two types of text they
// show the same bytes.
std::string facts_of_type(const Entity &field) {
  std::string facts = field.is_text() ? "text/" : field.type;
  for (const std::string *value :
       {&field.boundary, &field.protocol, &field.smime_type, &field.name})
    facts += '\0' + *value;
  return facts;
}

// The word of a Content-Transfer-Encoding in small letters, without what stands between
// letters and digits.
std::string encoding_word(const message_header_line *hdr) {
  std::string word;
  for (std::size_t i = 0; i < std::min<std::size_t>(hdr->full_value_len, 32); i++) {
    unsigned char c = hdr->full_value[i];
    if (c == ';' || c == '(')
      break;
    char small = lower(static_cast<char>(c));
    if ((small >= '0' && small <= '9') || (small >= 'a' && small <= 'z'))
      word += small;
    else if (c != '-' && c != '_' && c != ' ' && c != '\t' && c != '"' && c != '.')
      return {};
  }
  return word;
}

// What senders write who mean that nothing is encoded.
bool means_identity(std::string_view word) {
  static constexpr std::array<std::string_view, 11> words{"7bit",   "7bits",    "8bit", "8bits",
                                                          "binary", "utf8",     "none", "usascii",
                                                          "ascii",  "identity", "plain"};
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool means_base64(std::string_view word) {
  return word == "base64" || word == "xbase64" || word == "b64" || word == "bas64";
}

// A word that lenient readers find in the field, wherever it stands.
bool has_word(const message_header_line *hdr, std::string_view word) {
  std::string value = lower_parameter({reinterpret_cast<const char *>(hdr->full_value),
                                       std::min(hdr->full_value_len, max_parameter)});
  return value.find(word) != std::string::npos;
}

// Which readers of it find in the midst of other bytes.
bool means_armor(std::string_view word) {
  return word.empty() || word.find("uu") != std::string_view::npos ||
         word.find("enc") != std::string_view::npos || word.find("hex") != std::string_view::npos ||
         word.find("hqx") != std::string_view::npos;
}

TransferDecoder::Encoding read_encoding(const message_header_line *hdr) {
  switch (message_decoder_parse_cte(hdr)) {
  case MESSAGE_CTE_QP: return TransferDecoder::Encoding::quoted_printable;
  case MESSAGE_CTE_BASE64: return TransferDecoder::Encoding::base64;
  case MESSAGE_CTE_78BIT:
  case MESSAGE_CTE_BINARY: return TransferDecoder::Encoding::none;
  case MESSAGE_CTE_UNKNOWN: break;
  }
  return TransferDecoder::Encoding::unknown;
}

} // namespace

struct TransferDecoder::State {
  explicit State(Encoding e) : encoding(e) {
    if (encoding == Encoding::quoted_printable) {
      buffer = buffer_create_dynamic(default_pool, 8192);
      qp = qp_decoder_init(buffer);
    }
  }
  ~State() {
    if (qp != nullptr)
      qp_decoder_deinit(&qp);
    buffer_free(&buffer);
  }
  State(const State &) = delete;
  State &operator=(const State &) = delete;

  Encoding encoding;
  Base64Decoder base64;
  std::vector<unsigned char> output;
  buffer_t *buffer = nullptr;
  qp_decoder *qp = nullptr;
};

TransferDecoder::TransferDecoder(Encoding encoding) : state_(std::make_unique<State>(encoding)) {}
TransferDecoder::~TransferDecoder() = default;
TransferDecoder::TransferDecoder(TransferDecoder &&) noexcept = default;
TransferDecoder &TransferDecoder::operator=(TransferDecoder &&) noexcept = default;

Bytes TransferDecoder::decode(Bytes bytes) {
  State &state = *state_;
  switch (state.encoding) {
  case Encoding::none:
  case Encoding::unknown: break;
  case Encoding::quoted_printable: {
    std::size_t invalid_at;
    const char *error;
    buffer_set_used_size(state.buffer, 0);
    (void)qp_decoder_more(state.qp, bytes.data(), bytes.size(), &invalid_at, &error);
    return {static_cast<const unsigned char *>(state.buffer->data), state.buffer->used};
  }
  case Encoding::base64:
    state.output.clear();
    state.base64.decode(bytes, state.output);
    return state.output;
  }
  return bytes;
}

bool Entity::has_cms_label() const {
  return is_cms_type(type) || is_cms_signature_type(type) || is_cms_name(name);
}

void Entity::read_header(const message_header_line *hdr) {
  // lib-mail takes the first of several equal fields; so does this.
  if (hdr->name_len == 12 && strcasecmp(hdr->name, "Content-Type") == 0) {
    Entity field;
    read_content_type(hdr, field);
    if (!seen_type) {
      read_content_type(hdr, *this);
      type_facts = facts_of_type(field);
    }
    bool too_long = seen_type && hdr->full_value_len > max_raw_type;
    contradicting = contradicting || field.contradicting || facts_of_type(field) != type_facts ||
                    too_long || has_nul(hdr);
    seen_type = true;
  } else if (hdr->name_len == 25 && strcasecmp(hdr->name, "Content-Transfer-Encoding") == 0) {
    auto read = read_encoding(hdr);
    if (!seen_encoding)
      encoding = read;
    bool is_unknown = read == TransferDecoder::Encoding::unknown;
    maybe_base64 = maybe_base64 ||
                   (is_unknown && (means_base64(encoding_word(hdr)) || has_word(hdr, "base64")));
    maybe_quoted = maybe_quoted || (is_unknown && has_word(hdr, "quoted"));
    maybe_identity = maybe_identity || (is_unknown && means_identity(encoding_word(hdr)));
    maybe_armor = maybe_armor || (is_unknown && means_armor(encoding_word(hdr)));
    names_armor = names_armor ||
                  (is_unknown && !encoding_word(hdr).empty() && means_armor(encoding_word(hdr)));
    using enum TransferDecoder::Encoding;
    bool of_text = (read == none && encoding == quoted_printable) ||
                   (read == quoted_printable && encoding == none);
    maybe_quoted_printable = maybe_quoted_printable || of_text;
    contradicting = contradicting || (read != encoding && !of_text) || has_nul(hdr);
    seen_encoding = true;
  } else if (hdr->name_len == 19 && strcasecmp(hdr->name, "Content-Disposition") == 0) {
    read_content_disposition(hdr, *this);
  }
}

// Whether text, which is what lib-mail compared, is the beginning of a boundary line; takes
// what of the boundary has to follow.
bool Entity::begins_boundary(std::string_view text) {
  if (!text.starts_with("--") || boundary.empty())
    return false;
  text.remove_prefix(2);
  std::string_view compared = std::string_view(boundary).substr(0, max_compared);
  auto is_closed = [&](std::string_view one) {
    return text.size() == one.size() + 2 && text.starts_with(one) && text.ends_with("--");
  };
  bool is_last = is_closed(boundary) || is_closed(compared);
  if (text != boundary && text != compared && !is_last)
    return false;
  if (is_last)
    text.remove_suffix(2);
  is_last_boundary = is_last;
  // The boundary as it is meant may go on where lib-mail ends it.
  std::string_view meant = boundary;
  for (const std::string &one : loose.boundaries)
    if (one.size() > meant.size() && one.starts_with(meant))
      meant = one;
  rest_of_boundary = meant.substr(text.size());
  behind_boundary = is_last && !rest_of_boundary.empty() ? "--" : "";
  return true;
}

// A boundary comes as a block of its own, with the line end before it; the rest
// of its line comes next.
void Entity::read_boundaries(Bytes bytes) {
  std::string_view text = as_text(bytes);
  if (at_boundary) {
    std::size_t end = text.find('\n');
    std::size_t room =
        2 * max_kept_boundary - std::min(2 * max_kept_boundary, behind_boundary.size());
    behind_boundary += text.substr(0, std::min(end, room));
    if (end != std::string_view::npos)
      end_boundary();
    return;
  }
  if (is_closed) {
    read_epilogue(text);
    return;
  }
  if (text.starts_with('\r'))
    text.remove_prefix(1);
  if (text.starts_with('\n'))
    text.remove_prefix(1);
  at_boundary = begins_boundary(text);
}

void Entity::read_epilogue(std::string_view text) {
  for (char c : text) {
    if (has_more_parts)
      return;
    if (c == '\n' || c == '\r')
      end_epilogue_line();
    else if (epilogue_line.size() < max_kept_boundary + 2)
      epilogue_line += c;
  }
}

void Entity::end_epilogue_line() {
  const std::string line = std::exchange(epilogue_line, {});
  bool is_delimiter = line.starts_with("--" + boundary);
  // Who takes several boundary lines for one has the header of a part behind them.
  bool is_field = !seen_epilogue && begins_ignoring_case(line, "content-") &&
                  line.find(':') != std::string::npos;
  seen_epilogue = seen_epilogue || line.find_first_not_of(" \t") != std::string::npos;
  has_more_parts = has_more_parts || is_delimiter || is_field;
}

void Entity::end_boundary() {
  if (is_closed)
    end_epilogue_line();
  if (!at_boundary)
    return;
  at_boundary = false;
  std::string_view rest = behind_boundary;
  bool is_whole = rest.starts_with(rest_of_boundary);
  rest.remove_prefix(is_whole ? rest_of_boundary.size() : 0);
  // Where lib-mail has not the whole boundary, it has not seen that it is the last one.
  if (!rest_of_boundary.empty() && rest.starts_with("--"))
    rest.remove_prefix(2);
  bool is_blank = rest.find_first_not_of(" \t\r") == std::string_view::npos;
  false_delimiter = false_delimiter || !is_whole || !is_blank;
  odd_boundary = odd_boundary || false_delimiter;
  is_closed = is_last_boundary;
  behind_boundary.clear();
}

void Entity::end_header() {
  contradicting = contradicting || (maybe_quoted_printable && !is_text());
}

// One line of a stray header is no content that could be opened.
bool Entity::has_empty_body() const {
  bool has_more = is_multipart() && signs != nullptr ? signs->has_text() : has_body;
  return !has_more && stray_bytes <= max_stray;
}

bool Entity::looks_like_base64(Bytes bytes) {
  std::size_t letters = 0;
  for (unsigned char c : bytes) {
    bool letter = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                  c == '+' || c == '/' || c == '=';
    if (!letter && c != '\r' && c != '\n')
      return false;
    letters += letter ? 1 : 0;
  }
  return letters >= 8;
}

void Entity::read_body(Bytes bytes) {
  if (content->wants_more()) {
    if (decoder == nullptr)
      decoder = std::make_unique<TransferDecoder>(encoding);
    content->feed(decoder->decode(bytes));
  }
  if (other_content != nullptr && other_content->wants_more())
    other_content->feed(other_decoder->decode(bytes));
}

void PartSigns::feed(Bytes bytes) {
  for (unsigned char c : bytes) {
    if (has_sign_)
      return;
    if (c == '\n' || c == '\r')
      end_line();
    else if (line_.size() < max_sign)
      line_ += static_cast<char>(c);
  }
}

void PartSigns::end_line() {
  std::string line = std::exchange(line_, {});
  line.erase(line.find_last_not_of(" \t\r") + 1);
  if (line.empty() || line == closing_)
    return;
  has_text_ = true;
  Bytes bytes(reinterpret_cast<const unsigned char *>(line.data()), line.size());
  TransferDecoder base64(TransferDecoder::Encoding::base64);
  has_sign_ = has_sign_ || (line.size() > 2 && line.starts_with("--")) ||
              (begins_ignoring_case(line, "content-") &&
               (line.find(':') != std::string::npos || begins_ignoring_case(line, "content-t"))) ||
              line.find("-----BEGIN ") != std::string::npos || line.starts_with("PK\3\4") ||
              line.starts_with("UEsDB") || looks_like_cms(bytes) || looks_like_pgp(bytes) ||
              (line.starts_with('M') && looks_like_cms(base64.decode(bytes)));
}

} // namespace smime

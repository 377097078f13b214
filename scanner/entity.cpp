#include "entity.h"

#include "base64.h"
#include "dovecot-lib.h"
#include "scan-limits.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <vector>

namespace smime {
namespace {

// Of a Content-Type field, to tell two apart.
constexpr std::size_t max_raw_type = 1024;

std::string lower(std::string_view text) {
  std::string result(text.substr(0, max_parameter));
  for (char &c : result) {
    if (c >= 'A' && c <= 'Z')
      c = static_cast<char>(c + 32);
  }
  return result;
}

// RFC 2046 section 5.1.1; lib-mail cuts off what is longer than 80.
constexpr std::size_t max_boundary = 70;

// Whether a Content-Type says its boundary in more than one way, which readers choose
// from differently. Of the parameters as they are there: Dovecot 2.4 merges the forms
// of RFC 2231 and drops what is there again. The parser is behind the type.
bool has_contradicting_boundary(rfc822_parser_context parser) {
  string_t *text = t_str_new(64);
  std::optional<std::string> plain;
  bool in_pieces = false;
  const char *name;
  int ret;
  while ((ret = rfc822_parse_content_param(&parser, &name, text)) != 0) {
    if (ret < 0) {
      if (parser.data >= parser.end)
        break;
      parser.data++;
      continue;
    }
    std::string key = lower(name);
    std::string_view value(str_c(text), str_len(text));
    if (key == "boundary") {
      if (plain && *plain != value)
        return true;
      plain = value;
    } else if (key.starts_with("boundary*")) {
      if (key.back() == '*')
        return true;
      in_pieces = true;
    }
  }
  return in_pieces && plain;
}

void read_boundary(std::string_view value, Entity &entity) {
  if (entity.boundary.empty())
    entity.boundary = value.substr(0, max_parameter);
  entity.odd_boundary = entity.odd_boundary || value.size() > max_boundary;
}

bool has_nul(const message_header_line *hdr) {
  return std::find(hdr->full_value, hdr->full_value + hdr->full_value_len, '\0') !=
         hdr->full_value + hdr->full_value_len;
}

// Of a Content-Type, or of another field, which may say a name alone.
void read_parameters(rfc822_parser_context *parser, Entity &entity, bool of_type) {
  const char *const *parameters = nullptr;
  (void)rfc2231_parse(parser, &parameters);
  for (; parameters != nullptr && parameters[0] != nullptr; parameters += 2) {
    std::string key = lower(parameters[0]);
    std::string_view value = parameters[1];
    if (key == "filename" || (key == "name" && entity.name.empty()))
      entity.name = value.substr(0, max_parameter);
    if (!of_type)
      continue;
    if (key == "boundary" || key == "boundary*")
      read_boundary(value, entity);
    else if (key == "protocol")
      entity.protocol = lower(value);
    else if (key == "micalg")
      entity.micalg = lower(value);
    else if (key == "smime-type")
      entity.smime_type = lower(value);
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
  if (rfc822_parse_content_type(&parser, type) >= 0 && str_len(type) > 0)
    entity.type = lower(std::string_view(str_c(type), str_len(type)));
  entity.contradicting = entity.contradicting || has_contradicting_boundary(parser);
  read_parameters(&parser, entity, true);
  rfc822_parser_deinit(&parser);
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
  static constexpr std::array<std::string_view, 4> types{
      "application/pkcs7-mime", "application/x-pkcs7-mime", "application/pkcs7-signature",
      "application/x-pkcs7-signature"};
  static constexpr std::array<std::string_view, 4> endings{".p7m", ".p7s", ".p7c", ".p7z"};
  if (std::find(types.begin(), types.end(), type) != types.end())
    return true;
  std::string lower_name = lower(name);
  return std::any_of(endings.begin(), endings.end(),
                     [&](std::string_view ending) { return lower_name.ends_with(ending); });
}

void Entity::read_header(const message_header_line *hdr) {
  // lib-mail takes the first of several equal fields; so does this.
  if (hdr->name_len == 12 && strcasecmp(hdr->name, "Content-Type") == 0) {
    std::string raw(reinterpret_cast<const char *>(hdr->full_value),
                    std::min(hdr->full_value_len, max_raw_type));
    if (!seen_type) {
      read_content_type(hdr, *this);
      raw_type = raw;
    }
    bool too_long = seen_type && hdr->full_value_len > max_raw_type;
    contradicting = contradicting || raw != raw_type || too_long || has_nul(hdr);
    seen_type = true;
  } else if (hdr->name_len == 25 && strcasecmp(hdr->name, "Content-Transfer-Encoding") == 0) {
    auto read = read_encoding(hdr);
    if (!seen_encoding)
      encoding = read;
    contradicting = contradicting || read != encoding || has_nul(hdr);
    seen_encoding = true;
  } else if (hdr->name_len == 19 && strcasecmp(hdr->name, "Content-Disposition") == 0) {
    read_content_disposition(hdr, *this);
  }
}

// A boundary comes as a block of its own, with the line end before it; the rest
// of its line comes next.
void Entity::read_boundaries(Bytes bytes) {
  std::string_view text(reinterpret_cast<const char *>(bytes.data()), bytes.size());
  if (at_boundary) {
    bool blank = text.find_first_not_of(" \t\r\n") == std::string_view::npos;
    odd_boundary = odd_boundary || !blank;
    at_boundary = text.find('\n') == std::string_view::npos;
    return;
  }
  if (text.starts_with('\r'))
    text.remove_prefix(1);
  if (text.starts_with('\n'))
    text.remove_prefix(1);
  if (!text.starts_with("--") || boundary.empty())
    return;
  text.remove_prefix(2);
  at_boundary = text == boundary || (text.starts_with(boundary) &&
                                     text.substr(boundary.size()) == "--");
}

void Entity::read_body(Bytes bytes) {
  if (!content->wants_more())
    return;
  if (decoder == nullptr)
    decoder = std::make_unique<TransferDecoder>(encoding);
  content->feed(decoder->decode(bytes));
}

} // namespace smime

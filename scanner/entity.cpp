#include "entity.h"

#include "dovecot-lib.h"
#include "scan-limits.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

namespace smime {
namespace {

constexpr std::string_view armor_message = "-----BEGIN PGP MESSAGE-----";
constexpr std::string_view armor_signed = "-----BEGIN PGP SIGNED MESSAGE-----";

std::string lower(std::string_view text) {
  std::string result(text.substr(0, max_parameter));
  for (char &c : result) {
    if (c >= 'A' && c <= 'Z')
      c = static_cast<char>(c + 32);
  }
  return result;
}

void read_parameters(rfc822_parser_context *parser, Entity &entity) {
  const char *const *parameters = nullptr;
  (void)rfc2231_parse(parser, &parameters);
  for (; parameters != nullptr && parameters[0] != nullptr; parameters += 2) {
    std::string key = lower(parameters[0]);
    std::string_view value = parameters[1];
    if (key == "protocol")
      entity.protocol = lower(value);
    else if (key == "micalg")
      entity.micalg = lower(value);
    else if (key == "smime-type")
      entity.smime_type = lower(value);
    else if (key == "filename" || (key == "name" && entity.name.empty()))
      entity.name = value.substr(0, max_parameter);
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
  read_parameters(&parser, entity);
  rfc822_parser_deinit(&parser);
}

void read_content_disposition(const message_header_line *hdr, Entity &entity) {
  DataStackFrame frame;
  rfc822_parser_context parser;
  rfc822_parser_init(&parser, hdr->full_value, hdr->full_value_len, nullptr);
  rfc822_skip_lwsp(&parser);
  string_t *disposition = t_str_new(32);
  (void)rfc822_parse_mime_token(&parser, disposition);
  read_parameters(&parser, entity);
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
  explicit State(Encoding e) : encoding(e), output(buffer_create_dynamic(default_pool, 8192)) {
    if (encoding == Encoding::base64)
      base64 = smime_base64_decoder_create();
    if (encoding == Encoding::quoted_printable)
      qp = qp_decoder_init(output);
  }
  ~State() {
    if (qp != nullptr)
      qp_decoder_deinit(&qp);
    smime_base64_decoder_free(base64);
    buffer_free(&output);
  }
  State(const State &) = delete;
  State &operator=(const State &) = delete;

  Encoding encoding;
  buffer_t *output;
  smime_base64_decoder *base64 = nullptr;
  qp_decoder *qp = nullptr;
  bool ended = false;
  bool damaged = false;
};

TransferDecoder::TransferDecoder(Encoding encoding) : state_(std::make_unique<State>(encoding)) {}
TransferDecoder::~TransferDecoder() = default;
TransferDecoder::TransferDecoder(TransferDecoder &&) noexcept = default;
TransferDecoder &TransferDecoder::operator=(TransferDecoder &&) noexcept = default;

bool TransferDecoder::damaged() const { return state_->damaged; }

std::span<const unsigned char> TransferDecoder::decode(std::span<const unsigned char> bytes) {
  State &state = *state_;
  buffer_set_used_size(state.output, 0);
  switch (state.encoding) {
  case Encoding::none:
  case Encoding::unknown: return bytes;
  case Encoding::quoted_printable: {
    std::size_t invalid_at;
    const char *error;
    (void)qp_decoder_more(state.qp, bytes.data(), bytes.size(), &invalid_at, &error);
    break;
  }
  case Encoding::base64:
    if (!state.ended) {
      int ret = smime_base64_decoder_more(state.base64, bytes.data(), bytes.size(),
                                          state.output);
      state.ended = ret <= 0;
      state.damaged = ret < 0;
    }
    break;
  }
  return {static_cast<const unsigned char *>(state.output->data), state.output->used};
}

void ArmorFinder::feed(std::span<const unsigned char> bytes) {
  while (!bytes.empty()) {
    const void *newline = std::memchr(bytes.data(), '\n', bytes.size());
    std::size_t length = newline == nullptr
                             ? bytes.size()
                             : static_cast<std::size_t>(
                                   static_cast<const unsigned char *>(newline) - bytes.data());
    std::size_t room = armor_signed.size() - std::min(line_.size(), armor_signed.size());
    std::size_t taken = std::min(room, length);
    // Nearly no line begins with a dash; those that do not are not copied.
    if (taken > 0 && (!line_.empty() || bytes.front() == '-'))
      line_.append(reinterpret_cast<const char *>(bytes.data()), taken);
    else if (line_.empty() && length > 0)
      line_.assign(armor_signed.size(), ' ');
    if (newline == nullptr)
      return;
    end_line();
    bytes = bytes.subspan(length + 1);
  }
}

void ArmorFinder::finish() { end_line(); }

void ArmorFinder::end_line() {
  std::string_view line = line_;
  if (line.starts_with(armor_message))
    found_message_ = true;
  else if (line.starts_with(armor_signed))
    found_signed_ = true;
  line_.clear();
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
    if (!seen_type)
      read_content_type(hdr, *this);
    seen_type = true;
  } else if (hdr->name_len == 25 && strcasecmp(hdr->name, "Content-Transfer-Encoding") == 0) {
    if (!seen_encoding)
      encoding = read_encoding(hdr);
    seen_encoding = true;
  } else if (hdr->name_len == 19 && strcasecmp(hdr->name, "Content-Disposition") == 0) {
    read_content_disposition(hdr, *this);
  }
}

bool Entity::wants_more() const {
  if (is_text())
    return true;
  if (has_cms_label() || sniffed_cms)
    return prefix.size() <= max_cms_prefix;
  return prefix.size() < max_sniff_prefix;
}

void Entity::keep(std::span<const unsigned char> decoded) {
  std::size_t limit = has_cms_label() || sniffed_cms ? max_cms_prefix : max_sniff_prefix;
  std::size_t room = limit - std::min(limit, prefix.size());
  std::size_t taken = std::min(room, decoded.size());
  prefix.insert(prefix.end(), decoded.begin(),
                decoded.begin() + static_cast<std::ptrdiff_t>(taken));
  if (taken < decoded.size())
    truncated = true;
}

void Entity::read_body(std::span<const unsigned char> bytes) {
  in_body = true;
  if (truncated && !is_text())
    return;
  if (!wants_more()) {
    truncated = true;
    return;
  }
  if (decoder == nullptr)
    decoder = std::make_unique<TransferDecoder>(encoding);
  std::span<const unsigned char> decoded = decoder->decode(bytes);
  if (is_text())
    armor.feed(decoded);
  if (!sniffed_cms && !has_cms_label() && prefix.size() < max_sniff_prefix) {
    // Decide on the first bytes, before the rest of this block is dropped.
    std::size_t missing = std::min(max_sniff_prefix - prefix.size(), decoded.size());
    keep(decoded.first(missing));
    decoded = decoded.subspan(missing);
    if (prefix.size() == max_sniff_prefix)
      sniffed_cms = looks_like_cms(prefix);
  }
  if (!decoded.empty())
    keep(decoded);
}

} // namespace smime

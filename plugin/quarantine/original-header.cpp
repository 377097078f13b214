#include "plugin/quarantine/original-header.h"

#include "plugin/quarantine/original.h"

extern "C" {
#include "message-address.h"
#include "message-header-decode.h"
#include "message-header-parser.h"
#include "unichar.h"
}

namespace smime {
namespace {

constexpr uoff_t max_header = 64UL * 1024;
// Of a field as it stands, and of what is made of it.
constexpr std::size_t max_raw = 2000;
constexpr std::size_t max_decoded = 500;

// What is raw and no UTF-8 is read as Latin-1, as the text of a message is: of nothing but marks
// nobody can tell what it was.
std::string utf8_of(const unsigned char *data, std::size_t size) {
  if (uni_utf8_data_is_valid(data, size))
    return {reinterpret_cast<const char *>(data), size};
  std::string text;
  for (std::size_t at = 0; at < size; at++) {
    if (data[at] >= 0x80)
      text += static_cast<char>(data[at] < 0xc0 ? 0xc2 : 0xc3);
    text += static_cast<char>(data[at] < 0xc0 ? data[at] : data[at] - 0x40);
  }
  return text;
}

std::string decode(const unsigned char *data, std::size_t size) {
  string_t *text = t_str_new(256);
  std::string raw = utf8_of(data, size);
  message_header_decode_utf8(reinterpret_cast<const unsigned char *>(raw.data()),
                             std::min(raw.size(), max_raw), text, nullptr);
  std::string decoded(str_c(text), str_len(text));
  // Folded fields, and fields that another one follows in disguise.
  for (char &c : decoded)
    c = c == '\r' || c == '\n' || c == '\t' ? ' ' : c;
  return decoded.substr(0, max_decoded);
}

std::string first_address(const unsigned char *data, std::size_t size) {
  const message_address *address =
      message_address_parse(pool_datastack_create(), data, std::min(size, max_raw), 1,
                            static_cast<message_address_parse_flags>(0));
  if (address == nullptr || address->mailbox == nullptr || address->domain == nullptr)
    return {};
  return std::string(address->mailbox) + "@" + address->domain;
}

void take_field(const message_header_line *field, HeldHeader &header) {
  const unsigned char *value = field->full_value;
  std::size_t size = field->full_value_len;
  if (strcasecmp(field->name, "Subject") == 0 && header.subject.empty()) {
    header.subject = decode(value, size);
  } else if (strcasecmp(field->name, "From") == 0 && header.from.empty()) {
    header.from = decode(value, size);
    header.from_address = first_address(value, size);
  }
}

bool is_wanted(const message_header_line *field) {
  return strcasecmp(field->name, "Subject") == 0 || strcasecmp(field->name, "From") == 0;
}

// Gives take each wanted field. Whether the header's end was reached.
bool visit_fields(istream *message, const std::function<bool(const message_header_line *)> &wanted,
                  const std::function<void(const message_header_line *)> &take) {
  StreamPtr beginning(i_stream_create_limit(message, max_header));
  message_header_parser_ctx *parser = message_parse_header_init(
      beginning.get(), nullptr,
      static_cast<message_header_parser_flags>(MESSAGE_HEADER_PARSER_FLAG_SKIP_INITIAL_LWSP |
                                               MESSAGE_HEADER_PARSER_FLAG_CLEAN_ONELINE));
  message_header_line *field;
  bool at_end = false;
  while (message_parse_header_next(parser, &field) > 0 && !at_end) {
    at_end = field->eoh;
    if (at_end || !wanted(field))
      continue;
    if (field->continues)
      field->use_full_value = TRUE;
    else
      take(field);
  }
  message_parse_header_deinit(&parser);
  return at_end;
}

HeldHeader read_from(istream *message) {
  HeldHeader header;
  visit_fields(message, is_wanted,
               [&](const message_header_line *field) { take_field(field, header); });
  return header;
}

} // namespace

std::string in_one_case(const std::string &text) {
  DataStackFrame frame;
  string_t *result = t_str_new(256);
  (void)uni_utf8_to_decomposed_titlecase(text.data(), text.size(), result);
  return {str_c(result), str_len(result)};
}

bool subject_has(const HeldHeader &header, const std::string &part) {
  return in_one_case(header.subject).find(in_one_case(part)) != std::string::npos;
}

HeldHeader read_held_header(mail *quarantined, const ParsedBlock &block) {
  DataStackFrame frame;
  istream *stored;
  if (mail_get_stream(quarantined, nullptr, nullptr, &stored) < 0)
    return {};
  return read_from(open_original(stored, block).get());
}

bool visit_held_header(mail *quarantined, const ParsedBlock &block,
                       bool (*wanted)(std::string_view),
                       const std::function<void(std::string_view, std::string_view)> &visit) {
  DataStackFrame frame;
  istream *stored;
  if (mail_get_stream(quarantined, nullptr, nullptr, &stored) < 0)
    return false;
  auto take = [&](const message_header_line *field) {
    visit(field->name, {reinterpret_cast<const char *>(field->full_value),
                        std::min(field->full_value_len, max_raw)});
  };
  return visit_fields(
      open_original(stored, block).get(),
      [wanted](const message_header_line *field) { return wanted(field->name); }, take);
}

HeldHeader read_header(mail *foreign) {
  DataStackFrame frame;
  istream *stored;
  if (mail_get_stream(foreign, nullptr, nullptr, &stored) < 0)
    return {};
  return read_header(stored);
}

HeldHeader read_header(istream *message) {
  DataStackFrame frame;
  i_stream_seek(message, 0);
  return read_from(message);
}

std::uint64_t size_of_original(mail *quarantined, const ParsedBlock &block,
                               const std::optional<Report> &report) {
  if (report && report->size > 0)
    return report->size;
  uoff_t size;
  if (mail_get_physical_size(quarantined, &size) < 0 || size < block.size)
    return 0;
  return size - block.size;
}

} // namespace smime

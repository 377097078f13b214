#include "scanner/mime/entity-check.h"

#include "common/ascii.h"
#include "scanner/base/dovecot-lib.h"
#include "scanner/mime/body-check.h"
#include "scanner/mime/entity.h"

// Needs lib-mail's message parts before it.
#include "common/section-number.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace smime {
namespace {

// What goes into the parser at once.
constexpr std::size_t max_piece = 32 * 1024;

std::string lower_token(std::string_view text) {
  auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos)
    return {};
  return lower(text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1));
}

// One part while the check is in it.
struct Part {
  const message_part *part = nullptr;
  Entity entity;
  std::string encoding;
  std::string charset;
  bool has_end_of_header = false;
  // multipart: its last boundary was seen.
  bool is_closed = false;
  // Of a leaf's body, or of what a multipart has before, between and behind its parts.
  std::optional<BodyCheck> body;

  bool is_container() const {
    return (part->flags & (MESSAGE_PART_FLAG_MULTIPART | MESSAGE_PART_FLAG_MESSAGE_RFC822)) != 0;
  }
};

bool is_field_name(const message_header_line &line) {
  std::string_view name = std::string_view(line.name, line.name_len);
  return !name.empty() && std::all_of(name.begin(), name.end(),
                                      [](char c) { return c > ' ' && c < 0x7f && c != ':'; });
}

bool is_field_value(const unsigned char *data, std::size_t size) {
  Utf8Check utf8;
  bool right = true;
  for (std::size_t at = 0; at < size; at++)
    right &= utf8.take(data[at]) && data[at] != '\r' && data[at] != '\n' && data[at] != '\f';
  return right && utf8.at_boundary();
}

// As they are written: Dovecot 2.4 drops a parameter that is there again. The parser is behind the
// type.
unsigned count_charsets(rfc822_parser_context parser) {
  string_t *text = t_str_new(64);
  const char *name;
  unsigned count = 0;
  int ret;
  while ((ret = rfc822_parse_content_param(&parser, &name, text)) != 0) {
    if (ret > 0)
      count += lower_token(name) == "charset" ? 1 : 0;
    else if (parser.data++ >= parser.end)
      break;
  }
  return count;
}

// Of a Content-Type field. False if it cannot be read, or has two charsets.
bool read_charset(const message_header_line &line, std::string &charset) {
  DataStackFrame frame;
  rfc822_parser_context parser;
  rfc822_parser_init(&parser, line.full_value, line.full_value_len, nullptr);
  rfc822_skip_lwsp(&parser);
  string_t *type = t_str_new(64);
  bool right = rfc822_parse_content_type(&parser, type) >= 0 && str_len(type) > 0;
  const char *const *parameters = nullptr;
  unsigned charsets = right ? count_charsets(parser) : 0;
  if (right)
    (void)rfc2231_parse(&parser, &parameters);
  for (; parameters != nullptr && parameters[0] != nullptr; parameters += 2) {
    if (lower_token(parameters[0]) == "charset")
      charset = lower_token(parameters[1]);
  }
  rfc822_parser_deinit(&parser);
  return right && charsets <= 1;
}

} // namespace

class EntityCheck::State {
public:
  explicit State(const Limits &limits)
      : pool_(pool_alloconly_create("smime entity check", 4096)),
        input_(smime_fed_stream_create()) {
    message_parser_settings settings;
    i_zero(&settings);
    settings.flags = static_cast<message_parser_flags>(
        MESSAGE_PARSER_FLAG_INCLUDE_MULTIPART_BLOCKS | MESSAGE_PARSER_FLAG_INCLUDE_BOUNDARIES);
    settings.max_nested_mime_parts = static_cast<unsigned>(limits.max_depth);
    settings.max_total_mime_parts = static_cast<unsigned>(limits.max_parts);
    parser_ = message_parser_init(pool_, input_, &settings);
  }
  ~State() {
    end_parser();
    i_stream_unref(&input_);
    pool_unref(&pool_);
  }
  State(const State &) = delete;
  State &operator=(const State &) = delete;

  void feed(Bytes bytes) {
    while (!bytes.empty()) {
      Bytes piece = bytes.first(std::min(bytes.size(), max_piece));
      bytes = bytes.subspan(piece.size());
      smime_fed_stream_feed(input_, piece.data(), piece.size());
      parse();
    }
  }
  void finish() {
    smime_fed_stream_end(input_);
    parse();
    while (!open_.empty())
      close_part();
    end_parser();
  }
  bool is_well_formed() const { return !fault_ && has_type_; }

private:
  void note(bool right) { fault_ = fault_ || !right; }

  void parse() {
    message_block block;
    i_zero(&block);
    while (message_parser_parse_next_block(parser_, &block) > 0)
      take(block);
  }
  void end_parser() {
    message_part *parts = nullptr;
    if (parser_ != nullptr)
      message_parser_deinit(&parser_, &parts);
  }

  void take(const message_block &block) {
    enter_part(
        open_, block.part, [this] { close_part(); }, [this] { begin_body(open_.back()); });
    Part &part = open_.back();
    if (block.hdr != nullptr) {
      take_header(*block.hdr, part);
      return;
    }
    begin_body(part);
    Bytes bytes(block.data, block.size);
    part.body->feed(bytes);
    if (part.is_container())
      take_boundary(bytes, part);
  }

  void take_header(message_header_line &line, Part &part) {
    if (line.eoh) {
      part.has_end_of_header = true;
      return;
    }
    note(line.continued || (is_field_name(line) && line.middle_len > 0 && line.middle[0] == ':'));
    note(is_field_value(line.value, line.value_len));
    std::string name = lower_token(std::string_view(line.name, line.name_len));
    if (!name.starts_with("content-"))
      return;
    if (line.continues) {
      line.use_full_value = true;
      return;
    }
    if (line.full_value == nullptr) {
      note(false);
      return;
    }
    // Twice without a difference that matters is honest in mail; a changed block could make it.
    note(!(name == "content-type" && part.entity.seen_type) &&
         !(name == "content-transfer-encoding" && part.entity.seen_encoding));
    part.entity.read_header(&line);
    if (name == "content-type")
      note(read_charset(line, part.charset));
    else if (name == "content-transfer-encoding")
      part.encoding = lower_token(as_text({line.full_value, line.full_value_len}));
  }

  // What the header says is known now.
  static void begin_body(Part &part) {
    if (part.body)
      return;
    if (part.is_container()) {
      part.body.emplace(BodyKind::utf8);
      return;
    }
    // A message that is none to lib-mail, such as one cut short.
    bool is_text = part.entity.is_text() || part.entity.type.starts_with("message/");
    part.body.emplace(body_kind(part.encoding, is_text, part.charset));
  }

  // A boundary is a block of its own (Entity::read_boundaries()).
  static void take_boundary(Bytes bytes, Part &part) {
    part.entity.read_boundaries(bytes);
    std::string_view text = as_text(bytes);
    if (text.starts_with('\r'))
      text.remove_prefix(1);
    if (text.starts_with('\n'))
      text.remove_prefix(1);
    part.is_closed = part.is_closed || text == "--" + part.entity.boundary + "--";
  }

  void close_part() {
    Part &part = open_.back();
    begin_body(part);
    const Entity &entity = part.entity;
    bool is_multipart = (part.part->flags & MESSAGE_PART_FLAG_MULTIPART) != 0;
    part.entity.end_boundary();
    bool is_encoded = part.encoding == "base64" || part.encoding == "quoted-printable";
    note(part.body->is_right());
    note((part.part->flags & MESSAGE_PART_FLAG_OVERFLOW) == 0);
    note(!entity.contradicting && !entity.odd_boundary);
    note(entity.is_multipart() == is_multipart);
    note(!is_multipart || (part.is_closed && part.part->children != nullptr));
    note(!part.is_container() || !is_encoded);
    if (open_.size() == 1) {
      has_type_ = entity.seen_type;
      note(part.has_end_of_header);
    }
    open_.pop_back();
  }

  pool_t pool_;
  istream *input_;
  message_parser_ctx *parser_;
  std::vector<Part> open_;
  bool fault_ = false;
  bool has_type_ = false;
};

EntityCheck::EntityCheck(const Limits &limits) : state_(std::make_unique<State>(limits)) {}
EntityCheck::~EntityCheck() = default;
void EntityCheck::feed(Bytes bytes) { state_->feed(bytes); }
void EntityCheck::finish() { state_->finish(); }
bool EntityCheck::is_well_formed() const { return state_->is_well_formed(); }

} // namespace smime

#include "plugin/protect/protected-content.h"

#include "common/ascii.h"
#include "common/mime-labels.h"
#include "plugin/dovecot/large-read.h"
#include "plugin/dovecot/ptr.h"
#include "plugin/protect/marker-search.h"
#include "plugin/protect/structure-doubt.h"

// Needs lib-mail's message parts before it.
#include "common/section-number.h"

extern "C" {
#include "message-parser.h"
}

#include <algorithm>
#include <array>
#include <cstring>
#include <set>
#include <string_view>

namespace smime {
namespace {

constexpr std::size_t max_header_value = 64 * 1024;
// Of all parts together, each line with CR LF. Behind 10 MiB in one header, lib-mail gives
// no values any more and does not say so (CVE-2024-23185): what a part is would not be
// known here.
constexpr std::uint64_t max_header_bytes = 8ULL * 1024 * 1024;
// Of a message whose structure is in doubt, what is looked at for the fields that tell it.
constexpr std::uint64_t max_structure_header = 1024ULL * 1024;

std::string lower_value(const char *text) {
  return text == nullptr ? "" : lower(std::string_view(text));
}

bool is_content_field(const message_header_line *hdr) {
  return hdr->name_len > 8 && strncasecmp(hdr->name, "Content-", 8) == 0;
}

bool is_crypto_type(std::string_view type) {
  return is_cms_type(type) || is_cms_signature_type(type) || type == pgp_signature_type ||
         type == pgp_encrypted_type;
}

// Whether a line begins with OpenPGP armor; lines may come in pieces.
class ArmorSearch {
public:
  bool found() const { return found_; }

  void update(const unsigned char *data, std::size_t size) {
    const unsigned char *end = data + size;
    while (data < end && !found_) {
      if (matched_ != no_match) {
        if (*data == static_cast<unsigned char>(pgp_armor[matched_])) {
          found_ = ++matched_ == pgp_armor.size();
          data++;
          continue;
        }
        matched_ = no_match;
      }
      const void *newline = std::memchr(data, '\n', static_cast<std::size_t>(end - data));
      if (newline == nullptr)
        return;
      data = static_cast<const unsigned char *>(newline) + 1;
      matched_ = 0;
    }
  }

private:
  static constexpr std::size_t no_match = static_cast<std::size_t>(-1);
  std::size_t matched_ = 0;
  bool found_ = false;
};

struct OpenEntity {
  const message_part *part = nullptr;
  std::string path;
  unsigned index = 0;
  unsigned children = 0;
  std::string type;
  std::string encoding;
  std::string name;
  const message_part *first_child = nullptr;
  std::string first_child_path;
  ArmorSearch armor_search;
  // Fields of its header that were seen, and whether that ended.
  unsigned content_types = 0;
  unsigned encodings = 0;
  bool has_empty_line = false;
  std::optional<PlainContentType> content_type;
};

// A multipart's boundary, whose body begins where is known only when parsing has ended.
struct Boundary {
  const message_part *part;
  std::string text;
};

enum class Range : unsigned char { entity, body };

// Offsets are known only when parsing has ended.
struct Pending {
  const message_part *part;
  Range range;
  std::string path;
  std::string kind;
  bool labelled;
};

class Finder {
public:
  Finder(istream *input, const std::vector<std::string> &extra, Doubt doubt)
      : input_(input), extra_(extra.begin(), extra.end()), doubt_(doubt),
        pool_(pool_alloconly_create("smime protected content", 4096)) {}
  ~Finder() { pool_unref(&pool_); }
  Finder(const Finder &) = delete;
  Finder &operator=(const Finder &) = delete;

  bool run(ProtectedContent &content, std::string &error);

private:
  void take(const message_block &block);
  void settle();
  void close_entity();
  void add(const message_part *part, Range range, const std::string &path, std::string kind,
           bool labelled = true);
  bool parse(std::string &error);
  ProtectedPart locate(const Pending &pending);
  void take_field(const message_header_line *hdr);
  void look_at_structure(const OpenEntity &entity);
  bool search_delimiters(std::string &error);
  bool has_label(std::string &error);
  bool protect_as_a_whole(ProtectedContent &content, std::string &error);
  bool read_line_style(ProtectedContent &content, std::string &error);
  std::uint64_t size_without_last_line_end(std::uint64_t offset, std::uint64_t size);

  istream *input_;
  std::set<std::string> extra_;
  Doubt doubt_;
  pool_t pool_;
  PartDataLimits limits_ = new_part_data_limits();
  message_part *top_ = nullptr;
  std::vector<OpenEntity> open_;
  std::vector<Pending> pending_;
  std::uint64_t header_bytes_ = 0;
  bool too_many_ = false;
  std::vector<Boundary> boundaries_;
  // Readers may see other parts than lib-mail does.
  bool is_doubtful_ = false;
  // They may see other fields in the message's own header.
  bool is_header_doubtful_ = false;
  // There is something encoded that is not looked into here, and that some readers decode.
  bool hides_parts_ = false;
};

void read_labels(OpenEntity &entity) {
  const message_part_data *data = entity.part->data;
  if (data == nullptr)
    return;
  if (data->content_type != nullptr)
    entity.type = lower_value(data->content_type) + "/" + lower_value(data->content_subtype);
  entity.encoding = lower_value(data->content_transfer_encoding);
  for (unsigned i = 0; i < data->content_type_params_count; i++) {
    if (strcasecmp(data->content_type_params[i].name, "name") == 0)
      entity.name = lower_value(data->content_type_params[i].value);
  }
  const char *file_name = nullptr;
  if (message_part_data_get_filename(entity.part, &file_name))
    entity.name = lower_value(file_name);
}

// Numbers the innermost entity and reads its labels, once its header is complete.
void Finder::settle() {
  if (number_entity(open_, open_.size() - 1))
    read_labels(open_.back());
}

void Finder::add(const message_part *part, Range range, const std::string &path, std::string kind,
                 bool labelled) {
  if (pending_.size() >= ProtectedContent::max_parts)
    too_many_ = true;
  else
    pending_.push_back({part, range, path, std::move(kind), labelled});
}

std::string unfold(std::string_view value) {
  std::string result(value);
  std::erase_if(result, [](char c) { return c == '\r' || c == '\n'; });
  return result;
}

// Types of what is a message or has parts: if such a part is encoded, lib-mail sees one part,
// and other readers what is in it.
bool has_parts(const OpenEntity &entity) {
  static constexpr std::array<std::string_view, 3> messages{"message/rfc822", "message/global",
                                                            "message/news"};
  return (entity.part->flags & (MESSAGE_PART_FLAG_MULTIPART | MESSAGE_PART_FLAG_MESSAGE_RFC822)) !=
             0 ||
         entity.type.starts_with("multipart/") ||
         std::find(messages.begin(), messages.end(), entity.type) != messages.end();
}

// Looks at a line of the header of the innermost entity.
void Finder::take_field(const message_header_line *hdr) {
  OpenEntity &entity = open_.back();
  if (hdr->eoh) {
    entity.has_empty_line = true;
    return;
  }
  std::string_view name(hdr->name, hdr->name_len);
  std::string_view value(reinterpret_cast<const char *>(hdr->value), hdr->value_len);
  bool is_plain = is_plain_header_line(name, value, hdr->continued) &&
                  !(hdr->no_newline && hdr->continues) &&
                  (hdr->continued || (hdr->middle_len > 0 && hdr->middle[0] == ':'));
  bool is_type = strcasecmp(hdr->name, "Content-Type") == 0;
  bool is_encoding = strcasecmp(hdr->name, "Content-Transfer-Encoding") == 0;
  if (!hdr->continued) {
    entity.content_types += is_type ? 1 : 0;
    entity.encodings += is_encoding ? 1 : 0;
  }
  is_doubtful_ = is_doubtful_ || !is_plain || entity.content_types > 1 || entity.encodings > 1;
  is_header_doubtful_ = is_header_doubtful_ || (!is_plain && entity.part->parent == nullptr);
  if (is_type && !hdr->continues && entity.content_types == 1 && hdr->full_value != nullptr)
    entity.content_type = parse_plain_content_type(
        unfold({reinterpret_cast<const char *>(hdr->full_value), hdr->full_value_len}));
}

// Once the entity has ended: whether every reader sees the same parts in it.
void Finder::look_at_structure(const OpenEntity &entity) {
  bool is_multipart = (entity.part->flags & MESSAGE_PART_FLAG_MULTIPART) != 0;
  bool has_type = entity.content_types > 0;
  bool is_plain = !has_type || (entity.content_type &&
                                is_multipart == (entity.content_type->type == "multipart"));
  if (is_multipart && entity.content_type)
    boundaries_.push_back({entity.part, entity.content_type->boundary});
  if (has_parts(entity) && !is_identity_encoding(entity.encoding)) {
    hides_parts_ = true;
    is_plain = false;
  }
  // RFC 1847 section 2.1: two parts, of which the first is signed.
  if (entity.type == "multipart/signed" && entity.children != 2)
    is_plain = false;
  if ((entity.part->flags & MESSAGE_PART_FLAG_OVERFLOW) != 0 ||
      (!entity.has_empty_line && entity.part->parent != nullptr))
    is_plain = false;
  is_doubtful_ = is_doubtful_ || !is_plain;
}

void Finder::close_entity() {
  settle();
  look_at_structure(open_.back());
  OpenEntity entity = std::move(open_.back());
  open_.pop_back();
  header_bytes_ += entity.part->header_size.virtual_size;
  bool is_text = entity.type.empty() || entity.type.starts_with("text/");
  if (entity.type == "multipart/signed" && entity.first_child != nullptr)
    add(entity.first_child, Range::entity, entity.first_child_path,
        "signed part of " + std::to_string(entity.children));
  else if (entity.type == "multipart/encrypted")
    add(entity.part, Range::body, entity.path, entity.type);
  else if (is_crypto_type(entity.type) || is_cms_name(entity.name) ||
           (is_text && entity.armor_search.found()))
    add(entity.part, Range::body, entity.path, "part " + entity.encoding);
  else if (extra_.contains(entity.path))
    add(entity.part, Range::body, entity.path, "part " + entity.encoding, false);
}

void Finder::take(const message_block &block) {
  enter_part(
      open_, block.part, [this] { close_entity(); }, [this] { settle(); });
  if (block.hdr != nullptr) {
    // A longer field is no label that a mail reader would make sense of.
    if (is_content_field(block.hdr) && block.hdr->continues)
      block.hdr->use_full_value = block.hdr->full_value_len <= max_header_value;
    else if (is_content_field(block.hdr) && block.hdr->full_value != nullptr)
      read_part_header(pool_, block.part, limits_, block.hdr);
    take_field(block.hdr);
    return;
  }
  settle();
  OpenEntity &entity = open_.back();
  bool is_text = entity.type.empty() || entity.type.starts_with("text/");
  if (is_text && block.size > 0)
    entity.armor_search.update(block.data, block.size);
}

bool Finder::parse(std::string &error) {
  message_parser_settings settings;
  i_zero(&settings);
  message_parser_ctx *parser = message_parser_init(pool_, input_, &settings);
  message_block block;
  i_zero(&block);
  int ret;
  while ((ret = message_parser_parse_next_block(parser, &block)) > 0)
    take(block);
  while (!open_.empty())
    close_entity();
  message_parser_deinit(&parser, &top_);
  if (ret == 0 || input_->stream_errno != 0) {
    error = std::string("reading the message failed: ") + i_stream_get_error(input_);
    return false;
  }
  return true;
}

// Whether the message's first line ends in CR LF.
bool Finder::read_line_style(ProtectedContent &content, std::string &error) {
  i_stream_seek(input_, 0);
  unsigned char last = 0;
  const unsigned char *data;
  std::size_t size;
  while (i_stream_read_more(input_, &data, &size) > 0) {
    const auto *newline = static_cast<const unsigned char *>(std::memchr(data, '\n', size));
    if (newline != nullptr) {
      content.lines_end_in_crlf = (newline == data ? last : newline[-1]) == '\r';
      return true;
    }
    last = data[size - 1];
    i_stream_skip(input_, size);
  }
  if (input_->stream_errno != 0)
    error = std::string("reading the message failed: ") + i_stream_get_error(input_);
  return input_->stream_errno == 0;
}

// mbox ends every message with a line end. After transfer encoded content at the
// very end of the message it is no change.
std::uint64_t Finder::size_without_last_line_end(std::uint64_t offset, std::uint64_t size) {
  std::uint64_t message_size = top_->header_size.physical_size + top_->body_size.physical_size;
  if (offset + size != message_size || size < 2)
    return size;
  i_stream_seek(input_, offset + size - 2);
  const unsigned char *data;
  std::size_t available;
  if (i_stream_read_bytes(input_, &data, &available, 2) <= 0 || data[1] != '\n')
    return size;
  return size - (data[0] == '\r' ? 2 : 1);
}

ProtectedPart Finder::locate(const Pending &pending) {
  const message_part &part = *pending.part;
  ProtectedPart found;
  found.path = pending.path;
  found.kind = pending.kind;
  found.labelled = pending.labelled;
  found.offset = part.physical_pos;
  found.size = part.header_size.physical_size + part.body_size.physical_size;
  if (pending.range == Range::body) {
    found.offset += part.header_size.physical_size;
    found.size = part.body_size.physical_size;
    if (pending.kind != "part binary")
      found.size = size_without_last_line_end(found.offset, found.size);
  }
  return found;
}

// Whether any line of the message is a delimiter to one reader and none to another.
bool Finder::search_delimiters(std::string &error) {
  DelimiterSearch search;
  for (const Boundary &boundary : boundaries_) {
    if (!search.add(boundary.text,
                    boundary.part->physical_pos + boundary.part->header_size.physical_size))
      is_doubtful_ = true;
  }
  if (is_doubtful_ || search.empty())
    return true;
  i_stream_seek(input_, 0);
  if (!read_rest(input_, [&](const unsigned char *data, std::size_t size) {
        search.update({data, size});
      })) {
    error = std::string("reading the message failed: ") + i_stream_get_error(input_);
    return false;
  }
  is_doubtful_ = !search.is_plain();
  return true;
}

// Whether something in the message, which lib-mail takes for text, has the label of protected
// content.
bool Finder::has_label(std::string &error) {
  MarkerSearch search;
  i_stream_seek(input_, 0);
  bool ok = read_rest(input_, [&](const unsigned char *data, std::size_t size) {
    search.update({data, size});
  });
  if (!ok)
    error = std::string("reading the message failed: ") + i_stream_get_error(input_);
  return search.found_label();
}

// Makes the whole body the one protected part if nobody can say what readers take for one.
// Returns false if the message cannot be read.
bool Finder::protect_as_a_whole(ProtectedContent &content, std::string &error) {
  if (!is_doubtful_ && !pending_.empty() && !search_delimiters(error))
    return false;
  if (!is_doubtful_ || (pending_.empty() && !hides_parts_ && !has_label(error)))
    return error.empty();
  std::string header;
  i_stream_seek(input_, 0);
  const unsigned char *data;
  std::size_t size;
  std::uint64_t left =
      std::min<std::uint64_t>(top_->header_size.physical_size, max_structure_header);
  while (left > 0 && i_stream_read_more(input_, &data, &size) > 0) {
    size = static_cast<std::size_t>(std::min<std::uint64_t>(size, left));
    header.append(reinterpret_cast<const char *>(data), size);
    i_stream_skip(input_, size);
    left -= size;
  }
  Sha256 sha256;
  std::string lines = structure_lines(header);
  sha256.update(as_bytes(lines));
  pending_ = {{top_, Range::body, "", "whole body, header " + to_hex(sha256.result()), true}};
  content.is_header_doubtful = is_header_doubtful_;
  if (left > 0)
    error = std::string("reading the message failed: ") + i_stream_get_error(input_);
  return left == 0;
}

bool Finder::run(ProtectedContent &content, std::string &error) {
  i_stream_seek(input_, 0);
  bool ok = parse(error);
  if (ok && too_many_)
    pending_ = {{top_, Range::body, "", "more parts than are counted", true}};
  else if (ok && header_bytes_ > max_header_bytes)
    pending_ = {{top_, Range::body, "", "more header than is read", true}};
  else if (ok && doubt_ == Doubt::counts)
    ok = protect_as_a_whole(content, error);
  if (ok && !too_many_ && header_bytes_ <= max_header_bytes && extra_.contains(whole_body) &&
      top_ != nullptr)
    pending_.push_back({top_, Range::body, "", "more parts than are reported", false});
  if (ok && !pending_.empty())
    ok = read_line_style(content, error);
  // In the order of the message, outer parts first.
  std::stable_sort(pending_.begin(), pending_.end(), [](const Pending &a, const Pending &b) {
    return a.part->physical_pos < b.part->physical_pos;
  });
  for (auto pending = pending_.begin(); ok && pending != pending_.end(); ++pending)
    content.parts.push_back(locate(*pending));
  i_stream_seek(input_, 0);
  return ok;
}

} // namespace

std::optional<Digest> ProtectedContent::combined() const {
  Sha256 sha256;
  bool any = false;
  for (const ProtectedPart &part : parts) {
    if (!part.labelled)
      continue;
    any = true;
    sha256.update(
        {reinterpret_cast<const unsigned char *>(part.kind.c_str()), part.kind.size() + 1});
    sha256.update(part.sha256.value());
  }
  return any ? std::optional(sha256.result()) : std::nullopt;
}

bool locate_protected(istream *input, const std::vector<std::string> &extra,
                      ProtectedContent &content, std::string &error, Doubt doubt) {
  content = {};
  allow_large_reads(input);
  return Finder(input, extra, doubt).run(content, error);
}

namespace {

bool digest_part(istream *input, ProtectedPart &part, ProtectedContent &content,
                 std::string &error) {
  CanonicalSha256 sha256;
  i_stream_seek(input, part.offset);
  std::uint64_t left = part.size;
  const unsigned char *data;
  std::size_t size;
  while (left > 0 && read_large(input, &data, &size)) {
    size = static_cast<std::size_t>(std::min<std::uint64_t>(size, left));
    sha256.update({data, size});
    i_stream_skip(input, size);
    left -= size;
  }
  if (left > 0) {
    error = std::string("reading the message failed: ") + i_stream_get_error(input);
    return false;
  }
  part.sha256 = sha256.result();
  const LineEnds &ends = sha256.line_ends();
  content.non_canonical |=
      ends.nul || ends.doubled_cr || ends.last_cr || (ends.bare_lf && content.lines_end_in_crlf);
  return true;
}

} // namespace

bool digest_protected(istream *input, ProtectedContent &content, std::string &error) {
  bool ok = true;
  for (auto part = content.parts.begin(); ok && part != content.parts.end(); ++part)
    ok = part->sha256 || digest_part(input, *part, content, error);
  i_stream_seek(input, 0);
  return ok;
}

bool find_protected(istream *input, const std::vector<std::string> &extra,
                    ProtectedContent &content, std::string &error, Doubt doubt) {
  return locate_protected(input, extra, content, error, doubt) &&
         digest_protected(input, content, error);
}

std::optional<Digest> digest_stream(istream *input, std::string &error) {
  CanonicalSha256 sha256;
  if (!read_rest(input, [&](const unsigned char *data, std::size_t size) {
        sha256.update({data, size});
      })) {
    error = std::string("reading the message failed: ") + i_stream_get_error(input);
    return std::nullopt;
  }
  return sha256.result();
}

const ProtectedPart *find_lost_part(const ProtectedContent &original,
                                    const ProtectedContent &changed) {
  for (const ProtectedPart &part : original.parts) {
    bool kept =
        std::any_of(changed.parts.begin(), changed.parts.end(), [&](const ProtectedPart &other) {
          return other.kind == part.kind && other.sha256 == part.sha256;
        });
    if (!kept)
      return &part;
  }
  return nullptr;
}

} // namespace smime

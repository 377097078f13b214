#include "preserve.h"

#include "header-fields.h"
#include "large-read.h"
#include "marker-search.h"

extern "C" {
#include "istream-private.h"
}

#include <algorithm>
#include <bit>
#include <cstring>
#include <string_view>

namespace smime {
namespace {

// A longer header is not edited but put back with the whole message.
constexpr std::size_t max_header_size = 1024 * 1024;

struct Comparison {
  bool same = false;
  // Of the first byte that differs, in canonical form.
  std::uint64_t offset = 0;
};

// One side of a comparison: bytes of a stream that are not yet compared.
class Side {
public:
  explicit Side(istream *input) : input_(input) {}

  const unsigned char *begin() const { return data_ + used_; }
  const unsigned char *end() const { return data_ + size_; }
  bool empty() const { return used_ == size_; }
  void use(std::size_t count) { used_ += count; }

  // Makes at least one byte available. False at the end and on errors.
  bool fill() {
    if (!empty())
      return true;
    i_stream_skip(input_, used_);
    used_ = 0;
    return read_large(input_, &data_, &size_);
  }

  // Passes over CRs that belong to a line end; the LF stands for it.
  bool skip_line_end_crs() {
    std::size_t count = 0;
    for (;;) {
      while (used_ + count < size_ && data_[used_ + count] == '\r')
        count++;
      if (used_ + count < size_ || !more(count + 1))
        break;
    }
    if (used_ + count == size_ || data_[used_ + count] != '\n' || count == 0)
      return false;
    used_ += count;
    return true;
  }

  bool failed(std::string &error) const {
    if (input_->stream_errno == 0)
      return false;
    error = std::string("reading the message failed: ") + i_stream_get_error(input_);
    return true;
  }

private:
  bool more(std::size_t count) {
    i_stream_skip(input_, used_);
    used_ = 0;
    return i_stream_read_bytes(input_, &data_, &size_, count) > 0 && size_ >= count;
  }

  istream *input_;
  const unsigned char *data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t used_ = 0;
};

// Whether reading one moves the other below its reader.
bool share_a_parent(const istream *a, const istream *b) {
  for (const istream *x = a; x != nullptr; x = x->real_stream->parent) {
    for (const istream *y = b; y != nullptr; y = y->real_stream->parent) {
      if (x == y)
        return true;
    }
  }
  return false;
}

// How many bytes are equal at the beginning: a line of text, or all.
std::size_t count_equal(const unsigned char *a, const unsigned char *b, std::size_t size) {
  constexpr std::size_t word = sizeof(std::uint64_t);
  constexpr std::size_t longest_line = 128;
  std::size_t count = 0;
  for (; count + word <= size; count += word) {
    std::uint64_t x;
    std::uint64_t y;
    std::memcpy(&x, a + count, word);
    std::memcpy(&y, b + count, word);
    if (x != y) {
      auto zeros = std::endian::native == std::endian::little ? std::countr_zero(x ^ y)
                                                              : std::countl_zero(x ^ y);
      return count + static_cast<std::size_t>(zeros) / 8;
    }
    if (count == longest_line && std::memcmp(a + count, b + count, size - count) == 0)
      return size;
  }
  while (count < size && a[count] == b[count])
    count++;
  return count;
}

// Passes over lines that are equal but for their ends, CR LF in one and LF in the
// other, as they are in what came by LMTP and in most storages. Stops at whatever
// else there is. Returns how many bytes were equal in canonical form.
std::uint64_t skip_equal_lines(Side &with_cr, Side &without) {
  std::uint64_t equal = 0;
  for (;;) {
    const unsigned char *line = without.begin();
    const void *found = std::memchr(line, '\n', static_cast<std::size_t>(without.end() - line));
    if (found == nullptr)
      return equal;
    auto size =
        static_cast<std::size_t>(static_cast<const unsigned char *>(found) - line);
    const unsigned char *other = with_cr.begin();
    if (static_cast<std::size_t>(with_cr.end() - other) < size + 2 || other[size] != '\r' ||
        other[size + 1] != '\n' || std::memcmp(line, other, size) != 0)
      return equal;
    without.use(size + 1);
    with_cr.use(size + 2);
    equal += size + 1;
  }
}

// Compares two streams from their present positions, LF, CR LF and CR CR LF
// being one and the same.
std::optional<Comparison> compare(istream *a, istream *b, std::string &error) {
  StreamPtr left_copy;
  StreamPtr right_copy;
  if (share_a_parent(a, b)) {
    // These have buffers of their own.
    left_copy.reset(i_stream_create_crlf(a));
    right_copy.reset(i_stream_create_crlf(b));
  }
  allow_large_reads(a);
  allow_large_reads(b);
  Side left(left_copy ? left_copy.get() : a);
  Side right(right_copy ? right_copy.get() : b);
  Comparison result;
  for (;;) {
    bool left_more = left.fill();
    bool right_more = right.fill();
    if (left.failed(error) || right.failed(error))
      return std::nullopt;
    if (!left_more || !right_more) {
      result.same = left_more == right_more;
      return result;
    }
    if (std::uint64_t lines = skip_equal_lines(left, right); lines > 0) {
      result.offset += lines;
      continue;
    }
    auto room = static_cast<std::size_t>(
        std::min(left.end() - left.begin(), right.end() - right.begin()));
    std::size_t equal = count_equal(left.begin(), right.begin(), room);
    left.use(equal);
    right.use(equal);
    result.offset += equal;
    if (equal == room)
      continue;
    bool skipped = left.skip_line_end_crs();
    skipped = right.skip_line_end_crs() || skipped;
    if (equal == 0 && !skipped)
      return result;
  }
}

istream *open_stream(mail *m, std::string &error) {
  istream *input;
  if (mail_get_stream(m, nullptr, nullptr, &input) == 0) {
    i_stream_seek(input, 0);
    return input;
  }
  error = std::string("opening the message failed: ") +
          mailbox_get_last_internal_error(m->box, nullptr);
  return nullptr;
}

// The raw header with the empty line after it; nullopt if it is too long.
std::optional<std::string> read_header(istream *input) {
  i_stream_seek(input, 0);
  std::string header;
  const unsigned char *data;
  std::size_t size;
  while (i_stream_read_more(input, &data, &size) > 0) {
    for (std::size_t used = 0; used < size;) {
      const void *newline = std::memchr(data + used, '\n', size - used);
      std::size_t end = newline == nullptr
                            ? size
                            : static_cast<std::size_t>(
                                  static_cast<const unsigned char *>(newline) - data) + 1;
      header.append(reinterpret_cast<const char *>(data + used), end - used);
      used = end;
      if (header == "\n" || header == "\r\n" || header.ends_with("\n\n") ||
          header.ends_with("\n\r\n"))
        return header;
      if (header.size() > max_header_size)
        return std::nullopt;
    }
    i_stream_skip(input, size);
  }
  return input->stream_errno == 0 ? std::optional(header) : std::nullopt;
}

// A stream of the input from offset on, with a position of its own.
StreamPtr stream_from(istream *input, std::uint64_t offset) {
  i_stream_seek(input, offset);
  return StreamPtr(i_stream_create_limit(input, UOFF_T_MAX));
}

StreamPtr put_back_content(istream *edited, istream *original) {
  auto edited_header = read_header(edited);
  auto original_header = read_header(original);
  if (!edited_header || !original_header)
    return nullptr;
  auto merged = merge_headers(*edited_header, *original_header);
  if (!merged)
    return nullptr;
  StreamPtr head(i_stream_create_copy_from_data(merged->data(), merged->size()));
  StreamPtr body = stream_from(original, original_header->size());
  istream *parts[] = {head.get(), body.get(), nullptr};
  return StreamPtr(i_stream_create_concat(parts));
}

// Says what became of a part that was lost.
std::string describe_difference(istream *source, const ProtectedContent &changed,
                                istream *original, const ProtectedPart &lost) {
  auto counterpart = std::find_if(
      changed.parts.begin(), changed.parts.end(),
      [&](const ProtectedPart &part) { return part.path == lost.path; });
  if (counterpart == changed.parts.end())
    return "is missing or not labelled any more";
  if (counterpart->sha256 == lost.sha256)
    return "has another transfer encoding or other parts beside it";
  i_stream_seek(original, lost.offset);
  StreamPtr a(i_stream_create_limit(original, lost.size));
  i_stream_seek(source, counterpart->offset);
  StreamPtr b(i_stream_create_limit(source, counterpart->size));
  std::string error;
  auto difference = compare(a.get(), b.get(), error);
  return difference ? "differs from byte " + std::to_string(difference->offset) + " of it on"
                    : "cannot be compared: " + error;
}

} // namespace

std::optional<SavePlan> plan_save(mail *source, const Original &original, Preserve preserve,
                                  std::string &error) {
  SavePlan plan;
  if (source == original.mail)
    return plan;
  istream *edited = open_stream(source, error);
  istream *arrived = edited == nullptr ? nullptr : open_stream(original.mail, error);
  if (arrived == nullptr)
    return std::nullopt;
  ProtectedContent changed;
  if (!find_protected(edited, original.extra_parts, changed, error))
    return std::nullopt;
  const ProtectedPart *lost = find_lost_part(original.content, changed);
  if (lost == nullptr) {
    plan.changed = std::move(changed);
    return plan;
  }
  plan.lost = true;
  plan.lost_path = lost->path;
  plan.difference = describe_difference(edited, changed, arrived, *lost);
  if (preserve == Preserve::content)
    plan.replacement = put_back_content(edited, arrived);
  if (preserve == Preserve::no) {
    plan.changed = std::move(changed);
  } else if (plan.replacement == nullptr) {
    plan.whole_message = true;
    plan.replacement = stream_from(arrived, 0);
  }
  i_stream_seek(edited, 0);
  return plan;
}

bool can_read_back(const mailbox *box) {
  std::string_view storage = box->storage->name;
  return storage != "mbox" && (storage != "sdbox" || *attachment_path(box->storage) == '\0');
}

namespace {

struct ReadBack {
  istream *stored;
  // It is what was sent, but for the ends of lines.
  bool same;
};

// The saved mail through all layers of the storage, compared with what was sent if
// that is there. Nullopt with the error set if one of them cannot be read.
std::optional<ReadBack> read_and_compare(mail *saved, istream *as_sent, std::string &error) {
  istream *stored = open_stream(saved, error);
  if (stored == nullptr)
    return std::nullopt;
  if (as_sent == nullptr)
    return ReadBack{stored, false};
  i_stream_seek(as_sent, 0);
  auto comparison = compare(as_sent, stored, error);
  i_stream_seek(as_sent, 0);
  return comparison ? std::optional(ReadBack{stored, comparison->same}) : std::nullopt;
}

bool has_content(istream *stored, const ProtectedContent &expected,
                 const std::vector<std::string> &extra_parts, std::string &error) {
  ProtectedContent found;
  if (!find_protected(stored, extra_parts, found, error))
    return false;
  const ProtectedPart *lost = find_lost_part(expected, found);
  if (lost != nullptr)
    error = "the storage did not keep part " + (lost->path.empty() ? "TEXT" : lost->path) +
            " of the message as it was saved";
  return lost == nullptr;
}

} // namespace

bool read_back(mail *saved, istream *as_sent, const ExpectedContent &expected,
               const std::vector<std::string> &extra_parts, std::string &error) {
  if (!can_read_back(saved->box))
    return true;
  auto back = read_and_compare(saved, as_sent, error);
  return back && (back->same || has_content(back->stored, expected(), extra_parts, error));
}

bool read_back_exact(mail *saved, istream *as_sent, std::string &error) {
  if (!can_read_back(saved->box))
    return true;
  auto back = read_and_compare(saved, as_sent, error);
  if (back && !back->same)
    error = "the storage did not keep the message as it was written";
  return back && back->same;
}

bool maybe_protected(istream *input) {
  MarkerSearch markers;
  const unsigned char *data;
  std::size_t size;
  allow_large_reads(input);
  i_stream_seek(input, 0);
  while (!markers.found() && read_large(input, &data, &size)) {
    markers.update({data, size});
    i_stream_skip(input, size);
  }
  bool failed = input->stream_errno != 0;
  i_stream_seek(input, 0);
  return markers.found() || failed;
}

bool read_back_copy(mail *saved, istream *as_sent, std::string &error) {
  if (!can_read_back(saved->box))
    return true;
  auto back = read_and_compare(saved, as_sent, error);
  ProtectedContent expected;
  return back && (back->same || (find_protected(as_sent, {}, expected, error) &&
                                 has_content(back->stored, expected, {}, error)));
}

} // namespace smime

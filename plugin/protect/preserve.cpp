#include "plugin/protect/preserve.h"

#include "plugin/dovecot/joined-stream.h"
#include "plugin/protect/compare-streams.h"
#include "plugin/protect/header-fields.h"
#include "plugin/protect/read-back.h"

#include <algorithm>
#include <cstring>

namespace smime {
namespace {

// A longer header is not edited but put back with the whole message.
constexpr std::size_t max_header_size = 1024 * 1024;

// The raw header with the empty line after it; nullopt if it is too long.
std::optional<std::string> read_header(istream *input) {
  i_stream_seek(input, 0);
  std::string header;
  const unsigned char *data;
  std::size_t size;
  while (i_stream_read_more(input, &data, &size) > 0) {
    for (std::size_t used = 0; used < size;) {
      const void *newline = std::memchr(data + used, '\n', size - used);
      std::size_t end =
          newline == nullptr
              ? size
              : static_cast<std::size_t>(static_cast<const unsigned char *>(newline) - data) + 1;
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
  StreamPtr body = stream_from(original, original_header->size());
  return join(*merged, body.get());
}

// Says what became of a part that was lost.
std::string describe_difference(istream *source, const ProtectedContent &changed, istream *original,
                                const ProtectedPart &lost) {
  auto counterpart =
      std::find_if(changed.parts.begin(), changed.parts.end(),
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
  // In a header that readers take in different ways no field is known to be safe to keep edited.
  if (preserve == Preserve::content && !original.content.is_header_doubtful)
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

} // namespace smime

#include "plugin/protect/read-back.h"

#include "plugin/dovecot/large-read.h"
#include "plugin/protect/compare-streams.h"
#include "plugin/protect/marker-search.h"

#include <cerrno>
#include <string_view>

namespace smime {

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

bool can_read_back(const mailbox *box) {
  std::string_view storage = box->storage->name;
  return storage != "mbox" && (storage != "sdbox" || *attachment_path(box->storage) == '\0');
}

namespace {

struct ReadBack {
  istream *stored = nullptr;
  // It is what was sent, but for the ends of lines.
  bool same = false;
  // They differ by more than LF and CR LF do.
  bool odd_crs = false;
};

// A layer of the storage, such as compression, finds no sense in what it wrote: it would not
// in another try either. (Other errors are the disk's.)
ReadBackResult failure_of(const istream *stored) {
  bool no_sense = stored->stream_errno == EINVAL || stored->stream_errno == EPIPE;
  return no_sense ? ReadBackResult::changed : ReadBackResult::failed;
}

// Reads the saved mail through all layers of the storage, and compares it with what was
// sent if that is there. Returns same, whatever the comparison said, unless one of them
// cannot be read; error is set then.
ReadBackResult read_and_compare(mail *saved, istream *as_sent, ReadBack &back, std::string &error) {
  back.stored = open_stream(saved, error);
  if (back.stored == nullptr)
    return ReadBackResult::failed;
  if (as_sent == nullptr)
    return ReadBackResult::same;
  i_stream_seek(as_sent, 0);
  auto comparison = compare(as_sent, back.stored, error);
  i_stream_seek(as_sent, 0);
  if (!comparison)
    return failure_of(back.stored);
  back.same = comparison->same;
  back.odd_crs = comparison->odd_crs;
  return ReadBackResult::same;
}

ReadBackResult has_content(istream *stored, const ProtectedContent &expected,
                           const std::vector<std::string> &extra_parts, std::string &error) {
  ProtectedContent found;
  if (!find_protected(stored, extra_parts, found, error))
    return failure_of(stored);
  const ProtectedPart *lost = find_lost_part(expected, found);
  if (lost == nullptr)
    return ReadBackResult::same;
  error = "the storage did not keep part " + (lost->path.empty() ? "TEXT" : lost->path) +
          " of the message as it was saved";
  return ReadBackResult::changed;
}

} // namespace

ReadBackResult read_back(mail *saved, istream *as_sent, const ExpectedContent &expected,
                         const std::vector<std::string> &extra_parts,
                         std::optional<ProtectedContent> &served, std::string &error) {
  if (!can_read_back(saved->box))
    return ReadBackResult::same;
  ReadBack back;
  auto result = read_and_compare(saved, as_sent, back, error);
  if (result == ReadBackResult::same && !back.same)
    result = has_content(back.stored, expected(), extra_parts, error);
  if (result == ReadBackResult::same && back.odd_crs &&
      !find_protected(back.stored, extra_parts, served.emplace(), error))
    return failure_of(back.stored);
  return result;
}

ReadBackResult read_back_exact(mail *saved, istream *as_sent, std::string &error) {
  if (!can_read_back(saved->box))
    return ReadBackResult::same;
  ReadBack back;
  auto result = read_and_compare(saved, as_sent, back, error);
  if (result != ReadBackResult::same || back.same)
    return result;
  error = "the storage did not keep the message as it was written";
  return ReadBackResult::changed;
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

ReadBackResult read_back_copy(mail *saved, istream *as_sent, std::string &error) {
  if (!can_read_back(saved->box))
    return ReadBackResult::same;
  ReadBack back;
  auto result = read_and_compare(saved, as_sent, back, error);
  if (result != ReadBackResult::same || back.same)
    return result;
  ProtectedContent expected;
  if (!find_protected(as_sent, {}, expected, error))
    return ReadBackResult::failed;
  return has_content(back.stored, expected, {}, error);
}

} // namespace smime

#include "scanner/mime/signed-part-digests.h"

#include "common/ascii.h"

#include <algorithm>
#include <memory>

namespace smime {
namespace {

// That are computed at once: signed parts in signed parts.
constexpr std::size_t max_digests = 4;

} // namespace

void SignedPartDigests::begin(Entity &multipart) {
  auto running = std::count_if(open_.begin(), open_.end(),
                               [](const Entity &entity) { return entity.digests != nullptr; });
  if (static_cast<std::size_t>(running) < max_digests)
    multipart.digests =
        std::make_unique<ContentDigests>(ContentDigests::for_micalg(multipart.micalg));
}

void SignedPartDigests::give_up() {
  for (Entity &entity : open_)
    entity.digests.reset();
}

// Gives bytes of the innermost open entity, or of its boundary, to the digests of the
// multipart/signed above it whose first part they are in; only those outside of level end.
void SignedPartDigests::add(Bytes bytes, std::size_t end) {
  for (std::size_t level = 0; level < end && level + 1 < open_.size(); level++) {
    ContentDigests *digests = open_[level].digests.get();
    const Entity &child = open_[level + 1];
    bool is_first = child.index == 1 || (child.index == 0 && open_[level].children == 0);
    if (digests != nullptr && is_first)
      digests->update_lines(bytes);
  }
}

void SignedPartDigests::add(const message_block &block) {
  const message_header_line *hdr = block.hdr;
  if (hdr == nullptr) {
    add({block.data, block.size}, open_.size());
    return;
  }
  if (!hdr->continued) {
    add(as_bytes({hdr->name, hdr->name_len}), open_.size());
    add({hdr->middle, hdr->middle_len}, open_.size());
  }
  add({hdr->value, hdr->value_len}, open_.size());
  if (!hdr->no_newline)
    held_line_end_ = hdr->crlf_newline ? "\r\n" : "\n";
}

void SignedPartDigests::add_held(std::size_t end) {
  add(as_bytes(held_line_end_), end);
  held_line_end_ = {};
}

// A header line's end belongs to the boundary where one follows at once, which shows in the
// next block: lib-mail gives it to the header, and takes it off the sizes later.
void SignedPartDigests::before(const message_block &block) {
  if (held_line_end_.empty() || (block.hdr == nullptr && block.size == 0))
    return;
  bool is_boundary = block.hdr == nullptr && block.data[0] == '-';
  std::size_t end = open_.size();
  if (is_boundary && block.part != open_.back().part)
    for (end = 0; end < open_.size() && open_[end].part != block.part;)
      end++;
  add_held(end);
}

} // namespace smime

// Digests of the first parts of the multipart/signed entities that are open, from the blocks of
// lib-mail's parser: every byte as it is in the message.
#ifndef SMIME_SIGNED_PART_DIGESTS_H
#define SMIME_SIGNED_PART_DIGESTS_H

#include "scanner/base/dovecot-lib.h"
#include "scanner/mime/entity.h"

#include <string_view>
#include <vector>

namespace smime {

class SignedPartDigests {
public:
  // open: the entities that are open, outermost first; must outlive this.
  explicit SignedPartDigests(std::vector<Entity> &open) : open_(open) {}

  // multipart, an open multipart/signed, gets digests for its first part; not if as many signed
  // parts in signed parts as are allowed have some.
  void begin(Entity &multipart);
  // Before the block's part is made the innermost open entity.
  void before(const message_block &block);
  // The block's bytes, of the innermost open entity.
  void add(const message_block &block);
  // At the end of the message.
  void finish() { add_held(open_.size()); }
  // The structure of the rest is not known: the digests of all open entities are dropped.
  void give_up();

private:
  void add(Bytes bytes, std::size_t end);
  void add_held(std::size_t end);

  std::vector<Entity> &open_;
  // The line end that lib-mail has given out last. It belongs to the part that goes on, or to the
  // boundary that follows (RFC 2046 section 5.1.1): the next block tells which.
  std::string_view held_line_end_;
};

} // namespace smime

#endif

// The entities that a walk over lib-mail's message blocks is in, and their IMAP
// section numbers (RFC 3501 section 6.4.5): one rule for scanner and plugin.
// Include after Dovecot's lib.h and message-part.h.
#ifndef SMIME_SECTION_NUMBER_H
#define SMIME_SECTION_NUMBER_H

#include <string>
#include <vector>

namespace smime {

// The number of the index-th (from 1) child of the entity numbered parent. The
// message in a message/rfc822 part shares that part's number if it is a
// multipart.
inline std::string section_number(const std::string &parent, bool parent_is_message, unsigned index,
                                  bool multipart) {
  if (parent_is_message && multipart)
    return parent;
  return parent.empty() ? std::to_string(index) : parent + "." + std::to_string(index);
}

// Gives the open entity at level its number and tells its parent of it, once its
// header tells what it is. Returns false if it has one already. Entity has part,
// path, index (0: none yet), children, first_child and first_child_path.
template <typename Entity> bool number_entity(std::vector<Entity> &open, std::size_t level) {
  Entity &entity = open[level];
  if (entity.index != 0)
    return false;
  bool multipart = (entity.part->flags & MESSAGE_PART_FLAG_MULTIPART) != 0;
  if (level == 0) {
    entity.index = 1;
    entity.path = multipart ? "" : "1";
    return true;
  }
  Entity &parent = open[level - 1];
  entity.index = ++parent.children;
  bool in_message = (parent.part->flags & MESSAGE_PART_FLAG_MESSAGE_RFC822) != 0;
  entity.path = section_number(parent.path, in_message, entity.index, multipart);
  if (entity.index == 1) {
    parent.first_child = entity.part;
    parent.first_child_path = entity.path;
  }
  return true;
}

// Makes the part of the next block the innermost open entity: closes those that
// have ended with close_top(), and settles the one that it is in with
// settle_top().
template <typename Entity, typename Close, typename Settle>
void enter_part(std::vector<Entity> &open, const message_part *part, Close close_top,
                Settle settle_top) {
  while (!open.empty() && open.back().part != part && open.back().part != part->parent)
    close_top();
  if (!open.empty() && open.back().part == part)
    return;
  if (!open.empty())
    settle_top();
  open.emplace_back().part = part;
}

} // namespace smime

#endif

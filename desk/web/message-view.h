// The page of one held message. No Dovecot header.
#ifndef SMIME_DESK_MESSAGE_VIEW_H
#define SMIME_DESK_MESSAGE_VIEW_H

#include "desk/protocol/answer.h"
#include "desk/web/templates.h"

#include <cstdint>

namespace smime::desk {

struct MessagePage {
  const ShowAnswer &show;
  // A PartsAnswer, or why there is none.
  const AnswerBody &parts;
  Kind kind;
  bool html_view;
};

View message_view(const Texts &texts, const MessagePage &page, std::int64_t now);

} // namespace smime::desk

#endif

#include "scanner/content/message-reader.h"

#include "common/ascii.h"
#include "scanner/content/content.h"
#include "scanner/formats/detect.h"
#include "scanner/mime/walk.h"

#include <algorithm>
#include <string_view>
#include <utility>

namespace smime {
namespace {

// Content that its reader, or an MTA's user, may well open without it being a
// message: a bare CMS object, an archive.
bool is_bare_file(Bytes prefix) {
  std::string_view text = as_text(prefix);
  if (looks_like_entity(prefix))
    return false;
  text.remove_prefix(std::min(text.size(), text.find_first_not_of(" \t\r\n")));
  return !looks_like_text(prefix) || text.starts_with("-----BEGIN ") || text.starts_with("MI");
}

} // namespace

MessageReader::MessageReader(Inspection &inspection) : inspection_(inspection) {
  if (inspection.tools().engine != nullptr)
    engine_ = inspection.tools().engine->begin();
}

void MessageReader::feed(Bytes bytes) {
  if (engine_ != nullptr)
    engine_->feed(bytes);
  if (!decided_) {
    prefix_.insert(prefix_.end(), bytes.begin(), bytes.end());
    if (prefix_.size() >= max_type_prefix)
      decide();
    return;
  }
  read(bytes);
}

void MessageReader::read(Bytes bytes) {
  walk_->feed(bytes);
  labels_.feed(bytes, inspection_.wants_labels());
  if (file_ != nullptr)
    file_->feed(bytes);
}

void MessageReader::decide() {
  decided_ = true;
  Bytes beginning = Bytes(prefix_).first(std::min(prefix_.size(), max_type_prefix));
  if (!prefix_.empty() && is_bare_file(beginning)) {
    Place whole;
    whole.path += '1';
    file_ = std::make_unique<Content>(inspection_, std::move(whole));
    walk_ = make_file_walk(inspection_);
  } else {
    walk_ = make_message_walk(inspection_);
  }
  read(prefix_);
  prefix_ = {};
}

void MessageReader::finish() {
  if (!decided_)
    decide();
  walk_->finish();
  if (file_ != nullptr)
    file_->finish();
  inspection_.add_labels({}, labels_.finish(inspection_.wants_labels()));
  if (engine_ != nullptr)
    inspection_.add_verdict({}, engine_->finish());
  // Parts are told of when they end.
  walk_.reset();
  file_.reset();
}

} // namespace smime

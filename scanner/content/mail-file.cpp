#include "scanner/content/mail-file.h"

#include "common/ascii.h"
#include "scanner/formats/detect.h"

#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>

namespace smime {
namespace {

// With which a message begins in an mbox file (RFC 4155, annex A).
constexpr std::string_view separator = "From ";

} // namespace

// It is not what is shown of the message around it, and has a sender of its own.
MailFile::MailFile(Inspection &inspection, Place place)
    : inspection_(inspection), place_(std::move(place)) {
  place_.cover.whole = false;
}

std::unique_ptr<LayerContent> MailFile::make_message() const {
  auto message = std::make_unique<LayerContent>(inspection_, place_, false);
  message->take_as_mail();
  return message;
}

void MailFile::begin(Bytes prefix) {
  whole_ = make_message();
  is_mbox_ = looks_like_mbox(prefix);
  // Its own line is not that of a further message.
  at_line_start_ = false;
}

void MailFile::feed(Bytes bytes) {
  if (whole_ == nullptr) {
    bytes = bytes.subspan(before_mail(bytes));
    begin(bytes);
  }
  whole_->feed(bytes);
  if (is_mbox_)
    feed_further(bytes);
}

// Gathers the beginning of a line, as much as decides; returns what is behind it.
Bytes MailFile::take_line_start(Bytes bytes) {
  while (!bytes.empty() && line_start_.size() < separator.size() && !line_start_.ends_with('\n')) {
    line_start_ += static_cast<char>(bytes.front());
    bytes = bytes.subspan(1);
  }
  return bytes;
}

void MailFile::begin_further() {
  if (further_ != nullptr)
    further_->finish();
  further_.reset();
  messages_++;
  if (!inspection_.count_part(place_))
    return;
  further_ = make_message();
}

void MailFile::feed_further(Bytes bytes) {
  while (!bytes.empty()) {
    if (at_line_start_) {
      bytes = take_line_start(bytes);
      bool is_complete = line_start_.size() == separator.size() || line_start_.ends_with('\n');
      if (!is_complete)
        return;
      if (line_start_ == separator)
        begin_further();
      if (further_ != nullptr)
        further_->feed(as_bytes(line_start_));
      at_line_start_ = line_start_.ends_with('\n');
      line_start_.clear();
      continue;
    }
    const void *newline = std::memchr(bytes.data(), '\n', bytes.size());
    std::size_t length =
        newline == nullptr
            ? bytes.size()
            : static_cast<std::size_t>(static_cast<const unsigned char *>(newline) - bytes.data()) +
                  1;
    if (further_ != nullptr)
      further_->feed(bytes.first(length));
    at_line_start_ = newline != nullptr;
    bytes = bytes.subspan(length);
  }
}

void MailFile::finish() {
  if (whole_ == nullptr)
    begin({});
  whole_->finish();
  if (further_ == nullptr)
    return;
  if (!line_start_.empty())
    further_->feed(as_bytes(line_start_));
  further_->finish();
}

} // namespace smime

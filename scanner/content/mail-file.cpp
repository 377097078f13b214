#include "scanner/content/mail-file.h"

#include "common/ascii.h"
#include "scanner/formats/detect.h"
#include "scanner/formats/utf16.h"

#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

namespace smime {
namespace {

// With which a message begins in an mbox file (RFC 4155, annex A).
constexpr std::string_view mbox_line = "From ";

// Bytes of UTF-16 in either order to a file of mail.
class WideMail : public ByteSink {
public:
  WideMail(Inspection &inspection, const Place &place) : mail_(inspection, place) {}

  void feed(Bytes bytes) override {
    for (unsigned char byte : bytes) {
      if (!has_first_)
        first_ = byte;
      else
        take(first_, byte);
      has_first_ = !has_first_;
    }
    decoder_.feed(units_);
    units_.clear();
  }
  void finish() override { decoder_.finish(); }

private:
  void take(unsigned char first, unsigned char second) {
    if (order_ == Order::unknown) {
      bool is_mark = first + second == 0xfe + 0xff;
      order_ = first == 0xfe || first == 0 ? Order::big : Order::little;
      if (is_mark)
        return;
    }
    units_.push_back(order_ == Order::big ? second : first);
    units_.push_back(order_ == Order::big ? first : second);
  }

  enum class Order : unsigned char { unknown, big, little };
  MailFile mail_;
  Utf16Decoder decoder_{mail_};
  Order order_ = Order::unknown;
  unsigned char first_ = 0;
  bool has_first_ = false;
  std::vector<unsigned char> units_;
};

} // namespace

std::unique_ptr<ByteSink> make_wide_mail(Inspection &inspection, const Place &place) {
  return std::make_unique<WideMail>(inspection, place);
}

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
  if (separator_ == mmdf_line)
    further_ = make_message();
  if (looks_like_mbox(prefix))
    separator_ = mbox_line;
  // Its own line is not that of a further message.
  at_line_start_ = false;
}

void MailFile::feed(Bytes bytes) {
  if (whole_ == nullptr) {
    if (as_text(bytes).starts_with(mmdf_line))
      separator_ = mmdf_line;
    bytes = bytes.subspan(before_mail(bytes));
    begin(bytes);
  }
  // No text has the bytes that stand between the messages of MMDF.
  if (separator_ != mmdf_line)
    whole_->feed(bytes);
  if (!separator_.empty())
    feed_further(bytes);
}

// Gathers the beginning of a line, as much as decides; returns what is behind it.
Bytes MailFile::take_line_start(Bytes bytes) {
  while (!bytes.empty() && line_start_.size() < separator_.size() && !line_start_.ends_with('\n')) {
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
      bool is_complete = line_start_.size() == separator_.size() || line_start_.ends_with('\n');
      if (!is_complete)
        return;
      bool is_between = line_start_ == separator_;
      if (is_between)
        begin_further();
      // The line of MMDF is none of the message.
      if (further_ != nullptr && !(is_between && separator_ == mmdf_line))
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

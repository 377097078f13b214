#include "scanner/content/data-url.h"

#include "common/ascii.h"
#include "scanner/formats/office-marks.h"

#include <algorithm>
#include <cctype>
#include <string_view>

namespace smime {
namespace {

constexpr std::size_t max_media_type = 255;
constexpr std::size_t piece_size = 16384;

bool is_space(unsigned char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

// What ends a URL in HTML, CSS and scripts.
bool is_end(unsigned char c) {
  return c == '"' || c == '\'' || c == '<' || c == '>' || c == ')' || c == '`';
}

int hex_value(char c) {
  if (c >= '0' && c <= '9')
    return c - '0';
  c = static_cast<char>(c | 0x20);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool is_media_type_character(unsigned char c) {
  return std::isalnum(c) != 0 ||
         std::string_view("/+.-;=_*%&#").find(static_cast<char>(c)) != std::string_view::npos;
}

} // namespace

bool DataUrl::take(unsigned char c) {
  if (is_end(c) || (!is_quoted_ && is_space(c)))
    return false;
  if (file_ == nullptr)
    return take_media_type(c);
  take_data(c);
  return true;
}

bool DataUrl::take_media_type(unsigned char c) {
  if (c == ',') {
    // In scripts there is "data:1,".
    if (!media_type_.empty() && media_type_.find_first_of("/;") == std::string::npos)
      return false;
    open();
    return true;
  }
  // Browsers leave out white space.
  if (is_space(c))
    return true;
  media_type_ += static_cast<char>(c);
  return is_media_type_character(c) && media_type_.size() <= max_media_type;
}

void DataUrl::open() {
  std::string type = lower(media_type_);
  constexpr std::string_view marker = ";base64";
  is_base64_ = type.find(marker) != std::string::npos;
  type.erase(std::min(type.size(), type.find(';')));
  file_ = std::make_unique<InnerFile>(inspection_, place_, "data", type);
}

void DataUrl::take_data(unsigned char c) {
  if (!escape_.empty() || c == '%') {
    escape_ += static_cast<char>(c);
    if (escape_.size() < 3)
      return;
    int high = hex_value(escape_[1]);
    int low = hex_value(escape_[2]);
    if (high >= 0 && low >= 0)
      data_.push_back(static_cast<unsigned char>(high << 4 | low));
    else
      data_.insert(data_.end(), escape_.begin(), escape_.end());
    escape_.clear();
  } else if (c != '\r' && c != '\n') {
    data_.push_back(c);
  }
  if (data_.size() >= piece_size)
    flush();
}

void DataUrl::flush() {
  if (file_ == nullptr)
    return;
  if (is_base64_) {
    std::vector<unsigned char> decoded;
    decoder_.decode(data_, decoded);
    file_->feed(decoded);
  } else {
    file_->feed(data_);
  }
  data_.clear();
}

void DataUrl::finish() {
  flush();
  if (file_ != nullptr)
    file_->finish();
  file_.reset();
}

} // namespace smime

#include "scanner/content/embedded-data.h"

#include "common/ascii.h"
#include "scanner/content/character-references.h"
#include "scanner/content/data-url.h"
#include "scanner/formats/office-marks.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace smime {
namespace {

using namespace std::string_view_literals;

// Data in base64 to an inner file.
class Base64File {
public:
  Base64File(Inspection &inspection, const Place &place, std::string_view name)
      : file_(inspection, place, name) {}

  void feed(Bytes bytes) {
    decoded_.clear();
    decoder_.decode(bytes, decoded_);
    file_.feed(decoded_);
  }
  void finish() { file_.finish(); }

private:
  Base64Decoder decoder_;
  std::vector<unsigned char> decoded_;
  InnerFile file_;
};

// HTML, SVG and XML: data: URLs and elements whose content is base64.
class MarkupData : public ByteSink {
public:
  MarkupData(Inspection &inspection, const Place &place) : inspection_(inspection), place_(place) {}

  void feed(Bytes bytes) override;
  void finish() override;

private:
  // What is looked at of the text in front of a colon or the end of a tag.
  static constexpr std::size_t max_before = 300;

  void take(Bytes bytes);
  Bytes search(Bytes bytes);
  Bytes take_url(Bytes bytes);
  Bytes take_element(Bytes bytes);
  void keep(Bytes bytes);
  void look_at_colon();
  void look_at_tag();

  Inspection &inspection_;
  Place place_;
  CharacterReferences references_;
  std::string before_;
  std::optional<DataUrl> url_;
  std::optional<Base64File> element_;
};

void MarkupData::feed(Bytes bytes) {
  references_.decode(bytes, [this](Bytes decoded) { take(decoded); });
}

void MarkupData::take(Bytes bytes) {
  while (!bytes.empty() && !inspection_.stopped()) {
    if (url_)
      bytes = take_url(bytes);
    else if (element_)
      bytes = take_element(bytes);
    else
      bytes = search(bytes);
  }
}

// Up to the next colon or end of a tag.
Bytes MarkupData::search(Bytes bytes) {
  std::string_view text = as_text(bytes);
  std::size_t at = text.find_first_of(":>");
  if (at == std::string_view::npos) {
    keep(bytes);
    return {};
  }
  keep(bytes.first(at));
  if (text[at] == ':')
    look_at_colon();
  else
    look_at_tag();
  keep(bytes.subspan(at, 1));
  return bytes.subspan(at + 1);
}

void MarkupData::keep(Bytes bytes) {
  std::string_view text = as_text(bytes);
  if (text.size() >= max_before) {
    before_ = text.substr(text.size() - max_before);
    return;
  }
  before_ += text;
  if (before_.size() > 4 * max_before)
    before_.erase(0, before_.size() - max_before);
}

// The word "data" in front of a colon, in any case; browsers leave out line ends and tabs.
void MarkupData::look_at_colon() {
  constexpr std::string_view scheme = "atad";
  std::size_t matched = 0;
  auto at = before_.rbegin();
  for (; at != before_.rend() && matched < scheme.size(); ++at) {
    if (*at == '\r' || *at == '\n' || *at == '\t')
      continue;
    if ((*at | 0x20) != scheme[matched])
      return;
    matched++;
  }
  if (matched < scheme.size())
    return;
  if (at != before_.rend() && std::isalnum(static_cast<unsigned char>(*at)) != 0)
    return;
  at = std::find_if(at, before_.rend(), [](char c) { return c != ' '; });
  char in_front = at == before_.rend() ? ' ' : *at;
  url_.emplace(inspection_, place_, in_front == '"' || in_front == '\'' || in_front == '`');
}

Bytes MarkupData::take_url(Bytes bytes) {
  for (std::size_t i = 0; i < bytes.size(); i++) {
    if (url_->take(bytes[i]))
      continue;
    url_->finish();
    url_.reset();
    before_.clear();
    return bytes.subspan(i);
  }
  return {};
}

// <office:binary-data>, <w:binData w:name="...">, <pkg:binaryData>.
void MarkupData::look_at_tag() {
  static constexpr std::array names{"binary-data"sv, "bindata"sv, "binarydata"sv};
  std::size_t start = before_.rfind('<');
  if (start == std::string::npos || before_.ends_with('/'))
    return;
  std::string tag = lower(std::string_view(before_).substr(start + 1));
  tag.erase(std::min(tag.size(), tag.find_first_of(" \t\r\n")));
  if (tag.starts_with('/'))
    return;
  std::string_view name = std::string_view(tag).substr(tag.find(':') + 1);
  if (std::find(names.begin(), names.end(), name) != names.end())
    element_.emplace(inspection_, place_, "data");
}

Bytes MarkupData::take_element(Bytes bytes) {
  std::size_t end = std::min(bytes.size(), as_text(bytes).find('<'));
  element_->feed(bytes.first(end));
  if (end < bytes.size()) {
    element_->finish();
    element_.reset();
    before_.clear();
  }
  return bytes.subspan(end);
}

void MarkupData::finish() {
  references_.finish([this](Bytes decoded) { take(decoded); });
  if (url_)
    url_->finish();
  if (element_)
    element_->finish();
  url_.reset();
  element_.reset();
}

// iCalendar and vCard: properties whose parameters say base64, and data: URLs as values.
class CardData : public ByteSink {
public:
  CardData(Inspection &inspection, const Place &place) : inspection_(inspection), place_(place) {}

  void feed(Bytes bytes) override;
  void finish() override { end_value(); }

private:
  enum class State : unsigned char { property, ordinary, base64, scheme, url };

  // A name with its parameters; longer ones are read to this length.
  static constexpr std::size_t max_property = 4096;
  static constexpr std::size_t piece_size = 4096;

  void take(unsigned char c);
  void take_in_line(unsigned char c);
  void begin_value();
  void take_scheme(unsigned char c);
  void flush();
  void end_value();

  Inspection &inspection_;
  Place place_;
  State state_ = State::property;
  std::string property_;
  bool in_quotes_ = false;
  // A line end was seen: the next character says whether the line goes on.
  bool at_line_end_ = false;
  std::string scheme_;
  std::vector<unsigned char> piece_;
  std::optional<Base64File> file_;
  std::optional<DataUrl> url_;
};

void CardData::feed(Bytes bytes) {
  for (std::size_t i = 0; i < bytes.size() && !inspection_.stopped(); i++)
    take(bytes[i]);
}

// Lines are folded: white space at the beginning of a line continues the one before.
void CardData::take(unsigned char c) {
  if (c == '\r')
    return;
  if (c == '\n') {
    at_line_end_ = true;
    return;
  }
  if (at_line_end_) {
    at_line_end_ = false;
    if (c == ' ' || c == '\t')
      return;
    end_value();
  }
  take_in_line(c);
}

void CardData::take_in_line(unsigned char c) {
  switch (state_) {
  case State::property:
    in_quotes_ = in_quotes_ != (c == '"');
    if (c == ':' && !in_quotes_)
      begin_value();
    else if (property_.size() < max_property)
      property_ += static_cast<char>(c);
    break;
  case State::scheme: take_scheme(c); break;
  case State::base64:
    piece_.push_back(c);
    if (piece_.size() >= piece_size)
      flush();
    break;
  case State::url:
    // vCard escapes the separators of its lists.
    if (c != '\\' && !url_->take(c))
      state_ = State::ordinary;
    break;
  case State::ordinary: break;
  }
}

void CardData::begin_value() {
  std::string property = lower(property_);
  std::erase(property, '"');
  std::erase(property, ' ');
  state_ = State::scheme;
  if (property.find(";encoding=b") != std::string::npos ||
      property.find(";base64") != std::string::npos ||
      property.find(";value=binary") != std::string::npos) {
    state_ = State::base64;
    file_.emplace(inspection_, place_, property.substr(0, property.find(';')));
  }
}

void CardData::take_scheme(unsigned char c) {
  constexpr std::string_view scheme = "data:";
  scheme_ += static_cast<char>(c);
  if (!scheme.starts_with(lower(scheme_))) {
    state_ = State::ordinary;
  } else if (scheme_.size() == scheme.size()) {
    state_ = State::url;
    url_.emplace(inspection_, place_, true);
  }
}

void CardData::flush() {
  if (file_)
    file_->feed(piece_);
  piece_.clear();
}

void CardData::end_value() {
  flush();
  if (file_)
    file_->finish();
  if (url_)
    url_->finish();
  file_.reset();
  url_.reset();
  property_.clear();
  scheme_.clear();
  in_quotes_ = false;
  state_ = State::property;
}

bool is_markup(const Place &place, std::string_view text) {
  static constexpr std::array types{"html"sv, "xml"sv, "svg"sv};
  static constexpr std::array endings{".htm"sv, ".html"sv, ".xhtml"sv, ".svg"sv,
                                      ".xml"sv, ".hta"sv,  ".shtml"sv, ".css"sv};
  std::string type = lower(place.type);
  std::string name = lower(place.name);
  return text.starts_with('<') ||
         std::any_of(types.begin(), types.end(),
                     [&](std::string_view t) { return type.find(t) != std::string::npos; }) ||
         std::any_of(endings.begin(), endings.end(),
                     [&](std::string_view e) { return name.ends_with(e); });
}

bool is_card(const Place &place, std::string_view text) {
  static constexpr std::array types{"text/calendar"sv, "text/vcard"sv, "text/x-vcard"sv,
                                    "text/directory"sv, "text/x-vcalendar"sv};
  std::string type = lower(place.type);
  return lower(text.substr(0, 7)) == "begin:v" ||
         std::find(types.begin(), types.end(), type) != types.end();
}

} // namespace

std::unique_ptr<ByteSink> make_embedded_data_reader(Inspection &inspection, const Place &place,
                                                    Bytes prefix) {
  std::string_view text = as_text(prefix);
  text.remove_prefix(std::min(text.size(), text.find_first_not_of("\xef\xbb\xbf \t\r\n")));
  // HTML may begin with a card's words.
  if (is_card(place, text) && place.type != "text/html")
    return std::make_unique<CardData>(inspection, place);
  if (is_markup(place, text))
    return std::make_unique<MarkupData>(inspection, place);
  return nullptr;
}

} // namespace smime

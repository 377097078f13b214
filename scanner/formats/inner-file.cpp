#include "scanner/formats/inner-file.h"

#include "common/ascii.h"
#include "common/mime-labels.h"
#include "scanner/base/charset-text.h"

#include <algorithm>
#include <array>
#include <string>

namespace smime {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t max_file_name = 255;

Place place_inside(const Place &outer, std::string_view name, std::string_view type) {
  Place place;
  place.path = outer.path;
  place.type = type;
  place.is_text = type.starts_with("text/");
  place.name =
      shortened_name(outer.name + "/" + shortened_name(name, max_file_name), 4 * max_file_name);
  // The name outside has a charset of its own.
  if (!outer.shown_name.empty())
    place.shown_name =
        shortened_name(outer.shown_name + "/" + utf8_text(as_bytes(name), {}), 4 * max_file_name);
  place.has_cms_label = is_cms_type(type) || is_cms_name(name);
  place.in_archive = true;
  place.cover.whole = false;
  return place;
}

} // namespace

InnerFile::InnerFile(Inspection &inspection, const Place &outer, std::string_view name,
                     std::string_view type)
    : inspection_(inspection), place_(place_inside(outer, name, type)) {
  if (inspection_.enter_layer(place_) && inspection_.count_part(place_))
    reader_ = make_content_reader(inspection_, place_);
}

InnerFile::~InnerFile() { inspection_.leave_layer(); }

void InnerFile::feed(Bytes bytes) {
  if (reader_ != nullptr && inspection_.count_expanded(place_, bytes.size()) &&
      inspection_.in_time(place_))
    reader_->feed(bytes);
}

void InnerFile::finish() {
  if (reader_ != nullptr)
    reader_->finish();
  reader_.reset();
}

bool begins_as_file(Bytes prefix) {
  static constexpr std::array signatures{
      "PK\3\4"sv,
      "PK00PK\3\4"sv,
      "7z\xbc\xaf\x27\x1c"sv,
      "Rar!\x1a\7"sv,
      "MSCF\0\0\0\0"sv,
      "%PDF-"sv,
      "{\\rtf"sv,
      "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"sv,
      "\x78\x9f\x3e\x22"sv,                 // TNEF
      "\x76\xe8\x04\x60\xc4\x11\xe3\x86"sv, // rpmsg
      "-----BEGIN PGP "sv,
  };
  std::string_view text = as_text(prefix);
  return std::any_of(signatures.begin(), signatures.end(),
                     [&](std::string_view signature) { return text.starts_with(signature); });
}

} // namespace smime

#include "scanner/formats/tnef.h"

#include "scanner/base/piece-reader.h"
#include "scanner/formats/compressed-rtf.h"
#include "scanner/formats/inner-file.h"
#include "scanner/formats/utf16.h"

#include <optional>
#include <string>
#include <utility>

namespace smime {
namespace {

// MS-OXTNEF section 2.1.3.3: attributes, of a message and of its attachments.
constexpr std::uint32_t att_body = 0x0002800c;
constexpr std::uint32_t att_attach_title = 0x00018010;
constexpr std::uint32_t att_attach_data = 0x0006800f;
constexpr std::uint32_t att_attach_render_data = 0x00069002;
constexpr std::uint32_t att_message_properties = 0x00069003;
constexpr std::uint32_t att_attachment = 0x00069005;
constexpr unsigned char message_level = 1;
constexpr unsigned char attachment_level = 2;
constexpr std::size_t header_size = 6; // the signature, and a key that nobody needs
constexpr std::size_t max_name = 255;

// MS-OXCDATA section 2.11.1.
constexpr std::uint32_t type_object = 0x000d;
constexpr std::uint32_t type_string = 0x001e;
constexpr std::uint32_t type_unicode = 0x001f;
constexpr std::uint32_t type_guid = 0x0048;
constexpr std::uint32_t type_binary = 0x0102;
constexpr std::uint32_t multiple_values = 0x1000;
constexpr std::uint32_t first_named_property = 0x8000;

// MS-OXPROPS.
constexpr std::uint32_t property_body = 0x1000;
constexpr std::uint32_t property_rtf = 0x1009;
constexpr std::uint32_t property_html = 0x1013;
constexpr std::uint32_t property_attach_data = 0x3701;

// Bytes of a value of fixed size, padded to four; 0: the value says it.
std::uint32_t fixed_size(std::uint32_t type) {
  switch (type) {
  case 0x0002:
  case 0x0003:
  case 0x0004:
  case 0x000a:
  case 0x000b: return 4;
  case 0x0005:
  case 0x0006:
  case 0x0007:
  case 0x0014:
  case 0x0040: return 8;
  case type_guid: return 16;
  default: return 0;
  }
}

bool has_sized_values(std::uint32_t type) {
  return type == type_object || type == type_string || type == type_unicode || type == type_binary;
}

std::uint64_t padding(std::uint64_t size) { return (4 - size % 4) % 4; }

class TnefReader : public ByteSink {
public:
  TnefReader(Inspection &inspection, const Place &place)
      : inspection_(inspection), place_(place), fiber_([this](Fiber &fiber) { run(fiber); }) {}

  void feed(Bytes bytes) override {
    if (!inspection_.stopped())
      fiber_.feed(bytes);
  }
  void finish() override {
    fiber_.finish();
    if (!whole_ && !inspection_.stopped())
      inspection_.add_uninspectable(place_, "damaged-document");
  }

private:
  void run(Fiber &fiber);
  bool read_attributes(PieceReader &reader);
  bool read_attribute(PieceReader &reader);
  bool read_data(PieceReader &reader, std::uint32_t attribute, std::uint32_t size);
  bool read_properties(PieceReader &reader, std::uint32_t size);
  bool read_property(PieceReader &reader);
  bool skip_property_name(PieceReader &reader);
  bool read_value(PieceReader &reader, std::uint32_t type, std::uint32_t id, std::uint32_t size);
  bool read_file(PieceReader &reader, std::uint64_t size, std::string_view type = {});
  bool take(std::uint64_t size);
  std::string name() const;

  Inspection &inspection_;
  Place place_;
  std::string title_;
  unsigned attachments_ = 0;
  // Of the attribute with properties that is being read.
  std::uint64_t left_ = 0;
  bool whole_ = false;
  // Last: it is ended before what it uses is gone.
  Fiber fiber_;
};

// Runs on the fiber; nothing may be thrown out of it.
void TnefReader::run(Fiber &fiber) {
  try {
    PieceReader reader(fiber);
    whole_ = reader.skip(header_size) && read_attributes(reader);
  } catch (...) {
    whole_ = false;
  }
  while (!fiber.wait().empty()) {
  }
}

bool TnefReader::read_attributes(PieceReader &reader) {
  while (!inspection_.stopped() && reader.has_more()) {
    if (!read_attribute(reader))
      return false;
  }
  return true;
}

// A level, what it is, its length, its data and a checksum, which readers need not check.
bool TnefReader::read_attribute(PieceReader &reader) {
  unsigned char level = 0;
  std::uint32_t attribute = 0;
  std::uint32_t size = 0;
  std::uint32_t checksum = 0;
  if (!reader.read(&level, 1) || !reader.u32(attribute) || !reader.u32(size))
    return false;
  // Nothing else stands there; what follows cannot be read then.
  if (level != message_level && level != attachment_level)
    return false;
  return read_data(reader, attribute, size) && reader.u16(checksum);
}

bool TnefReader::read_data(PieceReader &reader, std::uint32_t attribute, std::uint32_t size) {
  switch (attribute) {
  case att_attach_render_data: // An attachment begins.
    attachments_++;
    title_.clear();
    return reader.skip(size);
  case att_attach_title: {
    std::vector<unsigned char> title;
    bool is_read = reader.read_some(size, title, max_name);
    title_.assign(title.begin(), std::find(title.begin(), title.end(), 0));
    return is_read;
  }
  case att_attach_data: return read_file(reader, size);
  case att_body: return read_file(reader, size, "text/plain");
  case att_message_properties:
  case att_attachment: return read_properties(reader, size);
  default: return reader.skip(size);
  }
}

// MS-OXTNEF section 2.1.3.4.
bool TnefReader::read_properties(PieceReader &reader, std::uint32_t size) {
  left_ = size;
  std::uint32_t count = 0;
  if (!take(4) || !reader.u32(count))
    return false;
  for (std::uint32_t i = 0; i < count && left_ > 0; i++) {
    if (!inspection_.in_time(place_) || !read_property(reader))
      return false;
  }
  return reader.skip(left_);
}

// What does not fit into the attribute is no property.
bool TnefReader::take(std::uint64_t size) {
  if (size > left_)
    return false;
  left_ -= size;
  return true;
}

bool TnefReader::read_property(PieceReader &reader) {
  std::uint32_t type = 0;
  std::uint32_t id = 0;
  if (!take(4) || !reader.u16(type) || !reader.u16(id))
    return false;
  if (id >= first_named_property && !skip_property_name(reader))
    return false;
  std::uint32_t count = 1;
  std::uint32_t base = type & ~multiple_values;
  bool is_counted = (type & multiple_values) != 0 || has_sized_values(base);
  if (is_counted && (!take(4) || !reader.u32(count)))
    return false;
  std::uint32_t size = fixed_size(base);
  if (size > 0)
    return take(std::uint64_t{size} * count) && reader.skip(std::uint64_t{size} * count);
  if (!has_sized_values(base))
    return false;
  for (std::uint32_t i = 0; i < count; i++) {
    if (!take(4) || !reader.u32(size) || !take(size + padding(size)) ||
        !read_value(reader, base, id, size) || !reader.skip(padding(size)))
      return false;
  }
  return true;
}

bool TnefReader::skip_property_name(PieceReader &reader) {
  constexpr std::uint32_t guid_size = 16;
  std::uint32_t kind = 0;
  std::uint32_t number = 0;
  if (!take(guid_size + 8) || !reader.skip(guid_size) || !reader.u32(kind) || !reader.u32(number))
    return false;
  if (kind == 0)
    return true;
  std::uint64_t size = number + padding(number);
  return take(size) && reader.skip(size);
}

bool TnefReader::read_value(PieceReader &reader, std::uint32_t type, std::uint32_t id,
                            std::uint32_t size) {
  // An interface comes before an object: a message (TNEF again) or an OLE storage.
  constexpr std::uint32_t interface_size = 16;
  if (id == property_attach_data && type == type_object && size > interface_size)
    return reader.skip(interface_size) && read_file(reader, size - interface_size);
  if (id == property_attach_data && type == type_binary)
    return read_file(reader, size);
  if (id == property_html || (id == property_body && type == type_string))
    return read_file(reader, size, id == property_html ? "text/html" : "text/plain");
  if (id == property_rtf && type == type_binary) {
    InnerFile text(inspection_, place_, "body", "text/rtf");
    CompressedRtf decoder(text);
    bool is_read = reader.each(size, [&](Bytes bytes) { decoder.feed(bytes); });
    decoder.finish();
    return is_read && decoder.is_known();
  }
  if (id == property_body && type == type_unicode) {
    InnerFile text(inspection_, place_, "body", "text/plain");
    Utf16Decoder decoder(text);
    bool is_read = reader.each(size, [&](Bytes bytes) { decoder.feed(bytes); });
    decoder.finish();
    return is_read;
  }
  return reader.skip(size);
}

bool TnefReader::read_file(PieceReader &reader, std::uint64_t size, std::string_view type) {
  InnerFile file(inspection_, place_, type.empty() ? name() : "body", type);
  bool is_read = reader.each(size, [&](Bytes bytes) { file.feed(bytes); });
  file.finish();
  return is_read;
}

std::string TnefReader::name() const {
  return title_.empty() ? "attachment " + std::to_string(attachments_) : title_;
}

} // namespace

std::unique_ptr<ByteSink> make_tnef_reader(Inspection &inspection, const Place &place) {
  return std::make_unique<TnefReader>(inspection, place);
}

} // namespace smime

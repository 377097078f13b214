#include "scanner/mime/reading.h"

#include "common/ascii.h"
#include "scanner/base/scan-limits.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace smime {
namespace {

// Of a body, to see whether it is base64.
constexpr std::size_t max_undecided = 128;

class Reading : public ByteSink {
public:
  // The inspection has let it in.
  Reading(Inspection &inspection, std::unique_ptr<ByteSink> reader)
      : inspection_(inspection), reader_(std::move(reader)) {}
  ~Reading() override { inspection_.leave_reading(); }

  void feed(Bytes bytes) override { reader_->feed(bytes); }
  void finish() override { reader_->finish(); }

private:
  Inspection &inspection_;
  std::unique_ptr<ByteSink> reader_;
};

// Gathers the body's beginning until that tells whether it is read.
class DecidingReading : public ByteSink {
public:
  DecidingReading(Inspection &inspection, Place place, MakeReader make)
      : inspection_(inspection), place_(std::move(place)), make_(std::move(make)) {}

  void feed(Bytes bytes) override {
    if (is_decided_) {
      if (reading_ != nullptr)
        pass(bytes);
      return;
    }
    beginning_.append(as_text(bytes));
    if (is_enough(beginning_))
      decide();
  }
  void finish() override {
    if (!is_decided_)
      decide();
    if (reading_ != nullptr)
      reading_->finish();
  }

protected:
  virtual bool is_enough(std::string_view beginning) const = 0;
  virtual bool is_wanted(std::string_view beginning) const = 0;
  virtual Bytes decoded(Bytes bytes) { return bytes; }
  // What goes before the bytes.
  virtual std::string head(std::string_view /*beginning*/) const { return {}; }

private:
  void decide() {
    is_decided_ = true;
    const std::string beginning = std::exchange(beginning_, {});
    if (!is_wanted(beginning))
      return;
    reading_ = make_reading(inspection_, place_, head(beginning), make_);
    if (reading_ != nullptr)
      pass(as_bytes(beginning));
  }
  void pass(Bytes bytes) { reading_->feed(decoded(bytes)); }

  Inspection &inspection_;
  Place place_;
  MakeReader make_;
  std::string beginning_;
  bool is_decided_ = false;
  std::unique_ptr<ByteSink> reading_;
};

class DecodedReading : public DecidingReading {
public:
  DecodedReading(Inspection &inspection, Place place, TransferDecoder::Encoding encoding,
                 MakeReader make)
      : DecidingReading(inspection, std::move(place), std::move(make)), encoding_(encoding),
        decoder_(encoding) {}

private:
  bool is_enough(std::string_view beginning) const override {
    return encoding_ != TransferDecoder::Encoding::base64 || beginning.size() >= max_undecided;
  }
  bool is_wanted(std::string_view beginning) const override {
    return encoding_ != TransferDecoder::Encoding::base64 ||
           Entity::looks_like_base64(as_bytes(beginning.substr(0, max_undecided)));
  }
  Bytes decoded(Bytes bytes) override { return decoder_.decode(bytes); }

  TransferDecoder::Encoding encoding_;
  TransferDecoder decoder_;
};

// The lines up to the first empty one, which are the header if they are any.
std::string_view first_lines(std::string_view text) {
  text.remove_prefix(std::min(text.size(), text.find_first_not_of("\r\n")));
  for (std::size_t at = text.find('\n'); at != std::string_view::npos;
       at = text.find('\n', at + 1)) {
    std::string_view next = text.substr(at + 1);
    if (next.starts_with('\n') || next.starts_with("\r\n"))
      return text.substr(0, at + 1);
  }
  return text;
}

// Whether one of the lines is a field with a name that begins so.
bool has_field(std::string_view lines, std::string_view name) {
  while (!lines.empty()) {
    std::string_view line = lines.substr(0, lines.find('\n'));
    if (begins_ignoring_case(line, name) && line.find(':') != std::string_view::npos)
      return true;
    lines.remove_prefix(std::min(lines.size(), line.size() + 1));
  }
  return false;
}

class HeaderReading : public DecidingReading {
public:
  HeaderReading(Inspection &inspection, Place place, std::string type, MakeReader make)
      : DecidingReading(inspection, std::move(place), std::move(make)), type_(std::move(type)) {}

private:
  bool is_enough(std::string_view beginning) const override {
    return beginning.size() >= max_type_prefix ||
           first_lines(beginning).size() +
                   std::min(beginning.size(), beginning.find_first_not_of("\r\n")) <
               beginning.size();
  }
  bool is_wanted(std::string_view beginning) const override {
    return has_field(first_lines(beginning.substr(0, max_type_prefix)), "content-t");
  }
  std::string head(std::string_view beginning) const override {
    bool has_type = has_field(first_lines(beginning.substr(0, max_type_prefix)), "content-type");
    return has_type ? "" : type_;
  }

  std::string type_;
};

} // namespace

std::unique_ptr<ByteSink> make_reading(Inspection &inspection, const Place &place,
                                       std::string_view head, const MakeReader &make) {
  if (!inspection.enter_reading(place))
    return nullptr;
  auto reading = std::make_unique<Reading>(inspection, make());
  reading->feed(as_bytes(head));
  return reading;
}

std::unique_ptr<ByteSink> make_decoded_reading(Inspection &inspection, Place place,
                                               TransferDecoder::Encoding encoding,
                                               MakeReader make) {
  return std::make_unique<DecodedReading>(inspection, std::move(place), encoding, std::move(make));
}

std::unique_ptr<ByteSink> make_header_reading(Inspection &inspection, Place place, std::string type,
                                              MakeReader make) {
  return std::make_unique<HeaderReading>(inspection, std::move(place), std::move(type),
                                         std::move(make));
}

} // namespace smime

// Objects as OLE writes them (MS-OLEDS section 2.2): in the stream \1Ole10Native of a compound
// file, and in RTF.
#ifndef SMIME_OLE_OBJECT_H
#define SMIME_OLE_OBJECT_H

#include "scanner/formats/inner-file.h"

#include <memory>
#include <string>
#include <vector>

namespace smime {

// Native data: a packaged file, or what the object's own program wrote.
class OleNative : public ByteSink {
public:
  enum class Size : unsigned char { comes_first, is_known };

  OleNative(Inspection &inspection, const Place &place, Size size)
      : inspection_(inspection), place_(place), size_(size) {}

  void feed(Bytes bytes) override;
  void finish() override;

private:
  void decide();
  bool open_package(Bytes bytes);
  void open(std::string_view name, Bytes bytes);

  Inspection &inspection_;
  Place place_;
  Size size_;
  std::vector<unsigned char> head_;
  bool decided_ = false;
  std::uint64_t left_ = 0;
  std::unique_ptr<InnerFile> file_;
};

// An object with the header that RTF and OLE 1 have in front of native data.
class OleObject : public ByteSink {
public:
  OleObject(Inspection &inspection, const Place &place) : inspection_(inspection), place_(place) {}

  void feed(Bytes bytes) override;
  void finish() override;

private:
  void decide();
  bool open_embedded(Bytes bytes);

  Inspection &inspection_;
  Place place_;
  std::vector<unsigned char> head_;
  bool decided_ = false;
  std::uint64_t left_ = 0;
  std::unique_ptr<ByteSink> data_;
};

} // namespace smime

#endif

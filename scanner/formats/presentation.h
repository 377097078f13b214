// The stream "PowerPoint Document" (MS-PPT section 2.1.2): the objects in it, and whether it is
// encrypted.
#ifndef SMIME_PRESENTATION_H
#define SMIME_PRESENTATION_H

#include "scanner/formats/inner-file.h"

#include <array>
#include <cstdint>
#include <memory>
#include <zlib.h>

namespace smime {

class PresentationObjects : public ByteSink {
public:
  PresentationObjects(Inspection &inspection, const Place &place)
      : inspection_(inspection), place_(place) {}
  ~PresentationObjects() override;

  void feed(Bytes bytes) override;
  void finish() override;
  bool is_encrypted() const { return is_encrypted_; }

private:
  static constexpr std::size_t header_size = 8;

  void begin_record();
  void take(Bytes bytes);
  void inflate_object(Bytes bytes);
  void end_record();

  Inspection &inspection_;
  const Place &place_;
  std::array<unsigned char, header_size> header_{};
  std::size_t header_filled_ = 0;
  std::uint32_t left_ = 0;
  bool is_compressed_ = false;
  // Bytes in front of the compressed object: its size.
  std::uint32_t size_left_ = 0;
  std::unique_ptr<InnerFile> object_;
  z_stream stream_{};
  bool inflating_ = false;
  bool is_encrypted_ = false;
};

} // namespace smime

#endif

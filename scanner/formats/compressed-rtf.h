// The text of a message as Outlook keeps it (MS-OXRTFCP): RTF under a compression of its own.
#ifndef SMIME_COMPRESSED_RTF_H
#define SMIME_COMPRESSED_RTF_H

#include "common/byte-sink.h"

#include <array>
#include <cstdint>
#include <vector>

namespace smime {

class CompressedRtf : public ByteSink {
public:
  explicit CompressedRtf(ByteSink &text);

  void feed(Bytes bytes) override;
  void finish() override { text_.finish(); }
  // What was compressed in no way that is known is not given on.
  bool is_known() const { return state_ != State::unknown; }

private:
  enum class State : unsigned char { header, plain, control, item, reference, ended, unknown };

  static constexpr std::size_t header_size = 16;
  static constexpr std::size_t dictionary_size = 4096;

  void take(unsigned char byte);
  void take_header(unsigned char byte);
  void begin_item();
  void end_item();
  void put(unsigned char byte);
  void copy(unsigned reference);

  ByteSink &text_;
  State state_ = State::header;
  std::array<unsigned char, header_size> header_{};
  std::size_t header_filled_ = 0;
  std::array<unsigned char, dictionary_size> dictionary_{};
  std::size_t at_ = 0;
  unsigned control_ = 0;
  unsigned items_ = 0; // of the control byte that are done
  unsigned char high_ = 0;
  std::vector<unsigned char> output_;
};

} // namespace smime

#endif

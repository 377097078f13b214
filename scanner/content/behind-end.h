// What stands behind the end of a file that knows where it ends: content of its own.
#ifndef SMIME_BEHIND_END_H
#define SMIME_BEHIND_END_H

#include "scanner/inspection/reader.h"

#include <cstdint>
#include <memory>
#include <vector>

namespace smime {

class BehindEnd {
public:
  // inspection outlives it. place is the file's.
  BehindEnd(Inspection &inspection, Place place);
  ~BehindEnd();
  BehindEnd(const BehindEnd &) = delete;
  BehindEnd &operator=(const BehindEnd &) = delete;

  // Takes the bytes behind the end. Padding is nothing.
  void feed(Bytes bytes);
  // size is that of the whole file.
  void finish(std::uint64_t size);

private:
  std::size_t held_at_most() const;
  bool is_slack(std::uint64_t size) const;
  void put_zeros_back();
  void begin();

  Inspection &inspection_;
  Place place_;
  // Until it is worth a look.
  std::vector<unsigned char> held_;
  // How many zeros were left out in front of that.
  std::size_t zeros_ = 0;
  bool entered_ = false;
  std::unique_ptr<ContentReader> reader_;
};

} // namespace smime

#endif

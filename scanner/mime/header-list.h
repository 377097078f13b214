// The fields of a header, to be shown: unfolded, decoded, and each as long as is worth reading.
#ifndef SMIME_HEADER_LIST_H
#define SMIME_HEADER_LIST_H

#include "scanner/inspection/inspection.h"

#include <cstddef>
#include <string>

struct message_header_line;

namespace smime {

class HeaderList {
public:
  explicit HeaderList(Inspection &inspection) : inspection_(inspection) {}
  // The lines as lib-mail's parser gives them.
  void add(const message_header_line &hdr);
  // Behind the last one.
  void finish();

private:
  Inspection &inspection_;
  std::string name_;
  std::string value_;
  bool is_open_ = false;
  bool is_cut_ = false;
  std::size_t total_ = 0;
};

} // namespace smime

#endif

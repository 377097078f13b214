// One data: URL (RFC 2397) from behind its colon to its end, as it flows by.
#ifndef SMIME_DATA_URL_H
#define SMIME_DATA_URL_H

#include "scanner/base/base64.h"
#include "scanner/formats/inner-file.h"

#include <memory>
#include <string>
#include <vector>

namespace smime {

class DataUrl {
public:
  // is_quoted: white space is part of it, and not its end.
  DataUrl(Inspection &inspection, const Place &place, bool is_quoted)
      : inspection_(inspection), place_(place), is_quoted_(is_quoted) {}

  // False where the URL has ended, or is none.
  bool take(unsigned char c);
  void finish();

private:
  bool take_media_type(unsigned char c);
  void open();
  void take_data(unsigned char c);
  void flush();

  Inspection &inspection_;
  const Place &place_;
  bool is_quoted_;
  std::string media_type_;
  bool is_base64_ = false;
  std::string escape_; // of %XX what is there
  std::vector<unsigned char> data_;
  Base64Decoder decoder_;
  std::unique_ptr<InnerFile> file_;
};

} // namespace smime

#endif

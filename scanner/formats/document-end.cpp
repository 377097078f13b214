// Documents.
#include "scanner/formats/file-end.h"

#include <array>
#include <cstring>
#include <string_view>

namespace smime {
namespace {

using namespace std::string_view_literals;

// ISO 32000-1 section 7.5: "%%EOF". Changes follow it that have one of their own: objects, a
// table, a trailer, comments. Whatever else is there is behind the end.
class PdfEnd : public FileEnd {
public:
  PdfEnd() { begin_search(); }

private:
  static constexpr std::string_view mark = "%%EOF";

  std::size_t search(Bytes bytes) override {
    std::size_t at = 0;
    while (at < bytes.size()) {
      if (matched_ == mark.size())
        return at + look_behind(bytes.subspan(at));
      if (matched_ == 0) {
        const void *found = std::memchr(bytes.data() + at, mark[0], bytes.size() - at);
        if (found == nullptr)
          return bytes.size();
        at = static_cast<std::size_t>(static_cast<const unsigned char *>(found) - bytes.data());
      }
      match(bytes[at]);
      at++;
    }
    return at;
  }

  void match(unsigned char c) {
    if (c == static_cast<unsigned char>(mark[matched_]))
      matched_++;
    else if (c != '%' || matched_ != 2) // of three the last two may be the first
      matched_ = c == '%' ? 1 : 0;
  }

  // The first byte that is no white space tells. Returns how many bytes belong to the document.
  std::size_t look_behind(Bytes bytes) {
    constexpr std::string_view spaces = "\0\t\n\f\r "sv;
    constexpr std::string_view beginnings = "0123456789%<xst";
    std::size_t at = 0;
    while (at < bytes.size() && spaces.find(static_cast<char>(bytes[at])) != spaces.npos)
      at++;
    if (at == bytes.size())
      return at;
    if (beginnings.find(static_cast<char>(bytes[at])) == beginnings.npos) {
      end();
      stop_search();
    }
    matched_ = 0;
    return at;
  }

  void read(Bytes) override {}

  std::size_t matched_ = 0;
};

} // namespace

std::unique_ptr<FileEnd> pdf_end() { return std::make_unique<PdfEnd>(); }

} // namespace smime

// Text with armor in it: how it arrives makes no difference.
#include "scanner/openpgp/armor.h"
#include "fuzz.h"

#include <algorithm>
#include <string>

using namespace smime;

int LLVMFuzzerInitialize(int *, char ***) { return 0; }

namespace {

class Found : public ArmorSink {
public:
  bool armor_begins(const ArmorLabel &label) override {
    FUZZ_CHECK(!label.words.empty());
    text += "[" + label.words + (label.at_line_start ? "" : "?");
    return label.words != "PGP SIGNED MESSAGE";
  }
  void armor_line() override {}
  void armor_payload(Bytes base64) override { text.append(base64.begin(), base64.end()); }
  void armor_word(Bytes base64) override { text += "(" + std::to_string(base64.size()) + ")"; }
  void armor_ends() override { text += "]"; }
  // Text of which the end is not there yet may be found once more.
  void mark_found(TextMark mark) override { marks |= 1U << static_cast<unsigned>(mark); }

  std::string text;
  unsigned marks = 0;
};

Found find(Bytes bytes, std::size_t piece) {
  Found found;
  ArmorFinder finder(found);
  for (std::size_t at = 0; at < bytes.size(); at += piece)
    finder.feed(bytes.subspan(at, std::min(piece, bytes.size() - at)));
  finder.finish();
  return found;
}

} // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
  if (size == 0)
    return 0;
  Bytes text(data + 1, size - 1);
  // Whether a piece is binary depends on where it is cut; less than this is never binary.
  if (std::count_if(text.begin(), text.end(), [](unsigned char c) { return c < ' '; }) > 150)
    return 0;
  Found once = find(text, size);
  Found in_pieces = find(text, data[0] + std::size_t{1});
  FUZZ_CHECK(once.marks == in_pieces.marks);
  FUZZ_CHECK(once.text == in_pieces.text);
  return 0;
}

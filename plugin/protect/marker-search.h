// Whether bytes can be a message with protected content at all. Pure.
#ifndef SMIME_MARKER_SEARCH_H
#define SMIME_MARKER_SEARCH_H

#include <span>
#include <string>
#include <string_view>

namespace smime {

// Looks for the words that labels of protected content have, anywhere. Costs
// little more than reading; pieces may be of any size.
class MarkerSearch {
public:
  void update(std::span<const unsigned char> bytes);
  bool found() const { return found_; }
  // The label of something protected, and not only of a message in the message, in which it
  // may be encoded.
  bool found_label() const { return found_label_; }

private:
  void search(std::string_view text);
  // The end of the last piece, where a marker may have begun.
  std::string tail_;
  bool found_ = false;
  bool found_label_ = false;
};

} // namespace smime

#endif

// Writes compact JSON as it goes: one line of ASCII, whose texts have a bound and whose
// entries can be taken back. A document in between takes several times as long, and
// every message pays it.
#ifndef SMIME_JSON_WRITER_H
#define SMIME_JSON_WRITER_H

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace smime {

// What stands at the end of a text that was cut.
inline constexpr std::string_view cut_mark = "[...]";

class JsonWriter {
public:
  // Where the writer is.
  struct Mark {
    std::size_t size = 0;
    bool is_first = true;
  };

  JsonWriter &begin_object() { return open('{'); }
  JsonWriter &end_object() { return close('}'); }
  JsonWriter &begin_list() { return open('['); }
  JsonWriter &end_list() { return close(']'); }
  JsonWriter &key(std::string_view name);
  // The text as a JSON string of at most limit bytes without its quotes, which is
  // cut_mark's size or more: a longer one is cut between two characters and ends with
  // cut_mark. Bytes that are no UTF-8 become U+FFFD. What was written is written again
  // as it is, once it was read.
  JsonWriter &string(std::string_view value, std::size_t limit);
  JsonWriter &number(std::uint64_t value) { return raw(std::to_string(value)); }
  JsonWriter &boolean(bool value) { return raw(value ? "true" : "false"); }
  JsonWriter &put(std::string_view name, std::string_view value, std::size_t limit) {
    return key(name).string(value, limit);
  }
  JsonWriter &put(std::string_view name, std::uint64_t value) { return key(name).number(value); }
  JsonWriter &put_if_set(std::string_view name, std::string_view value, std::size_t limit) {
    return value.empty() ? *this : put(name, value, limit);
  }

  std::size_t size() const { return text_.size(); }
  Mark mark() const { return {text_.size(), is_first_}; }
  // Takes back what was written since.
  void go_back(Mark mark) {
    text_.resize(mark.size);
    is_first_ = mark.is_first;
  }
  std::string take() { return std::move(text_); }

private:
  void separate();
  JsonWriter &raw(std::string_view value);
  JsonWriter &open(char bracket);
  JsonWriter &close(char bracket);

  std::string text_;
  // Nothing to be separated from: at the beginning and behind a key.
  bool is_first_ = true;
};

} // namespace smime

#endif

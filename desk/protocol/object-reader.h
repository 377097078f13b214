// Reads one JSON object whose members are known: each has a type and a bound, and one that nobody
// asked for is an error. The first error is kept, and names the member.
#ifndef SMIME_DESK_OBJECT_READER_H
#define SMIME_DESK_OBJECT_READER_H

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace smime::desk {

// What a text may have in it. None has a NUL, since texts become arguments of commands.
enum class Text : std::uint8_t {
  // No control byte at all.
  line,
  // Line ends and TAB as well.
  lines,
  // Letters, digits and -_.:+ alone.
  word,
  // Any but NUL: a password.
  secret,
};

bool is_text(std::string_view text, Text kind);

class ObjectReader {
public:
  // The object must outlive the reader. where: "filter", for errors.
  ObjectReader(const nlohmann::json &object, std::string where);

  // Empty where the member is missing.
  std::string text(const char *name, std::size_t most, Text kind = Text::line);
  // The same, and it is an error if it is missing or empty.
  std::string needed_text(const char *name, std::size_t most, Text kind = Text::line);
  // A member that is missing is absent.
  std::uint64_t number(const char *name, std::uint64_t least, std::uint64_t most,
                       std::uint64_t absent);
  bool flag(const char *name);
  // Nullptr where the member is missing or is no object or no array of at most most elements.
  const nlohmann::json *object(const char *name);
  const nlohmann::json *array(const char *name, std::size_t most);

  void refuse(const std::string &problem);
  // The error of a reader of something inside.
  void take_error(const std::string &error);
  // Says what is wrong; empty if nothing is, and every member was asked for.
  std::string finish();

private:
  const nlohmann::json *find(const char *name);

  const nlohmann::json &object_;
  std::string where_;
  std::vector<std::string_view> known_;
  std::string error_;
};

} // namespace smime::desk

#endif

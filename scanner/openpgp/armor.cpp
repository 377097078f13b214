#include "scanner/openpgp/armor.h"

#include "common/ascii.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

namespace smime {
namespace {

// What is read at once.
constexpr std::size_t piece_size = 4096;
// A piece with more odd bytes than one in so many is seen by nobody as text, and content with
// such a piece is never called text (content/text-check.h): words in it are looked for as they are.
constexpr std::size_t odd_share = 12;
constexpr std::size_t odd_share_of_less = 10;
constexpr std::size_t least_binary = 1536;
// What is looked at of a line before a label.
constexpr std::size_t max_before = 256;
// Dashes before a label; and what is kept before a place, so that all of this is there.
constexpr std::size_t max_dashes = 128;
constexpr std::size_t max_kept = 512;
// Behind BEGIN: a label with all that may stand between its letters.
constexpr std::size_t max_label = 200;
// Blanks between the words of a label, which may be in two lines.
constexpr std::size_t max_blanks = 24;
// A longer line of armor is read in pieces.
constexpr std::size_t max_line = 1024;
// Dashes, BEGIN or END, and what may stand in between.
constexpr std::size_t max_end = 32;
// Words that are looked at by themselves, and how long they are at least.
constexpr unsigned max_words = 24;
constexpr std::size_t min_word = 16;
// Letters outside ASCII before a label that may be a no-break space of some charset.
constexpr std::size_t max_odd_blanks = 3;
// What is looked at behind a mark.
constexpr std::size_t max_mark = 64;

constexpr std::string_view begin_word = "BEGIN";
constexpr std::size_t rare_in_begin = 2;
// What is looked at behind BEGIN: a label, its dashes, and the next word.
constexpr std::size_t max_behind =
    max_label + max_dashes + 2 * max_blanks + 2 * begin_word.size() + 2;
constexpr std::string_view saltpack_words = "SALTPACK ENCRYPTED MESSAGE.";
constexpr std::string_view end_word = "END";
constexpr std::string_view dashes = "-----";

constexpr bool is_alphanumeric(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}
constexpr bool is_base64(char c) { return is_alphanumeric(c) || c == '+' || c == '/' || c == '='; }
constexpr bool is_line_end(char c) { return c == '\n' || c == '\r'; }
constexpr bool is_odd(char c) { return static_cast<unsigned char>(c) >= 0x80; }
constexpr bool is_blank(char c) { return c == ' ' || c == '\t' || is_odd(c); }

// By the letter of the word at rare, which most text has seldom.
std::size_t find_word(std::string_view text, std::size_t from, std::string_view word,
                      std::size_t rare) {
  from += rare;
  while (from < text.size()) {
    const void *found = std::memchr(text.data() + from, word[rare], text.size() - from);
    if (found == nullptr)
      return std::string_view::npos;
    auto at = static_cast<std::size_t>(static_cast<const char *>(found) - text.data());
    if (text.substr(at - rare, word.size()) == word)
      return at - rare;
    from = at + 1;
  }
  return std::string_view::npos;
}

// What is before end on its line.
std::string_view line_before(std::string_view text, std::size_t end) {
  std::size_t begin = end;
  while (begin > 0 && end - begin < max_before && !is_line_end(text[begin - 1]))
    begin--;
  return text.substr(begin, end - begin);
}

// Quoting, list marks, indentation: no words.
bool is_decoration(std::string_view before) {
  auto is_word = [](char c) { return is_alphanumeric(c); };
  auto odd = static_cast<std::size_t>(std::count_if(before.begin(), before.end(), is_odd));
  return odd <= max_odd_blanks && std::none_of(before.begin(), before.end(), is_word);
}

// Lines that two different readers may end in different places.
std::size_t skip_blanks(std::string_view text, std::size_t at) {
  std::size_t end = std::min(text.size(), at + max_blanks);
  while (at < end && (is_blank(text[at]) || is_line_end(text[at])))
    at++;
  return at;
}

bool is_binary(std::size_t size, std::size_t odd) {
  return size >= least_binary && odd * (size < piece_size ? odd_share_of_less : odd_share) > size;
}

struct FoundLabel {
  ArmorLabel label;
  std::string prefix;
  std::size_t end = 0;
};

// The dashes before a word, as their place; nullopt if there are none. Some software makes one
// letter of two of them.
std::optional<std::size_t> dashes_before(std::string_view text, std::size_t word) {
  std::size_t at = word;
  while (at > 0 && word - at < max_blanks && (is_blank(text[at - 1]) || is_line_end(text[at - 1])))
    at--;
  std::size_t end = at;
  std::size_t count = 0;
  while (
      at > 0 && end - at < max_dashes &&
      (text[at - 1] == '-' || (count > 0 && at > 1 && is_odd(text[at - 1]) && text[at - 2] == '-')))
    count += text[--at] == '-' ? 1 : 0;
  return count >= 2 ? std::optional(at) : std::nullopt;
}

// Of the label whose BEGIN is at found.
std::optional<FoundLabel> read_label(std::string_view text, std::size_t found) {
  auto first = dashes_before(text, found);
  if (!first)
    return std::nullopt;
  FoundLabel result;
  std::size_t at = found + begin_word.size();
  std::size_t limit = std::min(text.size(), at + max_label);
  if (at < limit && !is_blank(text[at]) && !is_line_end(text[at]))
    return std::nullopt;
  std::string &words = result.label.words;
  while (at < limit) {
    std::size_t word = skip_blanks(text, at);
    if (word >= limit || text.substr(word, 2) == "--")
      break;
    if (word != at && !words.empty())
      words += ' ';
    at = word;
    words += text[at++];
  }
  at = skip_blanks(text, at);
  if (words.empty() || !is_alphanumeric(words.front()) || at >= limit || text.substr(at, 2) != "--")
    return std::nullopt;
  std::size_t end = std::min(text.size(), at + max_dashes);
  while (at < end && text[at] == '-')
    at++;
  // These are the dashes of another label, behind what only began as one.
  if (text.substr(skip_blanks(text, at), begin_word.size()) == begin_word)
    return std::nullopt;
  result.end = at;
  result.prefix = line_before(text, *first);
  result.label.at_line_start = is_decoration(result.prefix);
  return result;
}

// Saltpack's armor has no dashes; the program's name may stand before its words.
bool is_saltpack(std::string_view text, std::size_t found) {
  std::string_view behind = text.substr(found, max_mark);
  return behind.substr(0, behind.find('.') + 1).ends_with(saltpack_words);
}

// Dashes with BEGIN or END behind them, from which on it is armor no longer.
std::size_t find_end(std::string_view text) {
  std::size_t behind = 0;
  for (std::size_t at = text.find(dashes); at != std::string_view::npos;
       at = text.find(dashes, behind)) {
    behind = std::min(text.find_first_not_of('-', at), text.size());
    std::size_t word = skip_blanks(text, behind);
    if (text.substr(word, end_word.size()) == end_word ||
        text.substr(word, begin_word.size()) == begin_word)
      return at;
  }
  return std::string_view::npos;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (is_blank(text.back()) || is_line_end(text.back())))
    text.remove_suffix(1);
  return text;
}

// A key and a value (RFC 9580 section 6.2.1).
bool is_armor_header(std::string_view line) {
  auto colon = line.find(':');
  return colon != std::string_view::npos && colon > 0 && line.substr(colon + 1, 1) != ":";
}

// In strings of JSON and scripts, and in RTF, a line's end is written with letters.
std::string without_escapes(std::string_view line) {
  static constexpr std::array<std::string_view, 5> escapes{"\\par", "\\line", "\\n", "\\r", "\\t"};
  std::string result;
  while (!line.empty()) {
    const auto *escape = std::find_if(escapes.begin(), escapes.end(),
                                      [&](std::string_view e) { return line.starts_with(e); });
    bool found = escape != escapes.end();
    result += found ? ' ' : line.front();
    line.remove_prefix(found ? escape->size() : 1);
  }
  return result;
}

struct Mark {
  std::string_view word;
  // The place of a letter in it.
  std::size_t rare;
  TextMark mark;
};
// "Salted__" in base64; the header of Ansible's vaults; values of SOPS and hiera-eyaml.
constexpr std::array<Mark, 4> marks{{
    {"U2FsdGVkX1", 8, TextMark::openssl},
    {"$ANSIBLE_VAULT;", 0, TextMark::ansible_vault},
    {"ENC[", 3, TextMark::encrypted_value},
    // "-BEGIN PGP M", which is the same in all its code pages.
    {"\x60\xc2\xc5\xc7\xc9\xd5\x40\xd7\xc7\xd7\x40\xd4", 3, TextMark::ebcdic_message},
}};

// Whether the mark at that place begins what it says.
bool is_marked(std::string_view text, std::size_t at, const Mark &mark) {
  std::string_view behind = text.substr(at + mark.word.size(), max_mark);
  auto is_first = [&] { return is_decoration(line_before(text, at)); };
  switch (mark.mark) {
  case TextMark::openssl: {
    auto end = std::find_if(behind.begin(), behind.end(), [](char c) { return !is_base64(c); });
    bool ends_line = end == behind.end() || is_blank(*end) || is_line_end(*end) || *end == '<';
    return ends_line && end - behind.begin() >= 20 && is_first();
  }
  case TextMark::ansible_vault:
    return is_first() || line_before(text, at).find("!vault") != std::string_view::npos;
  case TextMark::encrypted_value:
    return behind.starts_with("AES256_GCM,data:") || behind.starts_with("PKCS7,MII");
  case TextMark::ebcdic_message: return true;
  case TextMark::saltpack: break; // by its BEGIN
  }
  return false;
}

} // namespace

void ArmorFinder::feed(Bytes bytes) {
  while (!bytes.empty()) {
    // No piece is small but where what comes is.
    Bytes piece = bytes.first(bytes.size() < 2 * piece_size ? bytes.size() : piece_size);
    bytes = bytes.subspan(piece.size());
    VisibleText::Look look = VisibleText::look(piece);
    bool binary = is_binary(piece.size(), look.odd);
    if (binary)
      visible_.finish(window_);
    if (binary || (look.is_plain && visible_.holds_nothing()))
      window_.append(as_text(piece));
    else
      visible_.add(piece, window_);
    search(false);
  }
}

void ArmorFinder::finish() {
  visible_.finish(window_);
  search(true);
  if (in_armor_)
    sink_.armor_ends();
  in_armor_ = false;
}

void ArmorFinder::search(bool last) {
  look_for_marks(marks_at_, last);
  while (in_armor_ ? take_armor(last) : look_for_label(last)) {
  }
  forget();
}

// Keeps what stands before the places that are next.
void ArmorFinder::forget() {
  std::size_t next = std::min(at_, marks_at_);
  std::size_t gone = next - std::min(next, max_kept);
  window_.erase(0, gone);
  at_ -= gone;
  marks_at_ -= gone;
}

void ArmorFinder::look_for_marks(std::size_t from, bool last) {
  std::string_view text = window_;
  std::size_t room = last ? 0 : max_mark + 32;
  std::size_t end = text.size() - std::min(text.size(), room);
  for (const Mark &mark : marks) {
    for (std::size_t at = find_word(text, from, mark.word, mark.rare); at < end;
         at = find_word(text, at + 1, mark.word, mark.rare)) {
      if (is_marked(text, at, mark))
        sink_.mark_found(mark.mark);
    }
  }
  marks_at_ = std::max(from, end);
}

bool ArmorFinder::look_for_label(bool last) {
  for (;;) {
    std::size_t found = find_word(window_, at_, begin_word, rare_in_begin);
    if (found == std::string::npos) {
      at_ = std::max(at_, window_.size() - std::min(window_.size(), begin_word.size() - 1));
      return false;
    }
    at_ = found;
    if (!last && window_.size() - found < max_behind)
      return false;
    auto label = read_label(window_, found);
    if (!label && is_saltpack(window_, found))
      sink_.mark_found(TextMark::saltpack);
    at_ = label ? label->end : found + begin_word.size();
    if (!label || !sink_.armor_begins(label->label))
      continue;
    in_armor_ = true;
    prefix_ = std::move(label->prefix);
    in_line_ = line_is_payload_ = has_payload_ = payload_ended_ = false;
    words_ = 0;
    return true;
  }
}

// One line of armor, or a piece of a long one.
bool ArmorFinder::take_armor(bool last) {
  std::string_view rest = std::string_view(window_).substr(at_);
  if (rest.empty())
    return false;
  std::size_t end = std::min(rest.substr(0, max_line + 1).find_first_of("\r\n"), rest.size());
  bool ended = end < rest.size();
  if (!ended && !last && rest.size() < max_line + max_end)
    return false;
  // The word behind dashes may be in the next line.
  if (ended && !last && rest.size() < end + max_end)
    return false;
  bool whole = end <= max_line;
  std::string_view line = rest.substr(0, whole ? end : max_line);
  std::size_t stop = find_end(rest.substr(0, line.size() + max_end));
  if (stop < line.size() || (stop == line.size() && stop != std::string_view::npos)) {
    take_line(line.substr(0, stop), true);
    at_ += stop;
    in_armor_ = false;
    sink_.armor_ends();
    return true;
  }
  take_line(line, whole);
  at_ += line.size() + (whole && ended ? 1 : 0);
  return true;
}

void ArmorFinder::take_line(std::string_view line, bool is_whole) {
  std::string unescaped;
  if (line.find('\\') != std::string_view::npos) {
    unescaped = without_escapes(line);
    line = unescaped;
  }
  bool begins = !in_line_;
  in_line_ = !is_whole;
  if (!begins) {
    if (line_is_payload_)
      give_payload(is_whole ? trimmed(line) : line);
    return;
  }
  std::string_view prefix = prefix_;
  if (!prefix.empty() && line.starts_with(prefix))
    line.remove_prefix(prefix.size());
  if (words_ < max_words)
    take_words(line);
  while (!line.empty() && !is_base64(line.front()))
    line.remove_prefix(1);
  line = trimmed(line);
  line_is_payload_ = !line.empty() && (has_payload_ || !is_armor_header(line));
  if (!line_is_payload_)
    return;
  if (std::all_of(line.begin(), line.end(), is_base64))
    sink_.armor_line();
  give_payload(line);
}

void ArmorFinder::take_words(std::string_view line) {
  while (!line.empty() && words_ < max_words) {
    auto *end = std::find_if_not(line.begin(), line.end(), is_base64);
    auto size = static_cast<std::size_t>(end - line.begin());
    if (size >= min_word) {
      words_++;
      sink_.armor_word(as_bytes(line.substr(0, size)));
    }
    line.remove_prefix(std::min(line.size(), size + 1));
  }
}

// Behind padding stands the checksum, and nothing that counts.
void ArmorFinder::give_payload(std::string_view text) {
  while (!text.empty() && !payload_ended_) {
    auto *end = std::find_if_not(text.begin(), text.end(), is_base64);
    std::string_view word(text.begin(), static_cast<std::size_t>(end - text.begin()));
    text.remove_prefix(std::min(text.size(), word.size() + 1));
    if (word.starts_with('=') && has_payload_) {
      payload_ended_ = true;
      return;
    }
    if (word.empty())
      continue;
    has_payload_ = true;
    sink_.armor_payload(as_bytes(word));
  }
}

} // namespace smime

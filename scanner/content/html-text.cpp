#include "scanner/content/html-text.h"

#include "common/ascii.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <utility>

namespace smime {
namespace {

// Of an address that is shown, in bytes.
constexpr std::size_t max_shown_address = 512;
// Of a character reference, in bytes.
constexpr std::size_t max_reference = 32;
// Where a charset may be named (as browsers look for it), in bytes.
constexpr std::size_t max_charset_search = 1024;

constexpr std::string_view blanks = " \t\r\n\f";

bool is_blank(char c) { return blanks.find(c) != std::string_view::npos; }
bool is_letter(char c) { return lower(c) >= 'a' && lower(c) <= 'z'; }

template <std::size_t count>
bool is_one_of(std::string_view name, const std::array<std::string_view, count> &names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// What is in these is no text that anybody sees.
constexpr std::array<std::string_view, 3> unseen{"script", "style", "title"};
// Their content has no tags, up to the end tag of the same name.
constexpr std::array<std::string_view, 9> raw{"script", "style",    "title",   "textarea", "xmp",
                                              "iframe", "noframes", "noembed", "plaintext"};
// They stand on lines of their own.
constexpr std::array<std::string_view, 38> blocks{
    "address", "article", "aside",   "blockquote", "body", "br",       "center", "dd",
    "details", "dir",     "div",     "dl",         "dt",   "fieldset", "figure", "footer",
    "form",    "h1",      "h2",      "h3",         "h4",   "h5",       "h6",     "head",
    "header",  "hr",      "html",    "li",         "main", "nav",      "ol",     "p",
    "pre",     "section", "summary", "table",      "tr",   "ul"};

void append_character(std::string &text, std::uint32_t number) {
  bool is_character = number != 0 && number <= 0x10ffff && (number < 0xd800 || number > 0xdfff);
  if (!is_character)
    number = 0xfffd;
  if (number < 0x80) {
    text += static_cast<char>(number);
    return;
  }
  unsigned more = number < 0x800 ? 1 : number < 0x10000 ? 2 : 3;
  constexpr std::array<unsigned, 4> first{0, 0xc0, 0xe0, 0xf0};
  text += static_cast<char>(first[more] | (number >> (6 * more)));
  while (more-- > 0)
    text += static_cast<char>(0x80 | ((number >> (6 * more)) & 0x3f));
}

struct Named {
  std::string_view name;
  std::uint32_t character;
};

// Those that mail has, and those with which addresses are hidden from who looks at the source.
constexpr std::array<Named, 84> named{{
    {"amp", '&'},      {"lt", '<'},       {"gt", '>'},        {"quot", '"'},
    {"apos", '\''},    {"nbsp", ' '},     {"colon", ':'},     {"semi", ';'},
    {"comma", ','},    {"period", '.'},   {"sol", '/'},       {"bsol", '\\'},
    {"num", '#'},      {"quest", '?'},    {"equals", '='},    {"percnt", '%'},
    {"plus", '+'},     {"commat", '@'},   {"lpar", '('},      {"rpar", ')'},
    {"lowbar", '_'},   {"excl", '!'},     {"ast", '*'},       {"dollar", '$'},
    {"Tab", '\t'},     {"NewLine", '\n'}, {"lsqb", '['},      {"rsqb", ']'},
    {"lbrace", '{'},   {"rbrace", '}'},   {"verbar", '|'},    {"hyphen", 0x2010},
    {"copy", 0xa9},    {"reg", 0xae},     {"trade", 0x2122},  {"hellip", 0x2026},
    {"mdash", 0x2014}, {"ndash", 0x2013}, {"lsquo", 0x2018},  {"rsquo", 0x2019},
    {"ldquo", 0x201c}, {"rdquo", 0x201d}, {"bdquo", 0x201e},  {"sbquo", 0x201a},
    {"laquo", 0xab},   {"raquo", 0xbb},   {"lsaquo", 0x2039}, {"rsaquo", 0x203a},
    {"bull", 0x2022},  {"middot", 0xb7},  {"euro", 0x20ac},   {"pound", 0xa3},
    {"yen", 0xa5},     {"cent", 0xa2},    {"sect", 0xa7},     {"para", 0xb6},
    {"deg", 0xb0},     {"plusmn", 0xb1},  {"times", 0xd7},    {"divide", 0xf7},
    {"auml", 0xe4},    {"ouml", 0xf6},    {"uuml", 0xfc},     {"Auml", 0xc4},
    {"Ouml", 0xd6},    {"Uuml", 0xdc},    {"szlig", 0xdf},    {"eacute", 0xe9},
    {"egrave", 0xe8},  {"ecirc", 0xea},   {"agrave", 0xe0},   {"aacute", 0xe1},
    {"acirc", 0xe2},   {"ccedil", 0xe7},  {"iacute", 0xed},   {"oacute", 0xf3},
    {"uacute", 0xfa},  {"ntilde", 0xf1},  {"shy", 0xad},      {"zwnj", 0x200c},
    {"zwj", 0x200d},   {"ensp", ' '},     {"emsp", ' '},      {"thinsp", ' '},
}};

// A number behind "&#". False if it is none.
bool append_number(std::string &text, std::string_view digits) {
  bool is_hex = !digits.empty() && lower(digits.front()) == 'x';
  digits.remove_prefix(is_hex ? 1 : 0);
  std::uint32_t number = 0;
  auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), number, is_hex ? 16 : 10);
  if (digits.empty() || end != digits.data() + digits.size() ||
      error == std::errc::invalid_argument)
    return false;
  append_character(text, error == std::errc() ? number : 0);
  return true;
}

// What a reference is that text begins with: appended. Returns its size; 0 if it is none, which
// stands as it is.
std::size_t append_reference(std::string &result, std::string_view text) {
  std::string_view rest = text.substr(1, max_reference);
  bool is_number = rest.starts_with('#');
  std::size_t size = is_number ? 1 : 0;
  while (size < rest.size() && ((rest[size] >= '0' && rest[size] <= '9') || is_letter(rest[size])))
    size++;
  bool is_ended = size < rest.size() && rest[size] == ';';
  std::string_view name = rest.substr(0, size);
  std::size_t whole = 1 + size + (is_ended ? 1 : 0);
  if (is_number)
    return append_number(result, name.substr(1)) ? whole : 0;
  const auto *found =
      std::find_if(named.begin(), named.end(), [&](const Named &one) { return one.name == name; });
  if (found == named.end() || !is_ended)
    return 0;
  append_character(result, found->character);
  return whole;
}

std::string without_references(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    std::size_t plain = std::min(text.find('&'), text.size());
    result += text.substr(0, plain);
    text.remove_prefix(plain);
    if (text.empty())
      break;
    std::size_t size = append_reference(result, text);
    if (size == 0)
      result += '&';
    text.remove_prefix(std::max<std::size_t>(size, 1));
  }
  return result;
}

struct Tag {
  std::string name;
  bool is_end = false;
  // Those that are shown, decoded.
  std::string address;
  std::string words;
  // Of a meta element.
  std::string content;
};

class HtmlText {
public:
  explicit HtmlText(std::string_view html) : html_(html) {}

  std::string take() {
    while (!html_.empty()) {
      std::size_t plain = std::min(html_.find('<'), html_.size());
      add_text(html_.substr(0, plain));
      html_.remove_prefix(plain);
      if (!html_.empty())
        take_markup();
    }
    end_link();
    return std::move(text_);
  }

private:
  void take_markup() {
    if (html_.starts_with("<!--"))
      skip_comment();
    else if (html_.size() > 1 && is_letter(html_[1]))
      take_tag(1);
    else if (html_.starts_with("</") && html_.size() > 2 && is_letter(html_[2]))
      take_tag(2);
    else if (html_.starts_with("<!") || html_.starts_with("<?") || html_.starts_with("</"))
      skip_behind(">");
    else {
      add_text("<");
      html_.remove_prefix(1);
    }
  }

  void skip_behind(std::string_view end) {
    std::size_t at = html_.find(end);
    html_.remove_prefix(at == std::string_view::npos ? html_.size() : at + end.size());
  }

  // As browsers have it: "<!-->" is a whole comment.
  void skip_comment() {
    html_.remove_prefix(std::string_view("<!--").size());
    if (html_.starts_with(">") || html_.starts_with("->")) {
      skip_behind(">");
      return;
    }
    std::size_t end = html_.find("-->");
    std::size_t other_end = html_.substr(0, end).find("--!>");
    skip_behind(other_end == std::string_view::npos ? "-->" : "--!>");
  }

  // Of what is not ended nobody sees anything.
  void take_tag(std::size_t at) {
    Tag tag;
    tag.is_end = at == 2;
    html_.remove_prefix(at);
    while (!html_.empty() && !is_blank(html_.front()) && html_.front() != '>' &&
           html_.front() != '/') {
      tag.name += lower(html_.front());
      html_.remove_prefix(1);
    }
    while (!html_.empty() && html_.front() != '>')
      take_attribute(tag);
    if (html_.empty())
      return;
    html_.remove_prefix(1);
    show(tag);
    if (!tag.is_end && is_one_of(tag.name, raw))
      take_raw(tag.name);
  }

  void take_attribute(Tag &tag) {
    if (is_blank(html_.front()) || html_.front() == '/') {
      html_.remove_prefix(1);
      return;
    }
    std::string name;
    do {
      name += lower(html_.front());
      html_.remove_prefix(1);
    } while (!html_.empty() && !is_blank(html_.front()) &&
             std::string_view("=>/").find(html_.front()) == std::string_view::npos);
    std::string_view rest = html_;
    rest.remove_prefix(std::min(rest.find_first_not_of(blanks), rest.size()));
    if (!rest.starts_with('='))
      return;
    rest.remove_prefix(1);
    rest.remove_prefix(std::min(rest.find_first_not_of(blanks), rest.size()));
    html_ = rest;
    keep(tag, name, take_value());
  }

  std::string_view take_value() {
    bool is_quoted = html_.starts_with('"') || html_.starts_with('\'');
    std::size_t end =
        is_quoted ? html_.find(html_.front(), 1) : html_.find_first_of(std::string(blanks) + ">");
    end = std::min(end, html_.size());
    std::string_view value = html_.substr(is_quoted ? 1 : 0, end - (is_quoted ? 1 : 0));
    html_.remove_prefix(std::min(end + (is_quoted ? 1 : 0), html_.size()));
    return value;
  }

  // The first of several counts, as for browsers.
  static void keep(Tag &tag, std::string_view name, std::string_view value) {
    static constexpr std::array<std::string_view, 6> addresses{"href", "src",        "action",
                                                               "data", "formaction", "background"};
    std::string *target = is_one_of(name, addresses)                ? &tag.address
                          : name == "alt" || name == "value"        ? &tag.words
                          : name == "content" && tag.name == "meta" ? &tag.content
                                                                    : nullptr;
    if (target != nullptr && target->empty())
      *target = without_references(value);
  }

  // Up to the end tag, which comes next.
  void take_raw(const std::string &name) {
    std::size_t end = 0;
    for (;;) {
      end = html_.find("</", end);
      if (end == std::string_view::npos || name == "plaintext")
        end = html_.size();
      if (end == html_.size() || equals_ignoring_case(html_.substr(end + 2, name.size()), name))
        break;
      end += 2;
    }
    if (!is_one_of(name, unseen))
      add_text(html_.substr(0, end));
    html_.remove_prefix(end);
  }

  void show(const Tag &tag) {
    if (is_one_of(tag.name, blocks))
      begin_line();
    if (tag.name == "pre")
      in_pre_ = !tag.is_end;
    if ((tag.name == "td" || tag.name == "th") && !tag.is_end)
      add_blank();
    if (tag.name == "li" && !tag.is_end)
      add("* ");
    if (tag.name == "a" || tag.name == "area") {
      end_link();
      link_ = tag.address;
      link_begin_ = text_.size();
    } else if (!tag.is_end) {
      show_others(tag);
    }
  }

  void show_others(const Tag &tag) {
    static constexpr std::array<std::string_view, 14> fetched{
        "img",   "image",  "iframe", "frame",  "object", "embed", "video",
        "audio", "source", "form",   "button", "input",  "base",  "body"};
    if (tag.name == "meta" && lower(tag.content).find("url") != std::string::npos)
      add_bracket("leads to", shortened(tag.content), "");
    // Styles, and icons of pages.
    if (!is_one_of(tag.name, fetched) || (tag.address.empty() && tag.words.empty()))
      return;
    std::string_view what =
        tag.name == "img" || tag.name == "image" ? "picture" : std::string_view(tag.name);
    add_bracket(what, shortened(tag.words), tag.address);
  }

  void add_bracket(std::string_view what, std::string_view words, std::string_view address) {
    add_blank();
    add("[");
    add(what);
    if (!words.empty()) {
      add(": ");
      add(words);
    }
    add_address(address);
    add("]");
    is_blank_wanted_ = true;
  }

  // What is in the message itself needs no address.
  void add_address(std::string_view address) {
    if (address.empty() || begins_ignoring_case(address, "cid:") ||
        begins_ignoring_case(address, "data:image/"))
      return;
    add_blank();
    add("<");
    add(shortened(address));
    add(">");
  }

  void end_link() {
    std::string address = std::exchange(link_, {});
    std::string_view shown = std::string_view(text_).substr(std::min(link_begin_, text_.size()));
    shown.remove_prefix(std::min(shown.find_first_not_of(" \n"), shown.size()));
    if (address.empty() || address == shown || address.starts_with('#'))
      return;
    add_address(address);
    is_blank_wanted_ = true;
  }

  // On one line; blanks in it are as bad as line ends.
  static std::string shortened(std::string_view text) {
    std::string result;
    for (char c : text.substr(0, max_shown_address))
      result += is_blank(c) ? ' ' : c;
    // The bytes of a character stay together.
    while (text.size() > max_shown_address && !result.empty() &&
           (static_cast<unsigned char>(result.back()) & 0xc0) == 0x80)
      result.pop_back();
    if (text.size() > max_shown_address) {
      if (!result.empty() && static_cast<unsigned char>(result.back()) >= 0xc0)
        result.pop_back();
      result += "[...]";
    }
    return result;
  }

  void add_text(std::string_view source) {
    if (source.find('&') == std::string_view::npos)
      add_decoded(source);
    else
      add_decoded(without_references(source));
  }

  void add_decoded(std::string_view text) {
    if (in_pre_) {
      add(text);
      return;
    }
    while (!text.empty()) {
      std::size_t words = std::min(text.find_first_of(blanks), text.size());
      if (words > 0)
        add(text.substr(0, words));
      text.remove_prefix(words);
      std::size_t gap = std::min(text.find_first_not_of(blanks), text.size());
      is_blank_wanted_ = is_blank_wanted_ || gap > 0;
      text.remove_prefix(gap);
    }
  }

  void add(std::string_view text) {
    if (std::exchange(is_line_wanted_, false) && !text_.empty()) {
      // One empty line is enough between two texts.
      if (!text_.ends_with("\n\n"))
        text_ += '\n';
      is_blank_wanted_ = false;
    }
    bool is_inside = !text_.empty() && text_.back() != '\n' && text_.back() != ' ';
    if (std::exchange(is_blank_wanted_, false) && is_inside)
      text_ += ' ';
    text_ += text;
  }

  void add_blank() { is_blank_wanted_ = true; }
  void begin_line() { is_line_wanted_ = true; }

  std::string_view html_;
  std::string text_;
  bool is_blank_wanted_ = false;
  bool is_line_wanted_ = false;
  bool in_pre_ = false;
  // Of the link that is open.
  std::string link_;
  std::size_t link_begin_ = 0;
};

} // namespace

std::string text_of_html(std::string_view html) { return HtmlText(html).take(); }

std::string_view charset_of_html(std::string_view html) {
  constexpr std::string_view key = "charset=";
  html = html.substr(0, max_charset_search);
  const std::string small = lower(html);
  std::size_t meta = small.find("<meta");
  std::size_t at = meta == std::string::npos ? meta : small.find(key, meta);
  if (at == std::string::npos)
    return {};
  html.remove_prefix(at + key.size());
  html.remove_prefix(std::min(html.find_first_not_of("\"' "), html.size()));
  return html.substr(0, html.find_first_of("\"' ;/>"));
}

} // namespace smime

#include "scanner/verify/charset.h"

#include <algorithm>
#include <array>
#include <string>

namespace smime {
namespace {

// Names are compared by their letters and digits, as iconv's own aliases differ in the rest.
std::string bare(std::string_view name) {
  std::string letters;
  for (char c : name) {
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
      letters += c;
  }
  return letters;
}

// Whether word, which is not empty, is one of those in list, which begins and ends with a blank.
bool has_word(std::string_view list, std::string_view word) {
  return !word.empty() && list.find(" " + std::string(word) + " ") != std::string_view::npos;
}

// Calls is_it for the words of list, which are between blanks, until one is it.
template <typename Predicate> bool any_word(std::string_view list, Predicate is_it) {
  while (!list.empty()) {
    auto end = std::min(list.find(' '), list.size());
    if (end > 0 && is_it(list.substr(0, end)))
      return true;
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return false;
}

bool begins_with_any(std::string_view text, std::string_view words) {
  return any_word(words, [&](std::string_view word) { return text.starts_with(word); });
}

bool contains_any(std::string_view text, std::string_view words) {
  return any_word(words, [&](std::string_view word) { return text.find(word) != text.npos; });
}

// Numbers of charsets with ASCII in them, of IBM, Microsoft and MS-DOS.
constexpr std::string_view ascii_code_pages =
    " 31j 367 437 720 737 770 771 772 773 774 775 813 819 848 850 851 852 855 856 857 858 860 861 "
    "862 863 864 865 866 866nav 868 869 874 891 901 902 903 904 912 915 916 920 921 922 932 936 "
    "942 943 949 950 1004 1008 1046 1089 1124 1125 1129 1133 1161 1162 1163 1167 1250 1251 1252 "
    "1253 1254 1255 1256 1257 1258 1282 1361 4909 5347 9066 9448 10007 65001 11621162 ";
// And of EBCDIC, where "|" may be "@".
constexpr std::string_view ebcdic_code_pages =
    " 037 37 038 38 256 273 274 275 277 278 280 281 282 284 285 290 297 420 423 424 500 500v1 803 "
    "833 838 870 871 875 880 905 918 924 930 933 935 937 939 1025 1026 1047 1070 1079 1081 1084 "
    "1097 1112 1122 1123 1130 1132 1137 1140 1141 1142 1143 1144 1145 1146 1147 1148 1149 1153 "
    "1154 1155 1156 1157 1158 1160 1164 1166 1364 1371 1388 1390 1399 4517 4899 4971 9030 12712 "
    "16804 ";
// Other scripts in the place of ASCII's letters, Braille, and what reads bytes of machines.
constexpr std::string_view hiding_names =
    " arabic7 asmo449 brf e13b greek7 greek7old greekccitt inis inis8 iniscyrillic iso115481 "
    "iso2033 iso20331983 iso5427 iso54271981 iso5427ext iso5428 iso54281980 iso9036 isoir18 "
    "isoir19 isoir27 isoir37 isoir49 isoir50 isoir51 isoir54 isoir55 isoir88 isoir89 isoir98 "
    "isoir150 koi7 latingreek latingreek1 csiso18greek7old csiso19latingreek csiso27latingreek1 "
    "csiso49inis csiso50inis8 csiso51iniscyrillic csiso88greek7 csiso89asmo449 csiso150 "
    "csiso150greekccitt csiso2033 csiso5427cyrillic csiso5427cyrillic1981 csiso5428greek "
    "osf00010100 osf00010101 osf00010102 osf00010104 osf00010105 osf00010106 osf1002011c "
    "osf1002011d osf10020025 osf10020111 osf10020115 osf10020116 osf10020118 osf10020122 "
    "osf10020129 osf100201a4 osf100201a8 osf100201f4 osf1002036b osf10020366 osf10020367 "
    "osf10020370 osf10020396 osf10020402 osf10020417 wchart ";
constexpr std::string_view plain_names =
    " 646 arabic armscii8 ascii asmo708 baltic bs4730 ca cn cnbig5 cngb cpar cpgr cphu csa71 csa72 "
    "csascii csat500 csat5001983 csaz243419851 csaz243419852 csdecmcs csksc5636 csmacintosh "
    "cshproman8 csn369103 csnatsdano csnatssefi csshiftjis cuba cwi cwi2 cyrillic de dec decmcs "
    "din66003 dk ds2089 ecma114 ecma118 ecma128 ecmacyrillic elot928 es es2 fi fr georgianacademy "
    "georgianps gost19768 gost1976874 greek greek8 hebrew hpgreek8 hproman8 hproman9 hpthai8 "
    "hpturkish8 hu iecp271 isiri3342 isoceltic it jisc62201969ro jisc62291984b johab jp jpocrb js "
    "jusib1002 l1 l2 l3 l4 l5 l6 l7 l8 l9 l10 mik msz77953 naplps natsdano natssefi ncnc0010 "
    "ncnc001081 nfz62010 nfz620101973 no no2 ns45511 ns45512 os2latin1 pt pt154 pt2 r8 r9 rk1048 "
    "roman8 roman9 ruscii se se2 sen850200b sen850200c ss636127 strk10482002 stsev35888 t61 "
    "t618bit tcvn tcvn5712 tcvn57121 tcvn571211993 thai8 ts5881 tscii turkish8 uhc ujis uk us "
    "usascii utf8 viscii winbaltrim winsami2 ws2 yu ";

// Ways to write the letters that look like "@", by what is in a charset's name.
struct WideLetters {
  std::string_view charsets;
  std::string_view letters;
};

constexpr std::array<WideLetters, 7> wide_letters{{
    {"gb 936 949 uhc ks kr euccn osf0004 osf100203b5", "\xa3\xc0 \xa3\xae \xa9\x88 #@"},
    {"1361 johab", "\xda\x50 \xa3\xc0"},
    {"shift sjis 932 942 943 31j mskanji", "\x81\x97"},
    {"eucj ujis eucpkd osf0003", "\xa1\xf7"},
    {"euctw osf0005", "\xa2\xe9 \xa2\xee"},
    {"big5 bigfive 950", "\xa2\x49 \xa2\x4e"},
    {"iso2022 hz", "!w #@ \"n"},
}};

// By any of their names: they write other letters with the bytes of ASCII's.
constexpr std::string_view hiding_families =
    "utf7 utf16 utf32 ucs unicode 10646 ebcdic imap scsu bocu";
constexpr std::string_view plain_families =
    "ansix3 iso646 iso8859 8859 latin koi8 gb big5 bigfive euc shift sjis iso2022 hz ks tis mac "
    "xmac isoir csiso cseuc cskoi cspc csgb iso6937 iso10367 msansi msarab mscyrl msee msgreek "
    "mshebr mskanji msmac msturk osf";
constexpr std::string_view makers =
    "xcp csibm cpibm cp ibm xibm cswindows xwindows windows dos cspcp mscp ms";

// The number of a code page, without who numbered it.
std::string_view code_page_of(std::string_view name) {
  std::string_view page = name;
  (void)any_word(makers, [&](std::string_view maker) {
    if (!name.starts_with(maker))
      return false;
    page = name.substr(maker.size());
    return true;
  });
  return page;
}

} // namespace

Charset charset_of(std::string_view charset) {
  std::string name = bare(charset);
  std::string_view page = code_page_of(name);
  if (contains_any(name, hiding_families) || has_word(hiding_names, name) ||
      has_word(ebcdic_code_pages, page))
    return Charset::hiding;
  if (has_word(ascii_code_pages, page) || has_word(plain_names, name) ||
      begins_with_any(name, plain_families))
    return Charset::plain;
  return Charset::unknown;
}

bool has_wide_at(std::string_view charset, std::string_view bytes) {
  std::string name = bare(charset);
  return std::any_of(wide_letters.begin(), wide_letters.end(), [&](const WideLetters &one) {
    return contains_any(name, one.charsets) && contains_any(bytes, one.letters);
  });
}

bool may_have_wide_at(std::string_view bytes) {
  return std::any_of(wide_letters.begin(), wide_letters.end(), [&](const WideLetters &one) {
    return any_word(one.letters, [&](std::string_view letter) {
      return static_cast<unsigned char>(letter.front()) >= 0x80 &&
             bytes.find(letter) != std::string_view::npos;
    });
  });
}

} // namespace smime

#include "scanner/content/content.h"

#include "common/ascii.h"
#include "scanner/base/charset-text.h"
#include "scanner/content/embedded-data.h"
#include "scanner/content/html-text.h"
#include "scanner/content/leaf.h"
#include "scanner/content/mail-file.h"
#include "scanner/content/text.h"
#include "scanner/content/unknown.h"
#include "scanner/formats/archive.h"
#include "scanner/formats/compound-file.h"
#include "scanner/formats/detect.h"
#include "scanner/formats/document.h"
#include "scanner/formats/encrypted-file.h"
#include "scanner/formats/office-marks.h"
#include "scanner/formats/pdf.h"
#include "scanner/formats/rtf.h"
#include "scanner/formats/tnef.h"
#include "scanner/formats/unwrap.h"
#include "scanner/layers/cms.h"
#include "scanner/openpgp/message.h"

#include <algorithm>
#include <array>
#include <new>
#include <string>
#include <string_view>
#include <strings.h>
#include <utility>

namespace smime {
namespace {

bool has_armor_name(std::string_view name) {
  static constexpr std::array<std::string_view, 4> endings{".asc", ".gpg", ".pgp", ".age"};
  return std::any_of(endings.begin(), endings.end(), [&](std::string_view ending) {
    return name.size() >= ending.size() && strncasecmp(name.data() + name.size() - ending.size(),
                                                       ending.data(), ending.size()) == 0;
  });
}

// Two readers of the same bytes.
class BothReaders : public ByteSink {
public:
  BothReaders(std::unique_ptr<ByteSink> first, std::unique_ptr<ByteSink> second)
      : first_(std::move(first)), second_(std::move(second)) {}

  void feed(Bytes bytes) override {
    first_->feed(bytes);
    second_->feed(bytes);
  }
  void finish() override {
    first_->finish();
    second_->finish();
  }

private:
  std::unique_ptr<ByteSink> first_;
  std::unique_ptr<ByteSink> second_;
};

// Either may be null.
std::unique_ptr<ByteSink> both(std::unique_ptr<ByteSink> first, std::unique_ptr<ByteSink> second) {
  if (first == nullptr || second == nullptr)
    return first == nullptr ? std::move(second) : std::move(first);
  return std::make_unique<BothReaders>(std::move(first), std::move(second));
}

// Whoever opens it by its label opens it with a PDF reader.
bool has_pdf_label(const Place &place) {
  return place.type == "application/pdf" || lower(place.name).ends_with(".pdf");
}

// A PDF may begin behind what looks like something else; its label says whether it is one.
std::unique_ptr<ByteSink> make_late_pdf_reader(Inspection &inspection, const Place &place,
                                               Bytes prefix) {
  if (!has_pdf_header(prefix, false))
    return nullptr;
  return make_pdf_reader(inspection, place,
                         has_pdf_label(place) ? PdfEvidence::sure : PdfEvidence::header_alone);
}

} // namespace

Content::Content(Inspection &inspection, Place place)
    : inspection_(inspection), place_(std::move(place)) {
  // What was read by a guess is a part as well, or none.
  if (inspection_.tools().inside == nullptr || place_.is_guess)
    return;
  record_ = std::make_unique<PartRecord>(inspection_, place_);
  if (inspection_.tools().wants_text)
    record_->keep_text(is_html() ? max_kept_html : max_kept_text);
}

std::unique_ptr<ContentReader> make_content_reader(Inspection &inspection, Place place) {
  return std::make_unique<Content>(inspection, std::move(place));
}

// Text is known by little, and most mail is text.
std::size_t Content::wanted_prefix() const {
  bool is_opened_by_name = place_.has_mail_name() || has_pdf_label(place_);
  return place_.is_text && !is_opened_by_name ? max_sniff_prefix : max_type_prefix;
}

void Content::feed(Bytes bytes) {
  if (record_ != nullptr)
    record_->feed(bytes);
  if (!decided_) {
    // What begins behind a bound is not opened.
    if (inspection_.stopped())
      return;
    std::size_t missing = wanted_prefix() - std::min(wanted_prefix(), prefix_.size());
    Bytes taken = bytes.first(std::min(missing, bytes.size()));
    prefix_.insert(prefix_.end(), taken.begin(), taken.end());
    bytes = bytes.subspan(taken.size());
    if (prefix_.size() < wanted_prefix())
      return;
    decide();
  }
  (void)inspection_.in_time(place_);
  if (outcome_.is_text)
    text_check_.feed(bytes);
  // A reader that has begun knows what it leaves out behind a bound.
  if (reader_ != nullptr && !bytes.empty())
    reader_->feed(bytes);
  if (embedded_ != nullptr && !bytes.empty())
    embedded_->feed(bytes);
}

void Content::decide() {
  decided_ = true;
  // Before the bytes tell another type.
  bool is_labelled_pdf = has_pdf_label(place_);
  reader_ = choose();
  if (is_labelled_pdf)
    reader_ = with_pdf(std::move(reader_));
  settle_text();
  if (outcome_.is_text)
    text_check_.feed(prefix_);
  if (reader_ != nullptr)
    reader_->feed(prefix_);
  if (may_have_embedded()) {
    auto of = kind_ == nullptr                       ? EmbeddedArchives::Of::whole_file
              : kind_->opener == Kind::pdf           ? EmbeddedArchives::Of::document
              : kind_->opener == Kind::compound_file ? EmbeddedArchives::Of::sectors
                                                     : EmbeddedArchives::Of::whole_file;
    embedded_ = std::make_unique<EmbeddedArchives>(inspection_, place_, of);
    embedded_->feed(prefix_);
  }
  prefix_ = {};
}

// An archive may be behind whatever does not mind: a picture, a program, a PDF document.
bool Content::may_have_embedded() const {
  if (outcome_.is_text || inspection_.tools().detector == nullptr)
    return false;
  if (kind_ == nullptr || kind_->opener == Kind::pdf || kind_->opener == Kind::compound_file ||
      kind_->opener == Kind::disk)
    return true;
  // What ends somewhere is searched up to there, and what is behind that on its own.
  return kind_->look == Look::leaf && kind_->end == nullptr && kind_->name != "empty";
}

std::unique_ptr<ByteSink> Content::known(std::string_view kind, std::unique_ptr<ByteSink> reader) {
  kind_ = &kind_named(kind);
  outcome_.is_known = true;
  return reader;
}

// What has no magic number comes first: CMS objects, OpenPGP, mail, text. But the sender of an
// archive may choose the name with which it begins.
std::unique_ptr<ByteSink> Content::choose() {
  if (prefix_.empty() && !place_.has_cms_label) {
    kind_ = &kind_named("empty");
    return nullptr;
  }
  const KindRow *archive = recognise(prefix_, {});
  if (archive != nullptr && archive->comes_before_text) {
    if (looks_like_cms(prefix_) || looks_like_mail(prefix_))
      inspection_.add_uninspectable(place_, "contradictory-archive");
    kind_ = archive;
    outcome_.is_known = true;
    return with_text(make_reader());
  }
  if (looks_like_cms(prefix_) || (place_.has_cms_label && !prefix_.empty() && prefix_[0] == 0x30))
    return known("CMS object", std::make_unique<CmsLayer>(inspection_, place_, outcome_));
  // Before text, as which some of them begin.
  if (const KindRow *row = find_encrypted_file(prefix_)) {
    inspection_.add_uninspectable(place_, std::string(row->reason));
    return known(row->name, nullptr);
  }
  if (guess_openpgp(prefix_) != PgpGuess::none)
    return known("OpenPGP message", make_pgp_reader(inspection_, place_, outcome_));
  // A message that is attached as a file: readers open it by its name.
  if (std::unique_ptr<ByteSink> mail = choose_mail()) {
    auto other = choose_beside_mail();
    return known("mail", both(std::move(mail), std::move(other)));
  }
  if (looks_like_wide_mail(prefix_))
    return known("mail", both(make_wide_mail(inspection_, place_), make_text()));
  // Words in it may be read as text are; bytes that text does not have may stand in it.
  if (is_rtf(prefix_))
    return known("RTF document",
                 both(both(std::make_unique<TextContent>(inspection_, place_, outcome_,
                                                         TextContent::Encoded::no),
                           make_rtf_reader(inspection_, place_)),
                      make_leaf_reader(inspection_, place_, kind_named("RTF document"))));
  outcome_.is_text = looks_like_text(prefix_) &&
                     !has_pdf_header(prefix_, place_.is_text && !has_pdf_label(place_));
  if (outcome_.is_text) {
    kind_ = &kind_named("text");
    return make_text_with_data();
  }
  if (place_.has_cms_label)
    report_not_cms(inspection_, place_);
  place_.has_cms_label = false;
  return choose_file();
}

std::unique_ptr<ByteSink> Content::choose_mail() {
  bool is_named = place_.has_mail_name() || place_.type.starts_with("message/");
  if (place_.is_text && !is_named)
    return nullptr;
  bool is_mail = looks_like_mail(prefix_) || place_.type == "message/rfc822" ||
                 place_.type == "message/global" ||
                 (is_named && looks_like_entity(Bytes(prefix_).subspan(before_mail(prefix_)))) ||
                 (place_.has_mail_name() && looks_like_text(prefix_));
  return is_mail ? std::make_unique<MailFile>(inspection_, place_) : nullptr;
}

// The same bytes as what else they begin as: who takes them for that is shown it. Null if they
// are mail alone.
std::unique_ptr<ByteSink> Content::choose_beside_mail() {
  if (auto pdf = make_late_pdf_reader(inspection_, place_, prefix_))
    return pdf;
  if (place_.is_text)
    return make_text();
  if (looks_like_text(prefix_) || inspection_.tools().detector == nullptr)
    return nullptr;
  Detected detected = inspection_.tools().detector->detect(prefix_);
  if (detected.kind == nullptr || detected.kind->look == Look::leaf)
    return nullptr;
  kind_ = detected.kind;
  if (kind_->look == Look::opened)
    return make_reader();
  inspection_.add_uninspectable(place_, std::string(kind_->reason));
  return nullptr;
}

std::unique_ptr<ByteSink> Content::choose_file() {
  if (inspection_.tools().detector == nullptr)
    return nullptr;
  Detected detected = inspection_.tools().detector->detect(prefix_);
  kind_ = detected.kind;
  outcome_.is_known = !detected.type.empty() || kind_ != nullptr;
  if (!detected.type.empty())
    place_.type = detected.type;
  // One odd byte makes no text a binary file for its reader.
  if (kind_ == nullptr && is_text_with_odd_bytes(prefix_, place_.is_text)) {
    // Of wide letters every other byte is none that text has.
    outcome_.is_text = !has_wide_letters(prefix_);
    kind_ = &kind_named("text");
    return make_text_with_data();
  }
  if (kind_ == nullptr)
    return both(make_text(), make_unknown(detected.words.empty() ? detected.type : detected.words));
  if (kind_->look == Look::named) {
    if (is_encrypted_document(kind_->reason))
      inspection_.add_class(MessageClass::encrypted_document);
    if (kind_->reason == "encrypted-archive")
      inspection_.add_class(MessageClass::encrypted_archive);
    inspection_.add_uninspectable(place_, std::string(kind_->reason));
  }
  if (kind_->look == Look::opened)
    return with_text(make_reader());
  std::unique_ptr<ByteSink> leaf;
  if (kind_->look == Look::leaf)
    leaf = make_leaf_reader(inspection_, place_, *kind_);
  // What is labelled as text is shown as that, and gpg looks for armor in any file.
  bool is_searched =
      !is_shown_as_text() && (has_wide_letters(prefix_) ||
                              (kind_->end == nullptr && is_text_with_odd_bytes(prefix_, false)));
  if (is_searched)
    leaf = both(make_text(), std::move(leaf));
  return with_text(std::move(leaf));
}

bool Content::is_shown_as_text() const { return place_.is_text || has_armor_name(place_.name); }

// What is labelled as text is shown as that, whatever its bytes are as well.
std::unique_ptr<ByteSink> Content::with_text(std::unique_ptr<ByteSink> reader) {
  return is_shown_as_text() ? both(make_text(), std::move(reader)) : std::move(reader);
}

// Readers of PDF find its objects behind anything: whatever the bytes are, what is labelled so is
// read as that too.
std::unique_ptr<ByteSink> Content::with_pdf(std::unique_ptr<ByteSink> reader) {
  bool is_read = kind_ != nullptr && kind_->opener == Kind::pdf;
  if (prefix_.empty() || is_read)
    return reader;
  return both(std::move(reader), make_pdf_reader(inspection_, place_, PdfEvidence::header_alone));
}

std::unique_ptr<ByteSink> Content::make_text() {
  // Fonts in PostScript have their letters in encrypted digits, as Adobe wanted it.
  bool is_postscript = as_text(prefix_).starts_with("%!");
  return std::make_unique<TextContent>(inspection_, place_, outcome_,
                                       is_postscript ? TextContent::Encoded::no
                                                     : TextContent::Encoded::opened);
}

std::unique_ptr<ByteSink> Content::make_text_with_data() {
  auto data = make_embedded_data_reader(inspection_, place_, prefix_);
  if (data == nullptr)
    return make_text();
  return both(
      std::make_unique<TextContent>(inspection_, place_, outcome_, TextContent::Encoded::seen),
      std::move(data));
}

std::unique_ptr<ByteSink> Content::make_reader() {
  switch (kind_->opener) {
  case Kind::archive:
    return std::make_unique<ArchiveContent>(inspection_, place_, kind_->container,
                                            ArchiveContent::Found::alone);
  case Kind::wrapped: return make_unwrapper(inspection_, place_, kind_->container);
  case Kind::pdf:
    return both(make_pdf_reader(inspection_, place_),
                make_leaf_reader(inspection_, place_, *kind_));
  case Kind::compound_file: return make_compound_file_reader(inspection_, place_);
  case Kind::tnef: return make_tnef_reader(inspection_, place_);
  case Kind::rtf: // by its beginning, which may be text
  case Kind::disk:
  case Kind::other: break;
  }
  return nullptr;
}

// Decoded by a guess, it is what it is without the decoding, and that is looked at as well.
std::unique_ptr<ByteSink> Content::make_unknown(std::string words) {
  if (place_.is_guess && !place_.is_around_parts)
    return nullptr;
  return std::make_unique<UnknownContent>(inspection_, place_, std::move(words));
}

void Content::finish() {
  if (record_ != nullptr)
    record_->finish();
  if (!decided_ && !inspection_.stopped())
    decide();
  if (embedded_ != nullptr)
    finish_embedded();
  if (reader_ != nullptr)
    reader_->finish();
  // Text that has something else behind it.
  if (outcome_.is_text && !text_check_.is_text() && inspection_.tools().detector != nullptr) {
    kind_ = nullptr;
    if (auto unknown = make_unknown("text, and something else behind it"))
      unknown->finish();
  }
  finished_ = decided_;
}

// The whole may be what its beginning does not say.
void Content::finish_embedded() {
  embedded_->finish();
  const KindRow *kind = embedded_->kind();
  if (kind != nullptr && (kind_ == nullptr || kind_->opener == Kind::disk)) {
    kind_ = kind;
    reader_ = nullptr;
    return;
  }
  bool is_volume = kind_ == nullptr && is_volume_name(place_.name);
  if (is_volume) {
    kind_ = &kind_named("volume of an archive");
    reader_ = nullptr;
  }
  if (is_volume || (kind_ != nullptr && kind_->opener == Kind::disk))
    inspection_.add_uninspectable(place_, "unsupported-archive");
}

// By its label, or where there is none by its name.
bool Content::is_html() const {
  const std::string name = lower(place_.name);
  return place_.type == "text/html" || place_.type == "application/xhtml+xml" ||
         (place_.type.empty() && (name.ends_with(".html") || name.ends_with(".htm")));
}

// Who reads it as text sees it, whatever it is as well.
void Content::settle_text() {
  if (record_ != nullptr && !place_.is_text && !outcome_.is_text)
    record_->forget_text();
  else if (record_ != nullptr)
    shows_html_ = is_html();
}

void Content::record_text(InsidePart &state) const {
  ShownBudget &shown = inspection_.shown();
  bool is_shown = decided_ && (place_.is_text || outcome_.is_text);
  if (!inspection_.tools().wants_text || !is_shown)
    return;
  const std::string &bytes = record_->kept();
  state.charset = place_.charset;
  std::string_view charset = place_.charset;
  if (charset.empty() && shows_html_)
    charset = charset_of_html(bytes);
  std::string text = utf8_text(as_bytes(bytes), charset);
  if (shows_html_ && inspection_.tools().wants_html) {
    state.html = text;
    state.html_cut = shown.bound_html(*state.html) || record_->is_text_cut();
  }
  if (shows_html_)
    text = text_of_html(text);
  state.text_cut = shown.bound_text(text) || record_->is_text_cut();
  state.text = std::move(text);
}

// Each part ends in one state, also one that nobody finished.
void Content::record_part() {
  // Of nothing but blanks nobody sees anything, and nobody is asked to read them to the end.
  bool is_blank = !finished_ && !inspection_.stopped();
  if (is_blank)
    record_->finish();
  InsidePart state = record_->state();
  state.type = place_.type;
  state.kind = "unrecognised";
  state.state = "named";
  state.by = "unrecognised";
  std::string reason = inspection_.reason_of(place_);
  if (kind_ != nullptr) {
    state.kind = kind_->name;
    state.state = kind_->look == Look::leaf ? "read" : "opened";
    state.by = kind_->look == Look::leaf ? "" : kind_->reader;
  }
  if (is_blank) {
    state.kind = kind_ == nullptr ? "empty" : std::string(kind_->name);
    state.state = "read";
  }
  if (!reason.empty()) {
    state.state = "named";
    state.by = std::move(reason);
  } else if (!finished_ && !is_blank) {
    state.state = "cut";
    state.by = "limit-exceeded";
  }
  if (state.kind == "text" && !place_.is_text)
    state.type = "text/plain";
  else if (state.kind == "mail")
    state.type = "message/rfc822";
  record_text(state);
  inspection_.record_part(std::move(state));
}

Content::~Content() {
  try {
    if (record_ != nullptr)
      record_part();
  } catch (const std::bad_alloc &) {
    // Whatever took the memory is told of; this part is not.
  }
}

} // namespace smime

// One message's inspection: the bounds that all of its parts share, and the
// report that they write to.
#ifndef SMIME_INSPECTION_H
#define SMIME_INSPECTION_H

#include "common/byte-sink.h"
#include "common/inside.h"
#include "scanner/base/scan-limits.h"
#include "scanner/verify/judgement.h"

#include <chrono>
#include <cstdint>
#include <ctime>
#include <map>
#include <string>
#include <utility>

namespace smime {

class ContentKeys;
class Detector;
class Engine;

// What an inspection works with; each may be null.
struct Tools {
  const Detector *detector = nullptr;
  ContentKeys *keys = nullptr;
  Engine *engine = nullptr;
  const Verifier *verifier = nullptr;
  // Gets the outermost header and the state of each part; with what the parts say as text, and the
  // HTML of those that are HTML.
  Inside *inside = nullptr;
  bool wants_text = false;
  bool wants_html = false;
};

// Where a piece of content is, and what its labels say.
struct Place {
  // IMAP section number; "1/2" is section 2 of the message inside part 1.
  std::string path;
  // Media type.
  std::string type;
  // File name; "a.zip/b.pdf" is a file in an archive.
  std::string name;
  std::string smime_type;
  // As the label has it, in small letters.
  std::string charset = {};
  // With Tools::inside, of a part: its name in UTF-8.
  std::string shown_name = {};
  bool is_text = false;
  bool has_cms_label = false;
  // What is in an archive is no layer of the message.
  bool in_archive = false;
  // Nothing says that its bytes were encoded in the way in which they were decoded.
  bool is_guess = false;
  // It is what stands around the parts of a multipart, and no part itself.
  bool is_around_parts = false;
  Cover cover = {};

  // Named as a message in a file is.
  bool has_mail_name() const;
};

// What a message shows that is read for its labels alone (mime/label-scan.h).
struct FoundLabels {
  // Classes of encryption.
  ClassSet classes;
  // Something is, or says that it is, signed or encrypted.
  bool is_protected = false;
  // There is more in encodings than was decoded.
  bool is_incomplete = false;
};

// What is kept and shown of the texts of all parts together.
class ShownBudget {
public:
  // Bytes of texts that are kept until their part ends. Returns what may be kept.
  std::size_t borrow(std::size_t wanted);
  void give_back(std::size_t bytes) { borrowed_ -= bytes; }
  // What of the text goes into the report: the rest is cut off. Whether something was.
  bool bound_text(std::string &text) { return bound(text, max_part_text, text_left_); }
  bool bound_html(std::string &html) { return bound(html, max_part_html, html_left_); }

private:
  static bool bound(std::string &text, std::size_t most, std::size_t &left);

  std::size_t borrowed_ = 0;
  std::size_t text_left_ = max_part_texts;
  std::size_t html_left_ = max_part_htmls;
};

// Answers of the engines about one stream of bytes.
struct EngineVerdict {
  ScanVerdict verdict = ScanVerdict::not_scanned;
  std::string engine;
  // What was found, or what went wrong.
  std::string text;
};

class Inspection {
public:
  Inspection(const Limits &limits, const Tools &tools);

  const Limits &limits() const { return limits_; }
  const Tools &tools() const { return tools_; }
  Report &report() { return report_; }

  void add_class(MessageClass c) {
    report_.classes.add(c);
    is_signed_ = is_signed_ || any_signed_classes.has(c);
  }
  // A signed document in a message that nobody signs with it (RFC 9219 speaks of messages).
  void add_signed_file() { report_.classes.add(MessageClass::opaque_signed); }
  void add_layer(Layer layer);
  // Once for each place and reason.
  void add_uninspectable(const Place &place, const std::string &reason);
  // Of a file of no kind that is known: the reason "unrecognised", and what can be said of it.
  // The class comes with finish().
  void add_unrecognised(const Place &place, const std::string &text);
  // The document at place is encrypted, and what was unrecognised in it was its ciphertext.
  void explain_unrecognised(const Place &document);
  // With Tools::inside: why the content at place was not looked into, the last reason of
  // several; empty if it was. And what became of a part.
  std::string reason_of(const Place &place) const;
  void record_part(InsidePart part);
  void record_field(HeaderField field);
  // For the order of the parts.
  std::uint64_t number_part() { return ++numbered_; }
  ShownBudget &shown() { return shown_; }
  void add_error(const std::string &code, const std::string &path, const std::string &text,
                 const std::string &remedy = {});
  // The error, and the class malformed.
  void add_malformed(const std::string &code, const std::string &path, const std::string &text);
  // For the status of the message's signatures; bounded.
  void add_signature(LayerSignature layer);
  SignatureFindings &signatures() { return signatures_; }
  void add_protected(ProtectedEntity entity);
  // There are so many more, of which nothing is kept.
  void drop_protected(std::uint64_t count);
  // An algorithm of a layer; one weak one makes the message weak.
  void note_strong();
  void note_weak(const std::string &path, const std::string &why);
  void add_verdict(const Place &place, const EngineVerdict &verdict);

  // Each of these counts against a bound. At the bound they say so in the
  // report, once, and return false: nothing further is then looked into.
  bool count_expanded(const Place &place, std::size_t bytes);
  bool count_part(const Place &place);
  bool enter_layer(const Place &place);
  void leave_layer() { layers_--; }
  // Another reading of bytes that are read already, because mail clients differ about them.
  // False if as many are open as may be: the part at place is then named. Who was let in
  // leaves.
  bool enter_reading(const Place &place);
  void leave_reading() { readings_--; }
  unsigned readings() const { return readings_; }
  // Processor time, and time that goes by: another process may have the processor. Cheap enough for
  // every few kilobytes.
  bool in_time(const Place &place);
  bool stopped() const { return stopped_; }

  // The structure of the rest is not known, or readers see another one: it is read for its
  // labels alone (label-scan.h). What is found counts if the message is malformed.
  void want_labels() { wants_labels_ = true; }
  // It counts in any case.
  void want_labels_surely() { wants_labels_ = labels_count_ = true; }
  bool wants_labels() const { return wants_labels_; }
  // What was found at place.
  void add_labels(const Place &place, const FoundLabels &found);

  // Room for a copy of a document, out of max_document_size. Returns what may
  // be used, less than wanted or nothing when it is used up.
  std::size_t borrow(std::size_t wanted);
  void give_back(std::size_t bytes) { borrowed_ -= bytes; }

  // Room for encrypted content until it is opened, out of max_opened_size. False if there
  // is none left.
  bool keep_sealed(std::size_t bytes);
  void give_back_sealed(std::size_t bytes) { sealed_ -= bytes; }

  // An encrypted layer was decrypted: plaintext is in this process's memory.
  void note_opened() { opened_ = true; }
  bool opened() const { return opened_; }
  // What came out was not what it should be, and was not used.
  void note_refused() { refused_ = true; }
  bool refused() const { return refused_; }

  // Completes the report of a message of size bytes.
  Report finish(std::uint64_t size);

private:
  void settle_parts();
  template <typename T> void append(std::vector<T> &list, T entry);
  void stop(const Place &place, const std::string &setting, std::uint64_t value,
            const std::string &what);

  const Limits &limits_;
  const Tools &tools_;
  Report report_;
  SignatureFindings signatures_;
  // By path and name.
  std::map<std::pair<std::string, std::string>, std::string> reasons_;
  std::uint64_t numbered_ = 0;
  ShownBudget shown_;
  std::uint64_t unrecognised_ = 0;
  std::uint64_t expanded_ = 0;
  std::uint64_t parts_ = 0;
  std::uint64_t layers_ = 0;
  unsigned readings_ = 0;
  std::size_t borrowed_ = 0;
  std::size_t sealed_ = 0;
  std::clock_t started_;
  std::chrono::steady_clock::time_point arrived_ = std::chrono::steady_clock::now();
  bool stopped_ = false;
  bool is_signed_ = false;
  bool wants_labels_ = false;
  bool labels_count_ = false;
  bool opened_ = false;
  bool refused_ = false;
};

} // namespace smime

#endif

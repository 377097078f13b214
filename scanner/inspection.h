// One message's inspection: the bounds that all of its parts share, and the
// report that they write to.
#ifndef SMIME_INSPECTION_H
#define SMIME_INSPECTION_H

#include "byte-sink.h"
#include "judgement.h"
#include "report.h"
#include "scan-limits.h"

#include <cstdint>
#include <string>
#include <ctime>

namespace smime {

class Detector;
class Engine;
class Escrow;

// What an inspection works with; each may be null.
struct Tools {
  const Detector *detector = nullptr;
  const Escrow *escrow = nullptr;
  Engine *engine = nullptr;
  const Verifier *verifier = nullptr;
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
  bool is_text = false;
  bool has_cms_label = false;
  // What is in an archive is no layer of the message.
  bool in_archive = false;
  Cover cover = {};

  // Named as a message in a file is.
  bool has_mail_name() const;
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

  void add_class(MessageClass c) { report_.classes.add(c); }
  void add_layer(Layer layer);
  void add_uninspectable(const Place &place, const std::string &reason);
  void add_error(const std::string &code, const std::string &path, const std::string &text,
                 const std::string &remedy = {});
  // The error, and the class malformed.
  void add_malformed(const std::string &code, const std::string &path, const std::string &text);
  // For the status of the message's signatures; bounded.
  void add_signature(LayerSignature layer);
  SignatureFindings &signatures() { return signatures_; }
  void add_protected(ProtectedEntity entity);
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
  // Processor time; cheap enough for every few kilobytes.
  bool in_time(const Place &place);
  bool stopped() const { return stopped_; }

  // Room for a copy of a document, out of max_document_size. Returns what may
  // be used, less than wanted or nothing when it is used up.
  std::size_t borrow(std::size_t wanted);
  void give_back(std::size_t bytes) { borrowed_ -= bytes; }

  // An encrypted layer was opened: its plaintext is in this process's memory.
  void note_opened() { opened_ = true; }
  bool opened() const { return opened_; }

  // Completes the report of a message of size bytes.
  Report finish(std::uint64_t size);

private:
  template <typename T> void append(std::vector<T> &list, T entry);
  void stop(const Place &place, const std::string &setting, std::uint64_t value,
            const std::string &what);

  const Limits &limits_;
  const Tools &tools_;
  Report report_;
  SignatureFindings signatures_;
  std::uint64_t expanded_ = 0;
  std::uint64_t parts_ = 0;
  std::uint64_t layers_ = 0;
  std::size_t borrowed_ = 0;
  std::clock_t started_;
  bool stopped_ = false;
  bool opened_ = false;
};

} // namespace smime

#endif

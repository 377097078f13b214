// The decoded content of one part, file or layer: finds out from its bytes what
// it is, and hands them to who can look inside.
#ifndef SMIME_CONTENT_H
#define SMIME_CONTENT_H

#include "scanner/content/text-check.h"
#include "scanner/formats/embedded.h"
#include "scanner/formats/kinds.h"
#include "scanner/inspection/part-record.h"
#include "scanner/inspection/reader.h"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace smime {

class Content : public ContentReader {
public:
  // inspection outlives the content.
  Content(Inspection &inspection, Place place);
  ~Content() override;

  void feed(Bytes bytes) override;
  void finish() override;

  bool wants_more() const override {
    return record_ != nullptr || !decided_ || reader_ != nullptr || embedded_ != nullptr;
  }
  const ContentOutcome &outcome() const override { return outcome_; }

private:
  std::size_t wanted_prefix() const;
  void decide();
  std::unique_ptr<ByteSink> choose();
  std::unique_ptr<ByteSink> known(std::string_view kind, std::unique_ptr<ByteSink> reader);
  std::unique_ptr<ByteSink> choose_file();
  std::unique_ptr<ByteSink> make_text();
  std::unique_ptr<ByteSink> make_text_with_data();
  std::unique_ptr<ByteSink> make_reader();
  bool may_have_embedded() const;
  void finish_embedded();
  std::unique_ptr<ByteSink> make_unknown(std::string words);
  bool is_shown_as_text() const;
  std::unique_ptr<ByteSink> with_text(std::unique_ptr<ByteSink> reader);
  std::unique_ptr<ByteSink> with_pdf(std::unique_ptr<ByteSink> reader);
  bool is_html() const;
  void settle_text();
  void record_text(InsidePart &state) const;
  void record_part();
  std::unique_ptr<ByteSink> choose_mail();
  std::unique_ptr<ByteSink> choose_beside_mail();

  Inspection &inspection_;
  Place place_;
  ContentOutcome outcome_;
  std::vector<unsigned char> prefix_;
  bool decided_ = false;
  // Null as long as it is not known, and if it is none.
  const KindRow *kind_ = nullptr;
  std::unique_ptr<ByteSink> reader_;
  // Looks for archives in content that no reader takes apart; else null.
  std::unique_ptr<EmbeddedArchives> embedded_;
  TextCheck text_check_;
  bool finished_ = false;
  // Of a part that is told of by itself; else null.
  std::unique_ptr<PartRecord> record_;
  bool shows_html_ = false;
};

} // namespace smime

#endif

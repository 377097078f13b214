#include "scanner/formats/pdf-files.h"

#include "common/ascii.h"
#include "scanner/formats/document.h"
#include "scanner/formats/inner-file.h"

#include <array>
#include <cstdint>
#include <qpdf/Pipeline.hh>
#include <stdexcept>
#include <vector>

namespace smime {
namespace {

// More objects than a document of max_document_size has, unless it was made for it.
constexpr std::size_t max_objects = 500000;

// Counts what comes out of object streams before qpdf keeps it, and looks for files in it.
class Counter : public Pipeline {
public:
  Counter(Inspection &inspection, const Place &place, std::uint64_t &left, PdfFileKey &key)
      : Pipeline("count", nullptr), inspection_(inspection), place_(place), left_(left), key_(key) {
  }

  void write(unsigned char const *bytes, size_t size) override {
    if (size > left_ || !inspection_.count_expanded(place_, size) || !inspection_.in_time(place_)) {
      left_ = 0;
      throw std::length_error("object streams");
    }
    left_ -= size;
    key_.feed({reinterpret_cast<const char *>(bytes), size});
  }
  void finish() override {}

private:
  Inspection &inspection_;
  const Place &place_;
  std::uint64_t &left_;
  PdfFileKey &key_;
};

// To a file's reader, until a bound is met.
class FilePipe : public Pipeline {
public:
  FilePipe(Inspection &inspection, InnerFile &file)
      : Pipeline("file", nullptr), inspection_(inspection), file_(file) {}

  void write(unsigned char const *bytes, size_t size) override {
    file_.feed({bytes, size});
    if (inspection_.stopped())
      throw std::length_error("file");
  }
  void finish() override {}

private:
  Inspection &inspection_;
  InnerFile &file_;
};

bool is_name(QPDFObjectHandle object, const char *name) {
  return object.isName() && object.getName() == name;
}

std::string file_name(QPDFObjectHandle file_specification) {
  for (const char *key : {"/UF", "/F"}) {
    QPDFObjectHandle name = file_specification.getKey(key);
    if (name.isString())
      return name.getUTF8Value();
  }
  return "attachment";
}

} // namespace

// qpdf keeps object streams whole. What comes out of them together may be some times what there
// was to read.
void PdfFiles::check_object_streams(PdfFileKey &key) {
  constexpr std::uint64_t factor = 8;
  std::uint64_t left = factor * inspection_.limits().max_document_size;
  auto table = pdf_.getXRefTable();
  if (table.size() > max_objects)
    throw std::length_error("objects");
  std::set<int> numbers;
  for (auto const &[object, entry] : table) {
    if (entry.getType() == 2)
      numbers.insert(entry.getObjStreamNumber());
  }
  for (int number : numbers) {
    QPDFObjectHandle stream = pdf_.getObjectByID(number, 0);
    if (!stream.isStream())
      continue;
    Counter counter(inspection_, place_, left, key);
    (void)stream.pipeStreamData(&counter, 0, qpdf_dl_specialized, true);
    if (left == 0)
      throw std::length_error("object streams");
  }
}

// Most documents have none, and need not be read object by object then.
bool PdfFiles::may_have_files(Bytes bytes) {
  PdfFileKey key;
  key.feed(as_text(bytes));
  check_object_streams(key);
  return key.found();
}

void PdfFiles::read(Bytes bytes) {
  if (!may_have_files(bytes))
    return;
  for (QPDFObjectHandle const &object : pdf_.getAllObjects()) {
    if (inspection_.stopped() || !inspection_.in_time(place_))
      return;
    find_files(object);
  }
  // The real document is for another program; what is shown is a cover page.
  if (has_payload_)
    report_encrypted_document(inspection_, place_);
}

// What is in the object itself; the others have their own turn.
void PdfFiles::find_files(QPDFObjectHandle object) {
  std::vector<QPDFObjectHandle> waiting;
  if (object.isStream()) {
    QPDFObjectHandle dictionary = object.getDict();
    if (is_name(dictionary.getKey("/Type"), "/EmbeddedFile"))
      read_file(object, "attachment");
    waiting.push_back(dictionary);
  } else {
    waiting.push_back(object);
  }
  auto add = [&](QPDFObjectHandle child) {
    if (!child.isIndirect() && (child.isDictionary() || child.isArray()))
      waiting.push_back(child);
  };
  while (!waiting.empty() && !inspection_.stopped()) {
    QPDFObjectHandle next = waiting.back();
    waiting.pop_back();
    if (next.isDictionary()) {
      look_at_dictionary(next);
      for (auto const &[key, value] : next.getDictAsMap())
        add(value);
    } else if (next.isArray()) {
      for (QPDFObjectHandle const &value : next.getArrayAsVector())
        add(value);
    }
  }
}

void PdfFiles::look_at_dictionary(QPDFObjectHandle dictionary) {
  if (!dictionary.hasKey("/EF"))
    return;
  has_payload_ = has_payload_ || dictionary.hasKey("/EP") ||
                 is_name(dictionary.getKey("/AFRelationship"), "/EncryptedPayload");
  QPDFObjectHandle files = dictionary.getKey("/EF");
  if (!files.isDictionary())
    return;
  std::string name = file_name(dictionary);
  for (auto const &[key, value] : files.getDictAsMap()) {
    QPDFObjectHandle stream = value;
    if (stream.isStream())
      read_file(stream, name);
  }
}

void PdfFiles::read_file(QPDFObjectHandle stream, const std::string &name) {
  if (!done_.insert(stream.getObjGen()).second)
    return;
  InnerFile file(inspection_, place_, name);
  FilePipe pipe(inspection_, file);
  bool is_filtered = false;
  bool is_read = stream.pipeStreamData(&pipe, &is_filtered, 0, qpdf_dl_all, true);
  file.finish();
  if (!is_read && !inspection_.stopped())
    inspection_.add_uninspectable(place_,
                                  is_filtered ? "damaged-document" : "unsupported-document");
}

} // namespace smime

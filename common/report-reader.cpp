#include "common/report.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

namespace smime {
namespace {

using Json = nlohmann::json;

struct TextField {
  std::string_view path;
  std::string &(*of)(Report &);
};

// clang-format 14 takes the lambdas of these tables for something else.
// clang-format off

// Those of list entries are of the last one, which has been begun.
constexpr auto text_fields = std::to_array<TextField>({
    {"file", [](Report &r) -> auto & { return r.file; }},
    {"layers.path", [](Report &r) -> auto & { return r.layers.back().path; }},
    {"layers.type", [](Report &r) -> auto & { return r.layers.back().type; }},
    {"layers.micalg", [](Report &r) -> auto & { return r.layers.back().micalg; }},
    {"layers.smime-type", [](Report &r) -> auto & { return r.layers.back().smime_type; }},
    {"signature.signers.path", [](Report &r) -> auto & { return r.signers.back().path; }},
    {"signature.signers.subject", [](Report &r) -> auto & { return r.signers.back().subject; }},
    {"signature.signers.issuer", [](Report &r) -> auto & { return r.signers.back().issuer; }},
    {"signature.signers.serial", [](Report &r) -> auto & { return r.signers.back().serial; }},
    {"signature.signers.digest", [](Report &r) -> auto & { return r.signers.back().digest; }},
    {"signature.signers.signing_time",
     [](Report &r) -> auto & { return r.signers.back().signing_time; }},
    {"signature.signers.checked_at",
     [](Report &r) -> auto & { return r.signers.back().checked_at; }},
    {"signature.signers.sha256", [](Report &r) -> auto & { return r.signers.back().sha256; }},
    {"signature.errors.code", [](Report &r) -> auto & { return r.signature_errors.back().code; }},
    {"signature.errors.path", [](Report &r) -> auto & { return r.signature_errors.back().path; }},
    {"signature.errors.text", [](Report &r) -> auto & { return r.signature_errors.back().text; }},
    {"signature.errors.remedy",
     [](Report &r) -> auto & { return r.signature_errors.back().remedy; }},
    {"encryption.content", [](Report &r) -> auto & { return r.content_encryption; }},
    {"encryption.recipients.issuer",
     [](Report &r) -> auto & { return r.recipients.back().issuer; }},
    {"encryption.recipients.serial",
     [](Report &r) -> auto & { return r.recipients.back().serial; }},
    {"encryption.recipients.key_id",
     [](Report &r) -> auto & { return r.recipients.back().key_id; }},
    {"encryption.recipients.key_encryption",
     [](Report &r) -> auto & { return r.recipients.back().key_encryption; }},
    {"uninspectable.path", [](Report &r) -> auto & { return r.uninspectable.back().path; }},
    {"uninspectable.reason", [](Report &r) -> auto & { return r.uninspectable.back().reason; }},
    {"uninspectable.type", [](Report &r) -> auto & { return r.uninspectable.back().type; }},
    {"uninspectable.name", [](Report &r) -> auto & { return r.uninspectable.back().name; }},
    {"scan.engine", [](Report &r) -> auto & { return r.scan_engine; }},
    {"scan.name", [](Report &r) -> auto & { return r.scan_name; }},
    {"protected.path", [](Report &r) -> auto & { return r.protected_entities.back().path; }},
    {"protected.sha256", [](Report &r) -> auto & { return r.protected_entities.back().sha256; }},
    {"errors.code", [](Report &r) -> auto & { return r.errors.back().code; }},
    {"errors.path", [](Report &r) -> auto & { return r.errors.back().path; }},
    {"errors.text", [](Report &r) -> auto & { return r.errors.back().text; }},
    {"errors.remedy", [](Report &r) -> auto & { return r.errors.back().remedy; }},
});

struct NumberField {
  std::string_view path;
  std::uint64_t &(*of)(Report &);
};

constexpr auto number_fields = std::to_array<NumberField>({
    {"size", [](Report &r) -> auto & { return r.size; }},
    {"dropped", [](Report &r) -> auto & { return r.dropped; }},
    {"protected_dropped", [](Report &r) -> auto & { return r.protected_dropped; }},
    {"encryption.recipient_count", [](Report &r) -> auto & { return r.recipient_count; }},
    {"protected.offset", [](Report &r) -> auto & { return r.protected_entities.back().offset; }},
    {"protected.size", [](Report &r) -> auto & { return r.protected_entities.back().size; }},
});

// False if the list has all that it may have.
template <typename Entry>
bool add_entry(std::vector<Entry> &list, std::size_t most = Report::max_list) {
  if (list.size() >= most)
    return false;
  list.emplace_back();
  return true;
}

struct ListField {
  std::string_view path;
  bool (*add)(Report &);
};

constexpr auto list_fields = std::to_array<ListField>({
    {"layers", [](Report &r) { return add_entry(r.layers); }},
    {"signature.signers", [](Report &r) { return add_entry(r.signers, Report::max_signers); }},
    {"signature.errors", [](Report &r) { return add_entry(r.signature_errors); }},
    {"encryption.recipients", [](Report &r) { return add_entry(r.recipients); }},
    {"uninspectable", [](Report &r) { return add_entry(r.uninspectable); }},
    {"protected", [](Report &r) { return add_entry(r.protected_entities); }},
    {"errors", [](Report &r) { return add_entry(r.errors); }},
});

constexpr auto object_fields =
    std::to_array<std::string_view>({"signature", "scan", "encryption"});

// clang-format on

// What every report has, once, and what it is.
enum class Shape : unsigned char { list, object, word, other };

struct RequiredField {
  std::string_view path;
  Shape shape;
};

constexpr auto required_fields = std::to_array<RequiredField>({
    {"class", Shape::list},
    {"signature", Shape::object},
    {"signature.status", Shape::word},
    {"scan", Shape::object},
    {"scan.verdict", Shape::word},
});

template <typename Field, std::size_t N>
const Field *find_field(const std::array<Field, N> &table, std::string_view path) {
  auto found = std::find_if(table.begin(), table.end(),
                            [&](const Field &field) { return field.path == path; });
  return found == table.end() ? nullptr : &*found;
}

// Takes what it knows of a report as the parser comes to it; a document in between
// would take twice as long, and as much memory as a scanner that went over likes.
// What is not known, or is not of the shape that it should be, is passed over.
class ReportReader : public nlohmann::json_sax<Json> {
public:
  std::optional<Report> result(std::string &error);

  bool null() override { return begin(Shape::other); }
  bool boolean(bool value) override;
  bool number_integer(number_integer_t /*value*/) override { return begin(Shape::other); }
  bool number_unsigned(number_unsigned_t value) override;
  bool number_float(number_float_t /*value*/, const string_t & /*text*/) override {
    return begin(Shape::other);
  }
  bool string(string_t &value) override;
  bool binary(binary_t & /*value*/) override { return begin(Shape::other); }
  bool start_object(std::size_t /*size*/) override {
    return begin(Shape::object) && open(false, enters_object());
  }
  bool key(string_t &name) override;
  bool end_object() override { return close(); }
  bool start_array(std::size_t /*size*/) override {
    return begin(Shape::list) && open(true, is_member());
  }
  bool end_array() override { return close(); }
  bool parse_error(std::size_t /*position*/, const std::string & /*token*/,
                   const Json::exception & /*problem*/) override {
    return fail("report is not JSON");
  }

private:
  static constexpr std::size_t max_depth = 32;

  // An object or a list that is open.
  struct Open {
    bool is_list;
    // Neither it nor what is in it is passed over.
    bool is_known;
    // Of path_ outside it.
    std::size_t path_size;
  };

  // Whether the value that comes now is that of a member of an object, whose key ends path_.
  bool is_member() const {
    return !open_.empty() && open_.back().is_known && !open_.back().is_list;
  }
  // It is in a list that is the value of the key that path_ tells.
  bool is_entry() const { return !open_.empty() && open_.back().is_known && open_.back().is_list; }
  bool enters_object();
  bool open(bool is_list, bool is_known);
  bool close();
  bool fail(const char *error);
  // False if no value of that shape may be here.
  bool begin(Shape shape);
  bool take_class(const std::string &name);
  bool take_word(const std::string &word);

  Report report_;
  std::vector<Open> open_;
  // The keys of the open objects, with dots between them.
  std::string path_;
  // Those of required_fields that were there.
  std::array<bool, required_fields.size()> seen_{};
  std::string error_;
};

bool ReportReader::fail(const char *error) {
  if (error_.empty())
    error_ = error;
  return false;
}

bool ReportReader::enters_object() {
  if (open_.empty())
    return true;
  if (is_entry()) {
    const ListField *list = find_field(list_fields, path_);
    return list != nullptr && list->add(report_);
  }
  return is_member() &&
         std::find(object_fields.begin(), object_fields.end(), path_) != object_fields.end();
}

bool ReportReader::open(bool is_list, bool is_known) {
  if (open_.size() >= max_depth)
    return fail("report is nested too deep");
  open_.push_back({is_list, is_known, path_.size()});
  return true;
}

bool ReportReader::close() {
  path_.resize(open_.back().path_size);
  open_.pop_back();
  return true;
}

bool ReportReader::key(string_t &name) {
  path_.resize(open_.back().path_size);
  if (!path_.empty())
    path_ += '.';
  // No name is two of them.
  path_ += name.find('.') == std::string::npos ? name : "?";
  return true;
}

bool ReportReader::begin(Shape shape) {
  if (is_entry() && path_ == "class")
    return shape == Shape::word || fail("report has an unknown class");
  const RequiredField *field = is_member() ? find_field(required_fields, path_) : nullptr;
  if (field == nullptr)
    return true;
  bool &seen = seen_[static_cast<std::size_t>(field - required_fields.data())];
  if (seen || shape != field->shape)
    return fail("report has no class, signature or scan as reports have them");
  seen = true;
  return true;
}

bool ReportReader::take_class(const std::string &name) {
  auto value = class_from_name(name);
  if (!value)
    return fail("report has an unknown class");
  report_.classes.add(*value);
  return true;
}

// One of a fixed set.
bool ReportReader::take_word(const std::string &word) {
  if (path_ == "signature.status") {
    auto status = signature_status_from_name(word);
    report_.signature = status.value_or(SignatureStatus::unknown);
    return status || fail("report has an unknown signature status");
  }
  if (path_ == "scan.verdict") {
    auto verdict = scan_verdict_from_name(word);
    report_.scan = verdict.value_or(ScanVerdict::error);
    return verdict || fail("report has an unknown scan verdict");
  }
  if (path_ == "signature.strength" || path_ == "encryption.strength")
    report_.strength = strength_from_name(word).value_or(report_.strength);
  return true;
}

bool ReportReader::string(string_t &value) {
  if (!begin(Shape::word))
    return false;
  if (is_entry() && path_ == "class")
    return take_class(value);
  if (is_entry() && path_ == "signature.signers.email") {
    auto &email = report_.signers.back().email;
    if (email.size() < Signer::max_email)
      email.push_back(value.substr(0, max_report_text));
    return true;
  }
  if (!is_member())
    return true;
  if (const TextField *field = find_field(text_fields, path_); field != nullptr) {
    field->of(report_).assign(value, 0, max_report_text);
    return true;
  }
  if (path_ == "signature.signers.certificate") {
    // Half a certificate is none.
    report_.signers.back().certificate = value.size() > max_report_certificate ? "" : value;
    return true;
  }
  return take_word(value);
}

bool ReportReader::number_unsigned(number_unsigned_t value) {
  const NumberField *field = is_member() ? find_field(number_fields, path_) : nullptr;
  if (field == nullptr)
    return begin(Shape::other);
  field->of(report_) = value;
  return true;
}

bool ReportReader::boolean(bool value) {
  if (is_member() && path_ == "encryption.authenticated")
    report_.authenticated = value;
  return begin(Shape::other);
}

std::optional<Report> ReportReader::result(std::string &error) {
  bool is_whole = !report_.classes.empty() &&
                  std::all_of(seen_.begin(), seen_.end(), [](bool seen) { return seen; });
  if (!is_whole)
    (void)fail("report has no class, signature or scan");
  if (!error_.empty()) {
    error = error_;
    return std::nullopt;
  }
  report_.recipient_count =
      std::max<std::uint64_t>(report_.recipient_count, report_.recipients.size());
  return std::move(report_);
}

} // namespace

std::optional<Report> report_from_json(std::string_view text, std::string &error) {
  ReportReader reader;
  (void)Json::sax_parse(text, &reader);
  return reader.result(error);
}

} // namespace smime

// Hands a mail of ours to the MTA, as submission_host or sendmail_path say.
#ifndef SMIME_SUBMIT_H
#define SMIME_SUBMIT_H

#include "plugin/operator/review-report.h"

#include <memory>
#include <string>

struct mail_user;

namespace smime {

// The address and the host that our mails to and about the user are from. False with error set if
// postmaster_address is wrong.
bool read_postmaster(mail_user *user, std::string &from, std::string &hostname, std::string &error);

class Submission {
public:
  // Reads the settings: before the first user of a command is looked up. Null
  // with error set if they cannot be read.
  static std::unique_ptr<Submission> create(std::string &error);
  ~Submission();

  // Takes what it needs of a user's settings: sender, host name, TLS. False with
  // error set if postmaster_address is wrong.
  bool prepare(mail_user *user, std::string &error);

  // A new mail's head; prepare() comes before.
  MailHead head_to(const std::string &to) const;

  // failed: for now, and so may be whatever is sent next; refused: this mail, or this recipient.
  enum class Result : unsigned char { taken, refused, failed };
  // Sends with the empty reverse-path; but for taken, which is said once the MTA took it, error is
  // set.
  Result submit(const std::string &to, const std::string &message, std::string &error) const;
  // True once the MTA took it.
  bool send(const std::string &to, const std::string &message, std::string &error) const;

private:
  Submission() = default;
  bool read_sender(mail_user *user, std::string &error);
  struct Settings;
  std::unique_ptr<Settings> settings_;
};

} // namespace smime

#endif

#include "plugin/operator/desk-check.h"

namespace smime {
namespace {

bool is_of_this_machine(const std::string &address) {
  return address.starts_with("127.") || address == "::1" || address == "[::1]" ||
         address == "localhost";
}

} // namespace

Findings check_desk(const DeskFacts &facts) {
  Findings findings;
  if (facts.port.empty() || facts.port == "0")
    return findings;
  auto add = [&](Severity severity, const char *setting, const std::string &detail,
                 const std::string &remedy) {
    findings.push_back({"review desk", severity, setting, detail, remedy});
  };
  if (!facts.has_tls && !is_of_this_machine(facts.address))
    add(Severity::error, "service smime-desk",
        "passwords and held mail go over the network in clear: port " + facts.port +
            " has ssl = no",
        "Set ssl = yes in conf.d/92-smime-desk.conf, or an address of this machine for a proxy "
        "that has TLS");
  if (!facts.has_register)
    add(Severity::error, "smime_register", "there is no register: the desk has nothing to list",
        "Set one up; see THE REGISTER in dovecot-smime(7)");
  if (!facts.has_reviewers)
    add(Severity::warning, "smime_role",
        "nobody is a reviewer: those who log in see their own held mail alone",
        "Name them in smime_role or smime_reviewers; see ROLES in dovecot-smime(7)");
  constexpr std::uint32_t for_root_alone = 0600;
  const char *service_doveadm = "service doveadm";
  if (!facts.socket.empty() && !facts.has_socket)
    add(Severity::error, service_doveadm, "nobody can log in: there is no socket " + facts.socket,
        "Take service doveadm from conf.d/92-smime-desk.conf as shipped (an upgrade keeps a file "
        "that was there), and say doveadm reload");
  else if (!facts.socket.empty() && facts.socket_mode != for_root_alone)
    add(Severity::error, service_doveadm,
        "nobody can log in: doveadm wants a password on " + facts.socket +
            ", whose mode is not 0600",
        "Set mode = 0600 for unix_listener smime-desk-doveadm, and say doveadm reload");
  if (!facts.allowed_commands.empty() &&
      ("," + facts.allowed_commands + ",").find(",smime quarantine rights,") == std::string::npos)
    add(Severity::error, "doveadm_allowed_commands",
        "nobody can log in: doveadm's servers refuse what the desk asks for",
        "Leave it empty, or add the commands smime quarantine ..., smime register overview and "
        "smime token check; the log names each that was refused");
  if (findings.empty())
    add(Severity::ok, "service smime-desk", "port " + facts.port, "");
  return findings;
}

} // namespace smime

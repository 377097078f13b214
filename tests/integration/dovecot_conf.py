"""The configuration of a private Dovecot for its version.

The tests write what Dovecot 2.3 takes, in the words that they need; for 2.4 it is
translated here. Only those words are known: an unknown one of 2.3 is left as it
is, and Dovecot 2.4 refuses it.
"""

import re
import shlex
import subprocess

DOVECOT = "/usr/sbin/dovecot"


def _installed_version():
    done = subprocess.run([DOVECOT, "--version"], capture_output=True, text=True)
    return ".".join(done.stdout.split(".")[:2])


VERSION = _installed_version()
IS_24 = VERSION == "2.4"


# Pieces that several tests configure.
ALIAS_NAMESPACE = """
namespace compat {
  prefix = Compat/
  separator = /
  alias_for =
  hidden = yes
  list = no
}
"""
VIRTUAL_NAMESPACE = """
namespace virtual {
  prefix = Virtual/
  separator = /
  location = virtual:~/virtual
}
"""
# DIRECTORY is to be replaced.
CENTRAL_NAMESPACE = """
namespace central {
  type = public
  prefix = Central/
  separator = /
  location = maildir:DIRECTORY/central
  subscriptions = no
  list = children
}
"""
# POP3PORT is to be replaced.
URLAUTH_AND_POP3 = """
service imap-urlauth {
  unix_listener token-login/imap-urlauth {
    mode = 0666
  }
}
service pop3-login {
  inet_listener pop3 {
    port = POP3PORT
  }
  inet_listener pop3s {
    port = 0
  }
}
"""


def configuration(text):
    """text, written for Dovecot 2.3, for the Dovecot that is installed."""
    return to_24(text) if IS_24 else text


def without_rules(text):
    """The shipped 90-smime.conf without its rules."""
    if IS_24:
        return re.sub(r"^smime_rule .*?^}$", "", text, flags=re.M | re.S)
    return "\n".join(line for line in text.split("\n")
                     if not line.strip().startswith("smime_rule"))


def plugin_setting(name):
    """For the -o option."""
    return name if IS_24 else f"plugin/{name}"


def import_source(location):
    """What doveadm import takes: in 2.4 no INBOX= and the like, which stand at their
    defaults in the tests."""
    return ":".join(location.split(":")[:2]) if IS_24 else location


def rule_name(setting):
    """What the rule smime_ruleN of a test is called in logs and reports. In 2.4 its old
    name is its name, so that what looks for it in a text finds it in both."""
    return f"smime_rule {setting}" if IS_24 else setting


# The names of the shipped rules.
SHIPPED_RULE = "smime_rule encrypted" if IS_24 else "smime_rule"
SHIPPED_RULE2 = "smime_rule uninspectable" if IS_24 else "smime_rule2"


def userdb_rule(text):
    """A user's own only rule as fields of a passwd-file."""
    if not IS_24:
        return f"userdb_smime_rule={text}"
    fields = ["userdb_smime_rule=own"]
    for key, value in _rule_words(text):
        fields.append(f"userdb_smime_rule/own/{key}={value}")
    return " ".join(fields)


# --- reading: a list of (key, value) and (header, list)

def _parse(text):
    stack = [[]]
    for line in text.split("\n"):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        if line == "}":
            block = stack.pop()
            stack[-1][-1] = (stack[-1][-1][0], block)
        elif line.endswith("{"):
            stack[-1].append((line[:-1].strip(), []))
            stack.append([])
        elif line.startswith("!"):
            stack[-1].append((line, None))
        else:
            key, _, value = line.partition("=")
            stack[-1].append((key.strip(), value.strip()))
    assert len(stack) == 1, "a block is not closed"
    return stack[0]


def _format(entries, indent=""):
    lines = []
    for key, value in entries:
        if value is None:
            lines.append(indent + key)
        elif isinstance(value, list):
            lines.append(f"{indent}{key} {{")
            lines += _format(value, indent + "  ")
            lines.append(indent + "}")
        else:
            lines.append(f"{indent}{key} = {value}")
    return lines


# --- translating

VARIABLES = {"u": "%{user}", "n": "%{user | username}", "d": "%{user | domain}", "h": "%{home}",
             "%u": "%{owner_user}"}

RENAMED = {
    # Of an inet_listener; nothing else has it.
    "address": "listen",
    "disable_plaintext_auth": None,
    "auth_username_format": ("auth_username_format", "%{user | username | lower}"),
    "mail_attachment_min_size": "mail_ext_attachment_min_size",
    "zlib_save": "mail_compress_write_method",
    "sieve_filter_bin_dir": "sieve_filter_bin_dir",
    "quota_vsizes": None,
    "quota_max_mail_size": "quota_mail_size",
    "mail_crypt_save_version": None,
    "acl": ("acl_driver", "vfile"),
    # The tests know 0, which is for ever.
    "service_count": ("restart_request_count", "unlimited"),
}

# Plugins that have another name now.
PLUGINS = {"zlib": "mail_compress"}


def _value(value):
    value = re.sub(r"%(%u|[undh])", lambda match: VARIABLES[match[1]], value)
    return re.sub(r"\$(\w+)", r"$SET:\1", value)


def _flags(words):
    return [(word, "yes") for word in words]


def _plugins(words):
    """A block adds to the list that holds around it; a line replaces it."""
    names = [PLUGINS.get(word, word) for word in words if word != "$mail_plugins"]
    if "$mail_plugins" not in words:
        return [("mail_plugins", " ".join(names))] if names else []
    return [("mail_plugins", _flags(names))] if names else []


def _location(value):
    driver, _, rest = value.partition(":")
    path, *options = rest.split(":")
    entries = [("mail_driver", driver), ("mail_path", _value(path))]
    names = {"INBOX": "mail_inbox_path", "INDEX": "mail_index_path", "CONTROL": "mail_control_path",
             "LAYOUT": "mailbox_list_layout", "DIRNAME": "mailbox_directory_name"}
    for option in options:
        key, _, path = option.partition("=")
        entries.append((names[key], _value(path)))
    return entries


def _rule_words(text):
    """shlex reads quoted values as the plugin does."""
    return [word.split("=", 1) for word in shlex.split(text)]


def _block(kind, name, text):
    """smime_rule and smime_role, with or without a number."""
    number = int(name.removeprefix(kind) or 1)
    return number, (f"{kind} {name}",
                    [(key, f'"{value}"' if " " in value else value)
                     # %% is how 2.3 writes a percent sign.
                     for key, value in _rule_words(text.replace("%%", "%"))])


def _quota(settings):
    """quota_rule = *:storage=100k and the like."""
    names = {"storage": "quota_storage_size", "messages": "quota_message_count"}
    limits = []
    for key, value in settings:
        if key == "quota":
            limits.append(("driver", value.partition(":")[0]))
        elif key.startswith("quota_rule") and value.startswith("*:"):
            # Rules of a mailbox are in the mailbox's block.
            what, _, limit = value.removeprefix("*:").partition("=")
            limits.append((names[what], limit))
    # Ten megabytes more than the limit would be taken.
    limits.append(("quota_storage_grace", "0"))
    return "quota user", limits


def _imapsieve(settings):
    """The one rule that the tests use, which runs a script before the user's."""
    values = dict(settings)
    name = values["imapsieve_mailbox1_name"]
    script = ("sieve_script imapsieve",
              [("type", "before"), ("cause", values["imapsieve_mailbox1_causes"].lower()),
               ("path", values["imapsieve_mailbox1_before"].removeprefix("file:"))])
    return script if name == "*" else ("namespace inbox", [(f"mailbox {name}", [script])])


def _plugin(settings):
    """plugin { } is no more: what was in it, for the top."""
    entries, rules = [], []
    for key, value in settings:
        if series := re.fullmatch(r"(smime_rule|smime_role)\d*", key):
            rules.append(_block(series[1], key, value))
        elif key == "quota":
            entries.append(_quota(settings))
        elif key == "imapsieve_mailbox1_name":
            entries.append(_imapsieve(settings))
        elif key.startswith(("quota_rule", "imapsieve_", "fts_autoindex_exclude")):
            continue
        elif key == "sieve":
            continue
        elif key == "sieve_plugins":
            entries.append((key, _flags(value.split())))
        elif key == "sieve_extensions":
            entries.append((key, _flags(word.lstrip("+") for word in value.split())))
        elif key == "mail_crypt_global_private_key":
            entries.append(("crypt_global_private_key main",
                            [("crypt_private_key_file", value.lstrip("<"))]))
        elif key == "mail_crypt_global_public_key":
            entries.append(("crypt_global_public_key_file", value.lstrip("<")))
        else:
            entries.append((key, value))
    return [*_translate(entries), *(rule for _, rule in sorted(rules, key=lambda item: item[0]))]


def _database(kind, number, settings):
    values = [(("passwd_file_path" if key == "args" else key), value) for key, value in settings]
    return (f"{kind} {kind}{number}", values)


def _translate(entries):
    result = []
    databases = 0
    for key, value in entries:
        if key == "plugin":
            result += _plugin(value)
        elif key in ("passdb", "userdb"):
            databases += 1
            result.append(_database(key, databases, value))
        elif isinstance(value, list):
            result.append((key, _translate(value)))
        elif value is None:
            result.append((key, value))
        elif key in ("mail_location", "location"):
            result += _location(value)
        elif key == "mail_plugins":
            result += _plugins(value.split())
        elif key == "import_environment":
            names = value.split()[1:]
            result.append((key, [(name, f"%{{env:{name}}}") for name in names]))
        elif key == "mail_attribute_dict":
            result.append(("mail_attribute", [("dict file", [
                ("driver", "file"), ("path", _value(value.removeprefix("file:")))])]))
        elif key == "prefix":
            result.append((key, value.replace("%%u", "$user")))
        elif key == "mail_attachment_dir":
            result += [("mail_ext_attachment_path", _value(value)),
                       ("mail_ext_attachment", [("fs sis", []), ("fs posix", [])])]
        elif key in RENAMED:
            new = RENAMED[key]
            if isinstance(new, tuple):
                result.append(new)
            elif new is not None:
                result.append((new, _value(value)))
        elif key.startswith("smime_"):
            result.append((key, value))
        else:
            result.append((key, _value(value)))
    return result


def to_24(text):
    head = ["dovecot_config_version = 2.4.1", "dovecot_storage_version = 2.4.1",
            "auth_allow_cleartext = yes",
            "sieve_script personal {", "  driver = file", "  path = ~/sieve",
            "  active_path = ~/.dovecot.sieve", "}"]
    return "\n".join(head + _format(_translate(_parse(text)))) + "\n"

"""Other plugins and settings that copy, tell or remove what goes into the quarantine and out
of it: whichever is loaded, the owner sees and gets nothing of a held message but what is
released to him.

Each row is a plugin, or a setting, and is tried with an instance of its own."""

import os
import re
import shutil
import time
import unittest

from clients import Imap, without_trace
from dovecot_conf import IS_24
from test_access import RawImap
from test_review import ReviewCase

# What is done with a held message: each to a user of its own, so that nothing of one is
# taken for another's.
ACTS = ("delete", "release", "reject", "expire", "move", "expunge")
USERS = tuple(f"u{act}" for act in ACTS)

LUA = """
function note(text)
  local file = io.open("FILE", "a")
  file:write(text .. "\\n")
  file:close()
end
function dovecot_lua_notify_begin_txn(user)
  return {}
end
function dovecot_lua_notify_event_message_new(ctx, event)
  note("new " .. tostring(event.mailbox) .. " " .. tostring(event.subject))
end
function dovecot_lua_notify_event_message_append(ctx, event)
  note("append " .. tostring(event.mailbox) .. " " .. tostring(event.subject))
end
function dovecot_lua_notify_event_message_expunge(ctx, event)
  note("expunge " .. tostring(event.mailbox))
end
function dovecot_lua_notify_event_flags_set(ctx, event)
  note("flags " .. tostring(event.mailbox))
end
function dovecot_lua_notify_event_flags_clear(ctx, event)
  note("flags " .. tostring(event.mailbox))
end
function dovecot_lua_notify_event_mailbox_create(ctx, event)
  note("create " .. tostring(event.mailbox))
end
function dovecot_lua_notify_event_mailbox_subscribe(ctx, event)
  note("subscribe " .. tostring(event.mailbox))
end
function dovecot_lua_notify_end_txn(ctx, success)
end
"""


class Row:
    """Words of a row: plugins, of every protocol; imap_plugins; lines, which 2.3 takes in
    plugin { }; lines_24; extra, extra_23 and extra_24, of the configuration."""

    plugins = ""
    imap_plugins = ""
    lines = ""
    lines_24 = ""
    extra_23 = ""
    extra_24 = ""
    # Something is told of messages in a file.
    tells = False
    quarantine = "Quarantine"
    settings = "  smime_reviewers = reviewer\n"

    @classmethod
    def before_start(cls):
        super().before_start()
        instance = cls.instance
        instance.users = USERS
        instance.global_plugins = cls.plugins
        place = str(instance.dir)
        (instance.dir / "home").mkdir()
        (instance.dir / "notify.lua").write_text(LUA.replace("FILE", f"{place}/home/told"))
        lines = cls.lines_24 if IS_24 else f"plugin {{\n{cls.lines}\n}}\n"
        instance.extra += (lines + (cls.extra_24 if IS_24 else cls.extra_23) +
                           "protocol imap {\n  mail_plugins = $mail_plugins "
                           f"{cls.imap_plugins}\n}}\n").replace("DIRECTORY", place)
        cls.prepare_homes()

    @classmethod
    def prepare_homes(cls):
        pass

    def setUp(self):
        self.mta.mails.clear()

    def view(self, user):
        """All that the owner sees over IMAP."""
        raw = RawImap(self.instance, user)
        names = set()
        lists = []
        for command in ('LIST "" "*" RETURN (SPECIAL-USE SUBSCRIBED CHILDREN)', 'LSUB "" "*"',
                        'LIST (SUBSCRIBED) "" "*"'):
            _, answer = raw.run(command)
            found = [line for line in answer.split(b"\r\n") if line.startswith(b"* L")]
            # A mailbox of this session's own is marked or not.
            lists.append(sorted(re.sub(rb"\\(Unm|M)arked ?", b"", line) for line in found))
            names |= {line.rsplit(b" ", 1)[1].decode() for line in found}
        quota = re.findall(rb"\* QUOTA .*", raw.run("GETQUOTAROOT INBOX")[1])
        messages = {}
        for name in sorted(names | {self.quarantine, "Expunged", "Trash"}):
            if raw.run(f"EXAMINE {name}")[0] == "OK":
                # No literal of its own: the sizes stand in it.
                answer = raw.run("FETCH 1:* (ENVELOPE BODY.PEEK[])")[1]
                messages[name] = re.sub(rb"\ba\d+ \S+ .*|\* [A-Z].*", b"", answer)
        raw.close()
        return {"lists": lists, "quota": quota, "messages": messages}

    def told(self):
        path = self.instance.dir / "home" / "told"
        return path.read_text() if path.exists() else ""

    def forget_told(self):
        (self.instance.dir / "home" / "told").unlink(missing_ok=True)

    def assert_nothing_told(self, released=False):
        if not released:
            self.assertNotIn("encrypted sample", self.told())
        self.assertNotIn("uarantine", self.told())
        self.assertNotRegex(self.instance.settled_log(), r"box=\"?Quarantine")

    def act(self, action, user, item):
        if action in ("move", "expunge"):
            if "acl" in self.plugins:
                self.instance.doveadm("acl", "set", "-u", user, "Quarantine", "user=reviewer",
                                      "lookup", "read", "write", "write-deleted", "expunge")
                self.instance.doveadm("acl", "set", "-u", user, "INBOX", "user=reviewer",
                                      "lookup", "read", "insert")
            client = Imap(self.instance, f"{user}*reviewer", self.quarantine)
            uid = client.uids()[-1]
            if action == "move":
                status, text = client.uid("move", uid, "INBOX")
            else:
                client.uid("store", uid, "+FLAGS", "(\\Deleted)")
                status, text = client.expunge()
            self.assertEqual("OK", status, text)
            client.logout()
        elif action == "expire":
            self.instance.doveadm("smime", "quarantine", "expire", "-u", user, "--older-than", "1s")
        else:
            self.doveadm_quarantine(action, user, item)

    def test_the_owner_gets_nothing(self):
        for action, user in zip(ACTS, USERS):
            with self.subTest(action):
                self.forget_told()
                self.assert_accepted(self.samples.plain(), f"{user}@example.org")
                before = self.view(user)
                self.assertEqual(self.tells, self.told() != "")
                self.assertEqual("imap_quota" in self.imap_plugins, before["quota"] != [])
                original = self.samples.encrypted()
                self.assert_accepted(original, f"{user}@example.org")
                (item,) = self.quarantined(user)
                self.assertEqual(before, self.view(user), "while it is held")
                if action == "expire":
                    time.sleep(2.1)
                self.assert_nothing_told()
                self.forget_told()
                self.act(action, user, item["id"])
                self.assertEqual([], self.quarantined(user))
                after = self.view(user)
                if action in ("release", "move"):
                    inbox = [without_trace(body) for body in self.bodies(user)]
                    self.assertEqual([original], [b for b in inbox if b"pkcs7-mime" in b])
                    # What was released is there, and where all is shown.
                    for name in {"INBOX", "Virtual/All"} & before["messages"].keys():
                        after["messages"][name] = before["messages"][name]
                    if before["quota"]:
                        self.assertNotEqual(before["quota"], after["quota"])
                    after["quota"] = before["quota"]
                self.assert_nothing_told(action in ("release", "move"))
                self.assertEqual(before, after)
                for name in after["messages"]:
                    if name != "INBOX":
                        self.assertNotIn(b"encrypted sample", after["messages"][name])
                text = self.instance.doveadm("fetch", "-u", user, "hdr", "mailbox", "*", "NOT",
                                             "mailbox", "INBOX").stdout
                self.assertNotIn(b"encrypted sample", text)


class LazyExpunge(Row, ReviewCase):
    plugins = "lazy_expunge"
    lines = "  lazy_expunge = Expunged"
    lines_24 = "lazy_expunge_mailbox = Expunged\n"


class LazyExpungeLastInstance(Row, ReviewCase):
    plugins = "lazy_expunge"
    lines = "  lazy_expunge = Expunged\n  lazy_expunge_only_last_instance = yes"
    lines_24 = "lazy_expunge_mailbox = Expunged\nlazy_expunge_only_last_instance = yes\n"
    instance_options = {"location": "mdbox:~/mdbox"}


@unittest.skipIf(IS_24, "of Dovecot 2.3")
class LazyExpungeNamespace(Row, ReviewCase):
    """Of 2.3: a namespace with a mailbox for each."""

    plugins = "lazy_expunge"
    lines = "  lazy_expunge = .EXPUNGED/"
    extra_23 = ("namespace expunged {\n  prefix = .EXPUNGED/\n  separator = /\n"
                "  location = maildir:~/expunged\n  list = children\n}\n")


class MailLog(Row, ReviewCase):
    """It writes subjects into Dovecot's log."""

    plugins = "notify mail_log"
    lines = ("  mail_log_events = delete undelete expunge save copy mailbox_create mailbox_delete "
             "flag_change append\n  mail_log_fields = uid box msgid size from subject")
    lines_24 = ("mail_log_events {\n  delete = yes\n  undelete = yes\n  expunge = yes\n"
                "  save = yes\n  copy = yes\n  mailbox_create = yes\n  flag_change = yes\n}\n"
                "mail_log_fields {\n  uid = yes\n  box = yes\n  subject = yes\n}\n")


class PushNotification(Row, ReviewCase):
    """It tells subjects to whoever is to show them on the owner's telephone."""

    plugins = "mail_lua notify push_notification push_notification_lua"
    lines = "  push_notification_driver = lua:file=DIRECTORY/notify.lua"
    lines_24 = ("push_notification lua {\n  driver = lua\n"
                "  lua_file = DIRECTORY/notify.lua\n}\n")
    tells = True

    def test_it_tells_of_other_mail(self):
        """What this row asks for is asked of something that works."""
        self.assert_accepted(self.samples.plain("Told of"), f"{USERS[0]}@example.org")
        self.assertIn("new INBOX Told of", self.told())


class NotifyStatus(Row, ReviewCase):
    """It keeps counts of messages by mailbox in a dict."""

    plugins = "notify notify_status"
    lines = "  notify_status_dict = file:DIRECTORY/home/told"
    lines_24 = ("mailbox_notify_status = yes\nnotify_status {\n  dict file {\n    driver = file\n    path = DIRECTORY/home/told\n"
                "  }\n}\n")
    tells = True

    def test_it_counts_other_mail(self):
        self.assert_accepted(self.samples.plain(), f"{USERS[0]}@example.org")
        self.assertIn("INBOX", self.told())


class Quota(Row, ReviewCase):
    plugins = "quota"
    imap_plugins = "imap_quota"
    lines = ("  quota = count:User quota\n  quota_vsizes = yes\n  quota_rule = *:storage=100M\n"
             "  quota_rule2 = *:messages=100")
    lines_24 = "quota user {\n  driver = count\n  quota_storage_size = 100M\n}\n"


@unittest.skipIf(IS_24, "of Dovecot 2.3")
class QuotaDict(Row, ReviewCase):
    plugins = "quota"
    imap_plugins = "imap_quota"
    lines = "  quota = dict:User quota::file:%h/quota\n  quota_rule = *:storage=100M:messages=100"


@unittest.skipIf(IS_24, "of Dovecot 2.3")
class QuotaMaildir(Row, ReviewCase):
    plugins = "quota"
    imap_plugins = "imap_quota"
    lines = "  quota = maildir:User quota\n  quota_rule = *:storage=100M:messages=100"


class Trash(Row, ReviewCase):
    """It makes room in the mailboxes that it is told of, by removing what is in them."""

    plugins = "quota trash"
    lines = ("  quota = count:User quota\n  quota_vsizes = yes\n  quota_rule = *:messages=4\n"
             "  trash = DIRECTORY/trash.conf")
    lines_24 = ("quota user {\n  driver = count\n  quota_message_count = 4\n}\n"
                "namespace inbox {\n  mailbox Quarantine {\n    trash_priority = 1\n  }\n}\n")

    @classmethod
    def prepare_homes(cls):
        (cls.instance.dir / "trash.conf").write_text("1 Quarantine\n")

    def test_it_makes_no_room_in_the_quarantine(self):
        user = USERS[0]
        self.assert_accepted(self.samples.encrypted(), f"{user}@example.org")
        held = self.quarantined(user)
        answers = [self.deliver(self.samples.plain(), f"{user}@example.org")[0][0]
                   for _ in range(8)]
        self.assertTrue(any(code != 250 for code in answers), answers)
        self.assertEqual(held, self.quarantined(user))
        self.doveadm_quarantine("delete", user, held[0]["id"])
        self.instance.doveadm("expunge", "-u", user, "mailbox", "INBOX", "all")


class Virtual(Row, ReviewCase):
    """A virtual mailbox over everything."""

    plugins = "virtual"
    settings = "  smime_reviewers_all_mail = reviewer\n"
    extra_23 = extra_24 = ("namespace virtual {\n  prefix = Virtual/\n  separator = /\n"
                           "  location = virtual:~/virtual\n}\n")

    @classmethod
    def prepare_homes(cls):
        for user in USERS:
            folder = cls.instance.home(user) / "virtual" / "All"
            folder.mkdir(parents=True)
            (folder / "dovecot-virtual").write_text("*\n  all\n")
        owner, group = cls.instance._mail_owner()
        if os.geteuid() == 0:
            for path in [cls.instance.dir / "home", *(cls.instance.dir / "home").rglob("*")]:
                shutil.chown(path, owner, group)


    def test_a_reviewer_looked_at_it(self):
        """What his session saw of the virtual mailbox stays in its index."""
        user = USERS[0]
        self.assert_accepted(self.samples.plain(), f"{user}@example.org")
        for name, patterns in (("All", "*\n"), ("Named", "INBOX\nQuarantine\n")):
            with self.subTest(name):
                folder = self.instance.home(user) / "virtual" / name
                folder.mkdir(exist_ok=True)
                (folder / "dovecot-virtual").write_text(patterns + "  all\n")
                if os.geteuid() == 0:
                    owner, group = self.instance._mail_owner()
                    for path in (folder, folder / "dovecot-virtual"):
                        shutil.chown(path, owner, group)
                before = self.view(user)
                self.assert_accepted(self.samples.encrypted(), f"{user}@example.org")
                (item,) = self.quarantined(user)
                reviewer = RawImap(self.instance, f"{user}*reviewer")
                self.assertEqual("OK", reviewer.run(f"SELECT Virtual/{name}")[0])
                answer = reviewer.run("FETCH 1:* (UID ENVELOPE BODYSTRUCTURE BODY.PEEK[])")[1]
                self.assertIn(b"encrypted sample", answer)
                for _ in range(2):
                    self.assertEqual(before, self.view(user))
                reviewer.close()
                self.doveadm_quarantine("delete", user, item["id"])


class Acl(Row, ReviewCase):
    """Reviewers need its rights, of the quarantine too."""

    plugins = "acl"
    imap_plugins = "imap_acl"
    lines = "  acl = vfile"
    # Whose rights hold for a master user 2.4 says in a setting.
    lines_24 = "acl_driver = vfile\nacl_user = %{auth_user}\n"

    def test_a_reviewer_needs_the_rights(self):
        user = USERS[0]
        self.assert_accepted(self.samples.encrypted(), f"{user}@example.org")
        held = self.quarantined(user)
        self.instance.doveadm("acl", "set", "-u", user, "Quarantine", "user=reviewer", "lookup",
                              "read", "write-deleted")
        client = Imap(self.instance, f"{user}*reviewer", "Quarantine")
        uid = client.uids()[-1]
        client.uid("store", uid, "FLAGS", "(\\Deleted \\Flagged Mine)")
        client.expunge()
        client.logout()
        self.assertEqual(held, self.quarantined(user))
        flags = self.instance.doveadm("-f", "flow", "fetch", "-u", user, "flags", "mailbox",
                                      "Quarantine").stdout
        self.assertIn(b"\\Deleted", flags)
        self.assertNotIn(b"\\Flagged", flags)
        self.assertNotIn(b"Mine", flags)
        self.doveadm_quarantine("delete", user, held[0]["id"])


class MailboxBlock(Row, ReviewCase):
    """A mailbox block of the administrator's, with everything in it."""

    extra_23 = ("namespace inbox {\n  mailbox Quarantine {\n    auto = subscribe\n"
                "    special_use = \\Trash\n    autoexpunge = 1s\n  }\n}\n")
    extra_24 = extra_23

    def test_autoexpunge_leaves_it_alone(self):
        user = USERS[0]
        self.assert_accepted(self.samples.encrypted(), f"{user}@example.org")
        held = self.quarantined(user)
        time.sleep(2.1)
        for name, mailbox in ((user, "INBOX"), (f"{user}*reviewer", "Quarantine")):
            client = Imap(self.instance, name, mailbox)
            client.logout()
        self.assertEqual(held, self.quarantined(user))
        log = self.instance.settled_log()
        self.assertNotIn("Failed to autoexpunge", log)
        self.doveadm_quarantine("delete", user, held[0]["id"])


class Imapsieve(Row, ReviewCase):
    """The owner's script runs in the session of a reviewer who marks a message."""

    imap_plugins = "imap_sieve"
    settings = "  smime_reviewers_all_mail = reviewer\n"
    lines = "  imapsieve_url = sieve://127.0.0.1\n  sieve_plugins = sieve_imapsieve"
    lines_24 = "imapsieve_url = sieve://127.0.0.1\nsieve_plugins {\n  sieve_imapsieve = yes\n}\n"
    extra_23 = extra_24 = ("mail_attribute_dict = file:%h/attributes\nprotocol imap {\n"
                           "  imap_metadata = yes\n}\n")
    script = ('require ["fileinto", "copy", "mailbox", "imapsieve"];\n'
              'fileinto :copy :create "Leaked";\n')

    def test_the_owners_script_does_not_see_it(self):
        user = USERS[0]
        folder = self.instance.home(user) / "sieve"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "leak.sieve").write_text(self.script)
        if os.geteuid() == 0:
            owner, group = self.instance._mail_owner()
            for path in (folder.parent, folder, folder / "leak.sieve"):
                shutil.chown(path, owner, group)
        raw = RawImap(self.instance, user)
        status, answer = raw.run('SETMETADATA "" (/shared/imapsieve/script "leak")')
        self.assertEqual("OK", status, answer)
        raw.close()
        # It works where it may.
        self.assert_accepted(self.samples.plain(), f"{user}@example.org")
        client = Imap(self.instance, f"{user}*reviewer", "INBOX")
        client.uid("store", client.uids()[-1], "+FLAGS", "(\\Flagged)")
        client.logout()
        self.assertEqual(1, len(self.bodies(user, "Leaked")), self.instance.log()[-2000:])
        self.assert_accepted(self.samples.encrypted(), f"{user}@example.org")
        client = Imap(self.instance, f"{user}*reviewer", "Quarantine")
        uid = client.uids()[-1]
        for change in (("+FLAGS", "(\\Flagged)"), ("+FLAGS", "(Mine)"), ("FLAGS", "(\\Seen)")):
            client.uid("store", uid, *change)
        self.assertIn("\\Seen", client.flags(uid))
        client.logout()
        self.assertEqual(1, len(self.bodies(user, "Leaked")))
        (item,) = self.quarantined(user)
        self.doveadm_quarantine("delete", user, item["id"])


@unittest.skipIf(IS_24, "of Dovecot 2.3")
class MailboxAlias(Row, ReviewCase):
    """A second name for the quarantine, which opens it no more than its own."""

    plugins = "mailbox_alias"
    lines = "  mailbox_alias_old = Quarantine\n  mailbox_alias_new = Another"

    def test_the_alias_is_closed(self):
        user = USERS[0]
        self.assert_accepted(self.samples.encrypted(), f"{user}@example.org")
        (item,) = self.quarantined(user)
        raw = RawImap(self.instance, user)
        for command in ("SELECT Another", "EXAMINE Another", "STATUS Another (MESSAGES)",
                        "CREATE Another", "SELECT Another"):
            status, answer = raw.run(command)
            self.assertNotIn(b"EXISTS", answer.replace(b"* 0 EXISTS", b""), command)
            self.assertNotIn(b"MESSAGES 1", answer, command)
        raw.close()
        self.doveadm_quarantine("delete", user, item["id"])


@unittest.skipIf(IS_24, "of Dovecot 2.3")
class Listescape(Row, ReviewCase):
    """Names with the storage's separator in them, in other words on disk."""

    plugins = "listescape"
    settings = Row.settings + "  smime_quarantine_mailbox = Held.~mail\n"
    quarantine = "Held.~mail"


class Dsync(Row, ReviewCase):
    """A replica is closed to its owner as what it is one of."""

    def test_a_backup_is_as_closed(self):
        user = USERS[0]
        self.assert_accepted(self.samples.plain(), f"{user}@example.org")
        self.assert_accepted(self.samples.encrypted(), f"{user}@example.org")
        held, view = self.quarantined(user), self.view(user)
        home = self.instance.home(user)
        self.instance.doveadm("backup", "-u", user, "maildir:~/replica")
        shutil.move(home / "Maildir", home / "first")
        shutil.move(home / "replica", home / "Maildir")
        try:
            self.assertEqual(view["messages"], self.view(user)["messages"])
            self.assertEqual(held, self.quarantined(user))
            self.doveadm_quarantine("delete", user, held[0]["id"])
        finally:
            shutil.rmtree(home / "first")


class All(LazyExpunge):
    """Everything at once: what one leaves out another may do."""

    plugins = ("acl mail_lua lazy_expunge quota notify mail_log notify_status push_notification "
               "push_notification_lua")
    imap_plugins = "imap_quota imap_acl"
    lines = "\n".join((LazyExpunge.lines, MailLog.lines, PushNotification.lines, Quota.lines,
                       Acl.lines))
    lines_24 = "".join((LazyExpunge.lines_24, MailLog.lines_24, PushNotification.lines_24,
                        Quota.lines_24, Acl.lines_24))
    tells = True

"""Every way to what is in the quarantine, by its owner, by others and by reviewers."""

import imaplib
import re
import socket

from case import DovecotCase
from clients import PASSWORD, Imap, bodies, quoted, without_trace
from dovecot_conf import ALIAS_NAMESPACE, URLAUTH_AND_POP3, VIRTUAL_NAMESPACE

SECRET = b"encrypted sample"


class RawClient:
    """A line protocol, as it is on the wire."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.reader = self.socket.makefile("rb")
        self.greeting = self.reader.readline()

    def close(self):
        self.reader.close()
        self.socket.close()


class RawImap(RawClient):
    def __init__(self, instance, user="alice"):
        super().__init__(instance.imap_port)
        self.number = 0
        self.run(f"LOGIN {user} {PASSWORD}")

    def run(self, command, literal=None):
        """Returns (OK, NO or BAD; everything that was answered)."""
        self.number += 1
        tag = f"a{self.number}"
        self.socket.sendall(f"{tag} {command}\r\n".encode())
        if literal is not None:
            line = self.reader.readline()
            if not line.startswith(b"+"):
                return line.split()[1].decode(), line
            self.socket.sendall(literal + b"\r\n")
        answer = b""
        while True:
            line = self.reader.readline()
            if not line:
                return "BYE", answer
            answer += line
            if line.startswith(tag.encode() + b" "):
                return line.split()[1].decode(), answer


class AccessCase(DovecotCase):
    """The quarantine of alice holds one message."""

    def setUp(self):
        self.clear()
        self.assert_accepted(self.samples.encrypted())
        self.assert_accepted(self.samples.plain(), "bob@example.org")
        (self.item,) = self.quarantined("alice")
        self.owner = RawImap(self.instance)
        self.addCleanup(self.owner.close)

    def refused(self, command, *args, client=None):
        status, answer = (client or self.owner).run(command, *args)
        self.assertIn(status, ("NO", "BAD"), f"{command}: {answer}")
        self.assertNotIn(SECRET, answer, command)
        self.assertNotIn(b"X-SMIME-Quarantine", answer, command)
        return answer

    def allowed(self, command, *args, client=None):
        status, answer = (client or self.owner).run(command, *args)
        self.assertEqual("OK", status, f"{command}: {answer}")
        return answer

    def assert_untouched(self):
        self.assertEqual([self.item], self.quarantined("alice"))


EXTRA = ALIAS_NAMESPACE + VIRTUAL_NAMESPACE + """
namespace shared {
  type = shared
  prefix = Others/%%u/
  separator = /
  location = maildir:DIRECTORY/home/%%u/Maildir
  list = children
}
mail_attribute_dict = file:%h/attributes
plugin {
  acl = vfile
}
protocol imap {
  mail_plugins = $mail_plugins imap_acl
  imap_metadata = yes
  imap_urlauth_host = test.example.org
}
""" + URLAUTH_AND_POP3


class Closed(AccessCase):
    """smime_quarantine_access = reviewers, the default."""

    settings = "  smime_reviewers = reviewer\n"
    instance_options = {"protocols": "imap lmtp pop3", "global_plugins": "acl virtual"}

    @classmethod
    def before_start(cls):
        from instance import free_port
        cls.pop3_port = free_port()
        cls.instance.extra = (EXTRA.replace("POP3PORT", str(cls.pop3_port))
                              .replace("DIRECTORY", str(cls.instance.dir)))
        for user, patterns in (("alice", "Quarantine\n  all\n"), ("bob", "*\n  all\n")):
            folder = cls.instance.home(user) / "virtual" / "All"
            folder.mkdir(parents=True)
            (folder / "dovecot-virtual").write_text(patterns)
        owner, group = cls.instance._mail_owner()
        import os
        import shutil
        if os.geteuid() == 0:
            for path in [cls.instance.dir / "home", *(cls.instance.dir / "home").rglob("*")]:
                shutil.chown(path, owner, group)

    def test_opening_and_looking(self):
        for command in ("SELECT Quarantine", "EXAMINE Quarantine",
                        "STATUS Quarantine (MESSAGES UNSEEN UIDNEXT)",
                        "SELECT Compat/Quarantine", "STATUS Compat/Quarantine (MESSAGES)",
                        "SELECT \"Quarantine/\"", "SELECT ./Quarantine", "SELECT .Quarantine",
                        "SELECT {10}", "SELECT Others/alice/Quarantine",
                        "EXAMINE Quarantine (CONDSTORE)"):
            with self.subTest(command):
                literal = (b"Quarantine",) if "{" in command else ()
                self.refused(command, *literal)
        self.assert_untouched()

    def test_without_a_selected_mailbox_nothing_is_fetched(self):
        """A SELECT that failed leaves no mailbox behind."""
        self.refused("SELECT Quarantine")
        for command in ("FETCH 1 (BODY[])", "UID FETCH 1:* (PREVIEW)", "FETCH 1 (SNIPPET)",
                        "FETCH 1 (ENVELOPE BODYSTRUCTURE)", "SEARCH ALL", "THREAD REFS UTF-8 ALL",
                        "SORT (DATE) UTF-8 ALL", "COPY 1 INBOX", "MOVE 1 INBOX", "EXPUNGE",
                        "UID COPY 1:* INBOX", "STORE 1 +FLAGS (\\Deleted)"):
            with self.subTest(command):
                self.refused(command)
        self.assert_untouched()

    def test_listing(self):
        self.allowed("CREATE Other")
        for command in ('LIST "" *', 'LIST "" Quarantine', 'LIST "" Q%', 'LSUB "" *',
                        'LIST (SUBSCRIBED) "" *', 'LIST "" * RETURN (STATUS (MESSAGES))',
                        'LIST "" ("*" "Quarantine") RETURN (CHILDREN SUBSCRIBED)',
                        'LIST "Compat/" *', 'XLIST "" *'):
            with self.subTest(command):
                _, answer = self.owner.run(command)
                lines = [line for line in answer.split(b"\r\n") if line.startswith(
                    (b"* LIST", b"* LSUB", b"* XLIST", b"* STATUS"))]
                self.assertNotIn(b"uarantine", b" ".join(lines))
        self.assertIn(b"Other", self.allowed('LIST "" *'))

    def test_changing(self):
        self.allowed("CREATE Mail/Sub")
        for command in ("CREATE Quarantine", "DELETE Quarantine", "RENAME Quarantine Mine",
                        "RENAME Mail/Sub Quarantine", "SUBSCRIBE Quarantine",
                        "RENAME Compat/Quarantine Mine",
                        "DELETE Compat/Quarantine",
                        "SETACL Quarantine bob lr", "DELETEACL Quarantine alice",
                        'SETMETADATA Quarantine (/private/comment "x")',
                        "GETMETADATA Quarantine /private/comment",
                        'GETMETADATA Quarantine (/shared/comment)'):
            with self.subTest(command):
                self.refused(command)
        self.assert_untouched()

    def test_rights_and_children(self):
        """What is closed answers as what is not there: the owner is told of no rights in it,
        and puts nothing below it, whose name would be in LIST as its parent."""
        for command in ("GETACL Quarantine", "MYRIGHTS Quarantine", "LISTRIGHTS Quarantine alice",
                        "GETACL Compat/Quarantine", "MYRIGHTS Compat/Quarantine",
                        "GETACL Others/alice/Quarantine"):
            with self.subTest(command):
                answers = [re.sub(rb"a\d+ |\(.* secs\)|Quarantine|Nonesuch99", b"", answer)
                           for _, answer in map(self.owner.run, (
                               command, command.replace("Quarantine", "Nonesuch99")))]
                self.assertEqual(*answers)
        for command in ("CREATE Quarantine/Child", "CREATE Quarantine/Child/", "CREATE Quarantine/",
                        "CREATE Compat/Quarantine/Child", "SUBSCRIBE Quarantine/Child",
                        "SUBSCRIBE Compat/Quarantine", "RENAME INBOX Quarantine",
                        "RENAME INBOX Quarantine/Child", "CREATE Compat/Quarantine"):
            with self.subTest(command):
                self.refused(command)
        self.assertNotIn(b"uarantine", self.allowed('LIST "" *'))
        self.assert_untouched()

    def test_saving_into(self):
        message = self.samples.plain()
        self.allowed("APPEND INBOX {%d}" % len(message), message)
        self.refused("APPEND Quarantine {%d}" % len(message), message)
        self.refused("APPEND Quarantine CATENATE (URL \"/INBOX/;UID=1\")")
        self.allowed("SELECT INBOX")
        for command in ("COPY 1 Quarantine", "MOVE 1 Quarantine", "UID COPY 1:* Quarantine"):
            with self.subTest(command):
                self.refused(command)
        self.assert_untouched()

    def test_catenate_and_urlauth(self):
        self.refused('APPEND INBOX CATENATE (URL "/Quarantine/;UID=1")')
        self.refused('APPEND INBOX CATENATE (URL "/Compat/Quarantine/;UID=1")')
        url = "imap://alice@test.example.org/Quarantine/;UID=1;urlauth=user+alice"
        _, answer = self.owner.run(f'GENURLAUTH "{url}" INTERNAL')
        for found in re.findall(rb'"(imap://[^"]*)"', answer):
            _, answer = self.owner.run(f'URLFETCH "{found.decode()}"')
            self.assertNotIn(SECRET, answer)
            self.assertNotIn(b"X-SMIME", answer)

    def test_virtual_mailboxes(self):
        """One that names the quarantine opens without it, as if that were not there."""
        self.assertIn(b"* 0 EXISTS", self.allowed("SELECT Virtual/All"))
        self.assertNotIn(b"FETCH (", self.owner.run("FETCH 1:* (ENVELOPE BODY.PEEK[])")[1])
        self.assert_accepted(self.samples.encrypted(), "bob@example.org")
        bob = RawImap(self.instance, "bob")
        self.allowed("SELECT Virtual/All", client=bob)
        answer = self.allowed("FETCH 1:* (BODY.PEEK[])", client=bob)
        self.assertIn(b"plain sample", answer)
        self.assertNotIn(SECRET, answer)
        bob.close()

    def test_shared_namespaces(self):
        """An administrator's ACL would let bob in; it does not open the quarantine."""
        for mailbox in ("INBOX", "Quarantine"):
            self.instance.doveadm("acl", "set", "-u", "alice", mailbox, "user=bob", "lookup",
                                  "read", "insert", "write-seen")
        bob = RawImap(self.instance, "bob")
        self.allowed("SELECT Others/alice/INBOX", client=bob)
        for command in ("SELECT Others/alice/Quarantine", "STATUS Others/alice/Quarantine (UNSEEN)"):
            self.refused(command, client=bob)
        self.assertNotIn(b"Quarantine", self.allowed('LIST "" *', client=bob))
        bob.close()

    def test_pop3(self):
        pop3 = RawClient(self.pop3_port)
        answers = b""
        for command in ("USER alice", f"PASS {PASSWORD}", "STAT", "LIST", "UIDL", "RETR 1", "TOP 1 0",
                        "QUIT"):
            pop3.socket.sendall(command.encode() + b"\r\n")
        answers = pop3.reader.read()
        self.assertIn(b"+OK Logged in", answers)
        self.assertIn(b"+OK 0 0", answers)
        self.assertNotIn(SECRET, answers)
        pop3.close()

    def test_other_masters_are_no_reviewers(self):
        masters = self.instance.dir / "masters"
        if "stranger" not in masters.read_text():
            masters.write_text(masters.read_text() + f"stranger:{{PLAIN}}{PASSWORD}\n")
        stranger = RawImap(self.instance, "alice*stranger")
        self.refused("SELECT Quarantine", client=stranger)
        stranger.close()

    def test_mailbox_policy_is_out_of_reach(self):
        key = "/shared/vendor/vendor.dovecot/pvt/server/smime/policy"
        policy = "class=any-signed reason=\"not in INBOX\" action=reject"
        self.allowed("CREATE Sealed")
        for mailbox in ("INBOX", "Sealed"):
            self.instance.doveadm("mailbox", "metadata", "set", "-u", "alice", "-s", mailbox, key,
                                  policy)
        for command in (f'SETMETADATA INBOX ({key} "action=deliver")', f"SETMETADATA INBOX ({key} NIL)",
                        'SETMETADATA "" (/shared/smime/policy "action=deliver")',
                        'SETMETADATA "" (/shared/SMIME/Policy NIL)',
                        f'SETMETADATA "" ({key} NIL)', "DELETE Sealed",
                        f'SETMETADATA Sealed ({key} NIL)'):
            with self.subTest(command):
                self.refused(command)
        for command in ('GETMETADATA "" /shared/smime/policy', f"GETMETADATA INBOX {key}",
                        'GETMETADATA (DEPTH infinity) "" /shared'):
            self.assertNotIn(b"not in INBOX", self.owner.run(command)[1], command)
        ((code, text),) = self.deliver(self.samples.signed())
        self.assertEqual((550, True), (code, "not in INBOX" in text), text)
        signed = self.samples.signed()
        self.assertIn(b"not in INBOX", self.refused("APPEND Sealed {%d}" % len(signed), signed))
        # It comes before the global rule, and is asked about like it.
        self.instance.doveadm("mailbox", "metadata", "set", "-u", "alice", "-s", "INBOX", key,
                              "class=encrypted action=deliver")
        self.assert_accepted(self.samples.encrypted())
        self.assertEqual(1, len(self.bodies()))
        self.instance.doveadm("mailbox", "metadata", "set", "-u", "alice", "-s", "INBOX", key,
                              "class=encripted action=deliver")
        ((code, _),) = self.deliver(self.samples.plain())
        self.assertEqual(451, code)
        self.assert_logged('policy of mailbox INBOX: "encripted" is no value for class')
        self.instance.doveadm("mailbox", "metadata", "unset", "-u", "alice", "-s", "INBOX", key)
        self.assert_accepted(self.samples.plain())


class Nested(AccessCase):
    settings = "  smime_quarantine_mailbox = Held/Mail\n"

    def test_a_parent_is_not_renamed_or_deleted(self):
        for command in ("RENAME Held Mine", "RENAME Held/Mail Mine", "DELETE Held/Mail",
                        "SELECT Held/Mail"):
            with self.subTest(command):
                self.refused(command)
        self.assert_untouched()


class Review(AccessCase):
    """Copying or moving out of the quarantine over IMAP is a release."""

    settings = "  smime_reviewers = reviewer\n"

    def reviewer(self, mailbox="Quarantine"):
        client = Imap(self.instance, "alice*reviewer", mailbox)
        self.addCleanup(client.logout)
        return client

    def setUp(self):
        super().setUp()
        self.clear()
        self.original = self.samples.encrypted()
        self.assert_accepted(self.original)
        (self.item,) = self.quarantined("alice")

    def test_a_reviewer_sees_it(self):
        client = RawImap(self.instance, "alice*reviewer")
        self.assertIn(b"Quarantine", self.allowed('LIST "" *', client=client))
        self.refused("DELETE Quarantine", client=client)
        self.refused("RENAME Quarantine Elsewhere", client=client)
        client.close()

    def test_move_is_a_release(self):
        for mailbox in ("INBOX", "Other"):
            with self.subTest(mailbox):
                client = self.reviewer()
                if mailbox != "INBOX":
                    self.owner.run(f"CREATE {mailbox}")
                uid = client.uids()[-1]
                client.uid("store", uid, "+FLAGS", "(\\Seen)")
                status, text = client.uid("move", uid, mailbox)
                self.assertEqual("OK", status, text)
                self.assertEqual([], self.quarantined("alice"))
                self.assertEqual([self.original],
                                 [without_trace(b) for b in self.bodies(mailbox=mailbox)])
                self.assertNotIn(f"guid={self.item['id']}".encode(), self.guids(mailbox))
                self.assert_logged(f"quarantine id {self.item['id']}: released to mailbox "
                                   f"{mailbox} over IMAP by reviewer")
                owner = Imap(self.instance, "alice", mailbox)
                self.assertNotIn("\\Seen", owner.flags(owner.uids()[0]))
                owner.logout()
                self.clear()
                self.assert_accepted(self.original)
                (self.item,) = self.quarantined("alice")

    def test_an_expunge_is_told(self):
        client = self.reviewer()
        client.uid("store", client.uids()[0], "+FLAGS", "(\\Deleted)")
        self.assertEqual("OK", client.expunge()[0])
        self.assertEqual([], self.quarantined("alice"))
        line = f"quarantine id {self.item['id']}: deleted over IMAP by reviewer"
        self.assert_logged(line)
        self.assertEqual(1, self.instance.settled_log().count(line))

    def test_a_move_is_told_once(self):
        client = self.reviewer()
        self.assertEqual("OK", client.uid("move", client.uids()[0], "INBOX")[0])
        self.assert_logged(f"quarantine id {self.item['id']}: released to mailbox INBOX")
        self.assertNotIn("deleted over IMAP", self.instance.settled_log().split(self.item["id"])[-1])

    def test_a_copy_is_a_release_and_the_record_stays(self):
        client = self.reviewer()
        status, text = client.uid("copy", client.uids()[0], "INBOX")
        self.assertEqual("OK", status, text)
        self.assertEqual([self.original], [without_trace(b) for b in self.bodies()])
        self.assert_untouched()
        # Again: it is there already.
        status, text = client.uid("copy", client.uids()[0], "INBOX")
        self.assertEqual("NO", status)
        self.assertIn(b"already released", text[0])
        _, (result,) = self.doveadm_quarantine("release", "alice", self.item["id"])
        self.assertIn("already released", result["result"])
        self.assertEqual(1, len(self.bodies()))

    def test_several_are_moved_or_none(self):
        self.assert_accepted(self.samples.encrypted())
        folder = self.instance.home("alice") / "Maildir" / ".Quarantine"
        path = [p for sub in ("new", "cur") for p in (folder / sub).iterdir()][-1]
        data = path.read_bytes()
        path.write_bytes(data.replace(b"encrypted sample", b"ENCRYPTED sample"))
        client = self.reviewer()
        for command in ("copy", "move"):
            status, text = client.uid(command, "1:*", "INBOX")
            self.assertEqual("NO", status)
            self.assertIn(b"SHA-256", text[0])
            self.assertEqual([], self.bodies())
            self.assertEqual(2, len(self.quarantined("alice")))

    def test_what_was_released_can_be_copied(self):
        self.doveadm_quarantine("release", "alice", self.item["id"])
        owner = Imap(self.instance, "alice", "INBOX")
        owner.create("Archive")
        self.assertEqual("OK", owner.uid("move", owner.uids()[0], "Archive")[0])
        owner.logout()


class OwnerReads(AccessCase):
    settings = "  smime_quarantine_access = owner-read\n"

    def test_the_owner_reads_and_takes_nothing_out(self):
        self.allowed("EXAMINE Quarantine")
        self.assertIn(SECRET, self.allowed("FETCH 1 (BODY.PEEK[])"))
        self.assertIn(b"Only a reviewer", self.refused("COPY 1 INBOX"))
        self.refused("MOVE 1 INBOX")
        # Dovecot says OK and does nothing.
        self.owner.run("STORE 1 +FLAGS (\\Deleted)")
        self.owner.run("EXPUNGE")
        self.assert_untouched()


class Rebuild(DovecotCase):
    """Dovecot rebuilds a damaged mdbox in whatever process finds the damage: there the
    quarantine's messages go back where they were, not to the owner's INBOX."""

    instance_options = {"location": "mdbox:~/mdbox"}

    def test_in_the_owners_session(self):
        self.assert_accepted(self.samples.plain())
        self.assert_accepted(self.samples.encrypted())
        (item,) = self.quarantined("alice")
        for path in (self.instance.home("alice") / "mdbox" / "storage").glob("dovecot.map.index*"):
            path.unlink()
        for _ in range(3):
            try:
                bodies(self.instance, "alice")
            except (imaplib.IMAP4.error, AssertionError, TypeError):
                pass
        self.assertIn("rebuilding indexes", self.instance.settled_log())
        (body,) = bodies(self.instance, "alice")
        self.assertIn(b"plain sample", body)
        self.assertEqual([item["id"]], [i["id"] for i in self.quarantined("alice")])
        with self.assertRaises(AssertionError):
            Imap(self.instance, "alice", "Quarantine")

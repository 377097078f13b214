-- The register of held messages (smime_register) in SQLite, 3.24 or later:
--   (umask 077; sqlite3 /var/lib/dovecot/smime-register.sqlite < smime-register-sqlite.sql)
-- (the packages sqlite3 and dovecot-sqlite). Root alone reads and writes it, by doveadm, which
-- the umask sees to: who wrote to whom about what is in it. It can be thrown away: doveadm smime register
-- rebuild -A makes its rows anew from the mailboxes; the history is lost then.

-- Readers do not wait for the one who writes.
PRAGMA journal_mode = WAL;

-- A row for each message that is held or was. Times are seconds since the epoch, "changed"
-- microseconds; "present" is 1 for what is in a quarantine (state held or requested).
CREATE TABLE IF NOT EXISTS smime_register (
  id VARCHAR(32) NOT NULL,
  username VARCHAR(500) NOT NULL,
  held BIGINT NOT NULL,
  mailbox TEXT NOT NULL,
  sender TEXT NOT NULL,
  recipient TEXT NOT NULL,
  domain VARCHAR(500) NOT NULL,
  subject TEXT NOT NULL,
  class TEXT NOT NULL,
  status TEXT NOT NULL,
  findings TEXT NOT NULL,
  strength TEXT NOT NULL,
  reason TEXT NOT NULL,
  rule TEXT NOT NULL,
  attachments TEXT NOT NULL,
  size BIGINT NOT NULL,
  digest VARCHAR(64) NOT NULL,
  state VARCHAR(16) NOT NULL,
  present SMALLINT NOT NULL,
  changed BIGINT NOT NULL,
  who TEXT NOT NULL,
  why TEXT NOT NULL,
  PRIMARY KEY (id, username)
);
CREATE INDEX IF NOT EXISTS smime_register_held ON smime_register (held, id, username);
CREATE INDEX IF NOT EXISTS smime_register_present ON smime_register (present, held, id, username);
CREATE INDEX IF NOT EXISTS smime_register_domain ON smime_register (present, domain, held, id, username);
CREATE INDEX IF NOT EXISTS smime_register_state ON smime_register (present, state, held, id, username);
CREATE INDEX IF NOT EXISTS smime_register_size ON smime_register (present, size, id, username);
CREATE INDEX IF NOT EXISTS smime_register_username ON smime_register (present, username, id);
CREATE INDEX IF NOT EXISTS smime_register_user ON smime_register (username, held);
CREATE INDEX IF NOT EXISTS smime_register_lower_username ON smime_register (LOWER(username));
CREATE INDEX IF NOT EXISTS smime_register_changed ON smime_register (present, changed, id, username);
CREATE INDEX IF NOT EXISTS smime_register_recipient ON smime_register (LOWER(recipient));
CREATE INDEX IF NOT EXISTS smime_register_sender ON smime_register (LOWER(sender));

-- What became of each, one row for each change.
CREATE TABLE IF NOT EXISTS smime_register_history (
  id VARCHAR(32) NOT NULL,
  username VARCHAR(500) NOT NULL,
  changed BIGINT NOT NULL,
  state VARCHAR(16) NOT NULL,
  who TEXT NOT NULL,
  why TEXT NOT NULL,
  PRIMARY KEY (id, username, changed, state)
);
CREATE INDEX IF NOT EXISTS smime_register_history_changed ON smime_register_history (changed, id, username);

-- What was decided on each delivery, with smime_register_deliveries = yes.
CREATE TABLE IF NOT EXISTS smime_register_delivery (
  id VARCHAR(32) NOT NULL,
  username VARCHAR(500) NOT NULL,
  decided BIGINT NOT NULL,
  mailbox TEXT NOT NULL,
  sender TEXT NOT NULL,
  recipient TEXT NOT NULL,
  class TEXT NOT NULL,
  status TEXT NOT NULL,
  rule TEXT NOT NULL,
  action VARCHAR(16) NOT NULL,
  size BIGINT NOT NULL,
  digest VARCHAR(64) NOT NULL,
  PRIMARY KEY (id, username)
);
CREATE INDEX IF NOT EXISTS smime_register_delivery_decided ON smime_register_delivery (decided, id, username);

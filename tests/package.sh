#!/bin/bash
# Builds the Debian package on a clean root of a release as README.md says, installs it on
# another, uses it, purges it and reads the mail. Needs root.
#
#   package.sh RELEASE CLEAN WORK   CLEAN: where the clean root is kept between runs;
#                                   it is copied and not changed
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
release=$1 clean=$2 work=$3
debian_root=$here/tests/debian-root.sh
trap 'rm -rf "$work/build-root" "$work/server-root"' EXIT
say() { printf '== %s\n' "$*"; }

# in_copy NAME SCRIPT: SCRIPT in a copy of the clean root.
in_copy() {
  rm -rf "$work/$1"
  cp -a --reflink=auto "$clean" "$work/$1"
  "$debian_root" run "$work/$1" --write "$work/share" -- env DEBIAN_FRONTEND=noninteractive sh -exc "
    apt-get update -q
    cd '$work/share'
    $2" </dev/null
  rm -rf "${work:?}/$1"
}

say "a clean $release in $clean"
"$debian_root" make "$release" "$clean" </dev/null
rm -rf "$work" && mkdir -p "$work/share/source"
# What git knows of, as a clean checkout has it.
git -C "$here" ls-files -z | tar -C "$here" --null --files-from=- -c --ignore-failed-read |
  tar -x -C "$work/share/source"

say "building the package on $release"
in_copy build-root "
  apt-get install -y -q build-essential lintian
  cd source
  apt-get build-dep -y -q .
  DEB_BUILD_OPTIONS='parallel=$(nproc) ${DEB_BUILD_OPTIONS:-}' dpkg-buildpackage -us -uc
  cd ..
  lintian --fail-on error,warning --allow-root dovecot-smime_*.changes
"
say "$(cd "$work/share" && ls dovecot-smime_*.deb): $(dpkg-deb -f "$work/share/"dovecot-smime_*.deb Depends)"

say "a mail server on $release"
in_copy server-root '
  # As on a server: a package starts Dovecot, and restarts it for a plugin.
  printf "#!/bin/sh\nexit 0\n" >/usr/sbin/policy-rc.d
  apt-get install -y -q dovecot-imapd openssl
  useradd --create-home --shell /usr/sbin/nologin alice
  doveadm service status >/dev/null
  # Dovecot reads the configuration some moments after the signal.
  settled() { timeout 20 sh -c "until doveadm smime status >/dev/null 2>&1; do sleep 0.2; done" || true; }
  echo "== installing as README.md says"
  apt-get install -y -q ./dovecot-smime_*.deb
  test "$(doveconf -h mail_plugins)" = ""
  sed -i "s/^#!include/!include/" /etc/dovecot/conf.d/90-smime.conf && doveadm reload
  settled
  doveadm -f pager smime status -u alice
  deliver() { printf "Subject: $1\nMessage-ID: <$1@example.org>\n\nHello\n" | /usr/lib/dovecot/dovecot-lda -d alice; }
  deliver with-the-plugin
  echo "== its timers, which have nothing to do"
  for when in often daily; do
    test -L /etc/systemd/system/timers.target.wants/dovecot-smime-$when.timer
    said=$(/usr/lib/dovecot/smime-chores $when 2>&1)
    test -z "$said"
  done

  echo "== the desk: off, then with a port, then gone"
  apt-get install -y -q ./dovecot-smime-desk_*.deb curl
  doveconf -n >/dev/null
  id smimedesk
  sed -i "s/port = 0/port = 8443/" /etc/dovecot/conf.d/92-smime-desk.conf && doveadm reload
  timeout 30 sh -c "until curl -sk https://127.0.0.1:8443/login | grep -q password; do sleep 0.5; done"
  test "$(ps -o user= -C smime-desk | sort -u)" = smimedesk
  apt-get remove -y -q dovecot-smime-desk
  doveconf -n >/dev/null
  doveadm reload
  settled

  echo "== installed, removed and installed again"
  apt-get remove -y -q dovecot-smime
  doveconf -n >/dev/null
  doveadm reload
  apt-get install -y -q ./dovecot-smime_*.deb
  grep "^!include" /etc/dovecot/conf.d/90-smime.conf
  doveadm reload
  settled
  doveadm smime status -u alice

  echo "== purged"
  apt-get purge -y -q dovecot-smime
  test -z "$(find /etc -name "*smime*" -not -name ".*")"
  timeout 20 sh -c "until doveadm service status >/dev/null 2>&1; do sleep 0.2; done"
  deliver without-it
  doveadm fetch -u alice text all >mail
  grep with-the-plugin mail
  grep without-it mail

  echo "== autopkgtest"
  apt-get install -y -q autopkgtest
  autopkgtest -B --ignore-restrictions=isolation-container --apt-upgrade \
    ./dovecot-smime_*.deb source/ -- null
'
say "the package works on $release"

#!/bin/bash
# Builds the Debian package in a root of a release, installs it in a clean one, uses
# it, purges it and reads the mail. Needs root.
#
#   package.sh RELEASE ROOT WORK   ROOT: a root with what the build needs, made by
#                                  debian-root.sh; a clean one is made beside it
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
release=$1 root=$2 work=$3
run=$here/tests/debian-root.sh
say() { printf '== %s\n' "$*"; }

say "building the package on $release"
rm -rf "$work" && mkdir -p "$work/source"
# What git knows of, as a clean checkout has it.
git -C "$here" ls-files -z | tar -C "$here" --null --files-from=- -c --ignore-failed-read | tar -x -C "$work/source"
"$run" run "$root" --write "$work" -- sh -ec "
  cd '$work/source'
  DEB_BUILD_OPTIONS='parallel=$(nproc)' dpkg-buildpackage -b -uc -us
  cd ..
  lintian --fail-on error,warning --allow-root dovecot-smime_*.changes
" </dev/null
deb=$(ls "$work"/dovecot-smime_*.deb)
say "$(basename "$deb"): $(dpkg-deb -f "$deb" Depends)"

say "installing it on a clean $release"
"$run" make "$release" "$root-clean" dovecot-imapd dovecot-lmtpd openssl </dev/null >"$work/root.log" 2>&1 ||
  { tail -n 15 "$work/root.log"; exit 1; }
clean=$work/root
cp -a --reflink=auto "$root-clean" "$clean"
"$run" run "$clean" "$here" "$work/source" --write "$work" -- sh -ec "
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -q
  apt-get install -y -q '$deb'
  test -f /etc/dovecot/conf.d/90-smime.conf
  doveconf -n >/dev/null
  '$here/debian/tests/deliver'
  echo '== purge'
  apt-get purge -y -q dovecot-smime
  test ! -e /etc/dovecot/conf.d/90-smime.conf
  test ! -e /etc/dovecot/conf.d/90-smime.conf.removed
  doveconf -n >/dev/null
  doveadm reload
  test \"\$(doveadm -f flow fetch -u smime-test hdr.subject mailbox INBOX all | wc -l)\" = 2
  echo '== installed, removed and installed again'
  apt-get install -y -q '$deb'
  sed -i 's/^#mail_plugins/mail_plugins/' /etc/dovecot/conf.d/90-smime.conf
  apt-get remove -y -q dovecot-smime
  doveconf -n >/dev/null
  apt-get install -y -q '$deb'
  grep -q '^mail_plugins' /etc/dovecot/conf.d/90-smime.conf
  doveadm smime status -u smime-test
" </dev/null
rm -rf "$clean"
say "the package works on $release"

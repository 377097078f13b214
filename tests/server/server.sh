#!/bin/bash
# The first day on a real server: test_server.py in a copy of a root directory that has a
# Debian with Dovecot, Postfix and ClamAV, and a network of its own. Needs root.
#
#   server.sh RELEASE ROOT WORK [NAME]   ROOT: kept between runs and not changed; WORK: the
#                    package, compiled files and the totals; NAME: part of a test's name
# DEB_BUILD_OPTIONS: for the package, such as noopt. Its unit tests are run elsewhere.
set -eu
here=$(cd "$(dirname "$0")/../.." && pwd)
release=$1 root=$2 work=$3 name=${4:-}
debian_root=$here/tests/debian-root.sh
# What README's install asks for is here already: there is no network in the test.
packages="build-essential debhelper pkgconf libarchive-dev libcpputest-dev libgsf-1-dev
  libldap-dev libmagic-dev libqpdf-dev libseccomp-dev libssl-dev libxml2-dev
  nlohmann-json3-dev zlib1g-dev dovecot-dev dovecot-core dovecot-imapd dovecot-pop3d
  dovecot-lmtpd dovecot-sieve postfix clamav-daemon iproute2 openssl python3 ccache"

# shellcheck disable=SC2086
"$debian_root" make "$release" "$root" $packages </dev/null
rm -rf "$work/share" "$work/layer" && mkdir -p "$work/share/dovecot-smime" "$work/ccache" \
  "$work/layer/upper" "$work/layer/work" "$work/layer/root"
clean() { umount "$work/layer/root" 2>/dev/null || true; rm -rf "$work/layer"; }
trap clean EXIT
mount -t overlay overlay "$work/layer/root" \
  -o "lowerdir=$root,upperdir=$work/layer/upper,workdir=$work/layer/work"
# What git knows of, as a clean checkout has it.
git -C "$here" ls-files -z | tar -C "$here" --null --files-from=- -c --ignore-failed-read |
  tar -x -C "$work/share/dovecot-smime"

status=0
# The shell that waits is process 1 there, and takes leave of daemons that end.
"$debian_root" run "$work/layer/root" "$here" --write "$work/share" --write "$work/ccache" -- \
  env DEBIAN_FRONTEND=noninteractive CCACHE_DIR="$work/ccache" CCACHE_NOHASHDIR=1 \
  PATH=/usr/lib/ccache:/usr/sbin:/usr/bin:/sbin:/bin DEB_BUILD_OPTIONS="nocheck parallel=$(nproc) ${DEB_BUILD_OPTIONS:-}" \
  unshare --net bash -ec 'ip link set lo up; "$@" & wait $!' bash \
  python3 -B "$here/tests/server/test_server.py" "$work/share" $name </dev/null || status=$?
cp "$work/share/totals" "$work/totals" 2>/dev/null || printf '0 1 0\n' >"$work/totals"
exit $status

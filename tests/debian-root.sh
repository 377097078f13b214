#!/bin/bash
# A root directory with another Debian release, and commands in it. Needs root.
#
#   debian-root.sh make RELEASE DIR PACKAGE...   make it, or bring it up to date
#   debian-root.sh run DIR [--write PATH]... PATH -- COMMAND...
#
# make: DIR is kept between runs, and made anew if it is not complete. The Debian
# mirrors are those that this machine's apt uses.
# run: COMMAND sees PATH (read-only) and each --write PATH under their own names, with
# a /tmp, /proc and process numbers of its own. Nothing stays mounted and no
# process stays behind, however it ends.
set -u
umask 022
PATH=/usr/sbin:/sbin:/usr/bin:/bin

fail() { printf 'debian-root: %s\n' "$*" >&2; exit 1; }

# The mirror of this machine's apt whose address ends with $1.
mirror() {
  local site
  site=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 2>/dev/null |
    sort -u | grep -m 1 -E "/$1/?\$")
  printf '%s' "${site:-http://deb.debian.org/$1}"
}

write_sources() {
  local release=$1 dir=$2
  local main security
  main=$(mirror debian)
  security=$(mirror debian-security)
  rm -f "$dir/etc/apt/sources.list.d/"*
  printf 'deb %s %s main\n' "$main" "$release" "$main" "$release-updates" \
    "$security" "$release-security" >"$dir/etc/apt/sources.list"
  # Proxies and the like.
  apt-config dump | grep -E '^Acquire::(http|https|Retries|Check-)' >"$dir/etc/apt/apt.conf.d/80machine"
}

keyring() {
  local file=/usr/share/keyrings/debian-archive-keyring.gpg
  [ -f $file ] && printf -- '--keyring=%s' "$file"
}

bootstrap() {
  local release=$1 dir=$2
  command -v debootstrap >/dev/null || fail "debootstrap is missing: apt-get install debootstrap"
  local script=/usr/share/debootstrap/scripts/$release
  # A debootstrap that is older than the release: all of them share one script.
  [ -e "$script" ] || script=/usr/share/debootstrap/scripts/sid
  eval "$(apt-config shell http_proxy Acquire::http::Proxy)"
  [ -z "${http_proxy:-}" ] || export http_proxy
  rm -rf "$dir" && mkdir -p "$dir" || fail "cannot make $dir"
  debootstrap --variant=minbase --include=ca-certificates,procps $(keyring) \
    "$release" "$dir" "$(mirror debian)" "$script" ||
    fail "debootstrap of $release into $dir failed (see above)"
  # A package must not start a Dovecot of its own.
  printf '#!/bin/sh\nexit 101\n' >"$dir/usr/sbin/policy-rc.d" && chmod 755 "$dir/usr/sbin/policy-rc.d"
  # No index of manual pages and no copy of the packages: it is a test's root.
  printf 'path-exclude=/usr/share/locale/*\n' >"$dir/etc/dpkg/dpkg.cfg.d/test-root"
  printf 'APT::Install-Recommends "false";\nBinary::apt-get::APT::Keep-Downloaded-Packages "false";\n' \
    >"$dir/etc/apt/apt.conf.d/90test-root"
  touch "$dir/.made"
}

make_root() {
  local release=$1 dir=$2
  shift 2
  [ -e "$dir/.made" ] || bootstrap "$release" "$dir"
  write_sources "$release" "$dir"
  [ "$(cat "$dir/.packages" 2>/dev/null)" = "$*" ] && return
  rm -f "$dir/.packages"
  run_in "$dir" / -- sh -c 'apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q "$@" && apt-get clean' \
    sh "$@" </dev/null || fail "apt could not install in $dir: $*"
  printf '%s' "$*" >"$dir/.packages"
}

# In namespaces of its own: mounts what the command sees, and becomes it.
enter() {
  local dir=$1
  shift
  local flag
  mount --bind "$dir" "$dir" && mount -t proc proc "$dir/proc" && mount --rbind /dev "$dir/dev" &&
    mount -t tmpfs -o mode=0755 tmpfs "$dir/run" && cp -L /etc/resolv.conf "$dir/etc/resolv.conf" &&
    cp /etc/hosts "$dir/etc/hosts" || exit 125
  while [ "$1" != -- ]; do
    flag=ro
    [ "$1" = --write ] && { flag=rw; shift; }
    if [ "$1" != / ]; then
      mkdir -p "$dir$1" && mount --bind "$1" "$dir$1" && mount -o "remount,bind,$flag" "$dir$1" || exit 125
    fi
    shift
  done
  shift
  cd /
  exec chroot "$dir" /usr/bin/env -i PATH="$PATH" HOME=/root LANG=C.UTF-8 TERM="${TERM:-dumb}" \
    ${CI:+CI="$CI"} "$@"
}

run_in() { unshare --mount --pid --fork --kill-child --propagation private "$0" enter "$@"; }

[ "$(id -u)" -eq 0 ] || fail "a root of another Debian release can be made by root alone"
case ${1:-} in
  make) shift; [ $# -ge 2 ] || fail "make RELEASE DIR PACKAGE..."; make_root "$@" ;;
  run) shift; run_in "$@" ;;
  enter) shift; enter "$@" ;;
  *) fail "usage: debian-root.sh make RELEASE DIR PACKAGE... | run DIR [--write PATH]... PATH -- COMMAND..." ;;
esac

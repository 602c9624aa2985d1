#!/bin/sh
# Installs Countersign as a service of systemd, or brings an installed one up to date: the same command, as often as
# you like. It never touches what you wrote into /etc/countersign.
set -eu

program=/opt/countersign
settings=/etc/countersign
data=/var/lib/countersign
units=/etc/systemd/system
unit=countersign.service
executor=countersign-executor.service
shortcut=/usr/local/bin/countersign
source=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
is_dry=no
is_separate=no
[ ! -e "$units/$executor" ] || is_separate=yes
node=

usage() {
  cat <<END
Usage: sudo ./install.sh [--separate-executor] [--dry-run] [--uninstall]

Installs Countersign as the service "countersign", or upgrades it: the database is backed up, the new version is
started and asked how it is, and if it is not well the old version comes back.

  --separate-executor
               runs what is approved as a service of its own with a user of its own; upgrades keep that
  --dry-run    says what would be done, and does nothing
  --uninstall  removes everything but $data (your settings and runbooks are moved there)
END
}

say() { printf '%s\n' "$*"; }
fail() {
  printf 'install.sh: %s\n' "$*" >&2
  exit 1
}

# Everything that changes the machine goes through here.
run() {
  if [ "$is_dry" = yes ]; then say "would run: $*"; else "$@"; fi
}

# put <file> <mode> <owner>, the content on standard input.
put() {
  if [ "$is_dry" = yes ]; then
    cat >/dev/null
    say "would write: $1 (mode $2, $3)"
    return
  fi
  umask 077
  cat >"$1.new"
  umask 022
  chown "$3" "$1.new"
  chmod "$2" "$1.new"
  mv -f "$1.new" "$1"
}

is_active() { systemctl is-active --quiet "$unit"; }

check_machine() {
  [ "$is_dry" = yes ] || [ "$(id -u)" = 0 ] || fail "needs root: sudo ./install.sh"
  [ -d /run/systemd/system ] || fail "systemd does not run here; use the Dockerfile, or npm start"
  version=$(systemctl --version | sed -n '1s/^systemd \([0-9]*\).*/\1/p')
  [ "${version:-0}" -ge 250 ] || fail "needs systemd 250 or newer (Debian 12, Ubuntu 24.04); this is $version"
}

check_node() {
  node=$(command -v node) || fail "needs Node 20.19 or newer: apt install nodejs on Debian 13, else see https://nodejs.org/en/download"
  node=$(readlink -f "$node")
  "$node" -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)' ||
    fail "needs Node 20.19 or newer; $node is $("$node" --version)"
  case $node in
  /home/* | /root/*) fail "the service sees no /home and no /root: install Node elsewhere than in $node" ;;
  esac
}

make_user() {
  id -u countersign >/dev/null 2>&1 ||
    run useradd --system --home-dir "$data" --shell /usr/sbin/nologin countersign
}

make_executor_user() {
  [ "$is_separate" = yes ] || return 0
  id -u countersign-executor >/dev/null 2>&1 ||
    run useradd --system --gid countersign --home-dir "$data" --shell /usr/sbin/nologin countersign-executor
}

make_settings() {
  if [ ! -d "$settings" ] && [ -d "$data/etc" ]; then
    say "Settings of an earlier installation are taken back from $data/etc."
    run mv "$data/etc" "$settings"
  fi
  run install -d -m 755 "$program" "$program/releases" "$settings"
  run install -d -m 700 "$settings/credentials"
  run install -d -m 700 -o countersign -g countersign "$data"
  # What an earlier installation left belongs to root, and its numbers may be gone.
  run chown -hR countersign:countersign "$data"
  if [ "$is_separate" = yes ]; then
    run install -d -m 700 "$settings/executor-credentials"
    run chmod -R g+rwX "$data"
  fi
  [ -d "$settings/runbooks" ] || run cp -R "$source/runbooks" "$settings/runbooks"
  run chmod -R u=rwX,go=rX "$settings/runbooks"
  if [ ! -e "$settings/.env" ]; then
    put "$settings/.env" 640 root:countersign <<END
# Countersign's settings; $program/current/.env.example lists them all. Secrets stand in files of their own, in
# $settings/credentials: telegram-bot-token there is TELEGRAM_BOT_TOKEN. Afterwards: systemctl restart countersign
DATABASE_URL=sqlite:$data/countersign.db
END
  fi
  # The group may be a new one of the old name.
  run chown root:countersign "$settings/.env"
  run chmod 640 "$settings/.env"
  if [ ! -e "$settings/credentials/prometheus-api-key" ]; then
    od -An -N32 -tx1 /dev/urandom | tr -d ' \n' | put "$settings/credentials/prometheus-api-key" 600 root:root
  fi
}

# A folder of its own for this version, named by what is in it. Sets $release.
stage() {
  version=$(sed -n 's/^  "version": "\(.*\)",$/\1/p' "$source/package.json")
  release=$program/releases/$version
  if [ "$is_dry" = yes ]; then
    say "would build and copy: $source to $release-<hash of its files>"
    return
  fi
  staged=$program/releases/.staged
  rm -rf "$staged"
  mkdir "$staged"
  for name in package.json package-lock.json .env.example README.md CHANGELOG.md LICENSE fonts migrations runbooks docs systemd; do
    cp -R "$source/$name" "$staged/"
  done
  if [ -f "$source/tsconfig.build.json" ]; then build_clone; else copy_release; fi
  (cd "$staged" && "$node" -e 'new (require("better-sqlite3"))(":memory:").close()') ||
    fail "better-sqlite3 does not work with Node $("$node" --version): take the release that is built for it, or a clone"
  chown -R root:root "$staged"
  chmod -R u=rwX,go=rX "$staged"
  hash=$(cd "$staged" && find . -path ./node_modules -prune -o -type f -print | LC_ALL=C sort | xargs sha256sum | sha256sum | cut -c1-12)
  release=$release-$hash
  if [ -d "$release" ]; then rm -rf "$staged"; else mv "$staged" "$release"; fi
}

# No package of npm runs a script of its own, but for the one that has to be compiled.
build_clone() {
  command -v npm >/dev/null || fail "needs npm to build a clone: apt install npm, or take a release"
  cp -R "$source/src" "$source/tsconfig.json" "$source/tsconfig.build.json" "$staged/"
  (
    cd "$staged"
    npm ci --ignore-scripts --no-audit --no-fund
    npm rebuild better-sqlite3
    npm run --silent build
    npm prune --omit=dev --ignore-scripts --no-audit --no-fund
  ) || fail "the build failed; nothing was changed"
  rm -rf "$staged/src" "$staged"/tsconfig*.json
}

copy_release() {
  cp -R "$source/dist" "$staged/"
  if [ -d "$source/node_modules" ]; then
    cp -R "$source/node_modules" "$staged/"
    return
  fi
  command -v npm >/dev/null || fail "needs npm: this release comes without its packages"
  (
    cd "$staged"
    npm ci --omit=dev --ignore-scripts --no-audit --no-fund
    npm rebuild better-sqlite3
  ) || fail "the packages could not be installed; nothing was changed"
}

# use <release>: its program, its unit, its shortcut.
use() {
  run ln -sfn "$1" "$program/.current"
  run mv -T "$program/.current" "$program/current"
  from=$1
  [ "$is_dry" = no ] || from=$source
  sed "s|^ExecStart=/usr/bin/node|ExecStart=$node|" "$from/systemd/$unit" | put "$units/$unit" 644 root:root
  run install -d -m 755 "$units/$unit.d"
  # Its name sorts after the file with which an LXC takes the protection away again.
  put "$units/$unit.d/zzzz-hardening.conf" 644 root:root <"$from/systemd/zzzz-hardening.conf"
  sed "s|/usr/bin/node|$node|" "$from/systemd/countersign" | put "$shortcut" 755 root:root
  [ "$is_separate" = no ] || use_executor "$from"
  run systemctl daemon-reload
}

use_executor() {
  put "$units/$unit.d/separate-executor.conf" 644 root:root <"$1/systemd/separate-executor.conf"
  sed "s|^ExecStart=/usr/bin/node|ExecStart=$node|" "$1/systemd/$executor" | put "$units/$executor" 644 root:root
  run install -d -m 755 "$units/$executor.d"
  sed "s|$settings/credentials|$settings/executor-credentials|" "$1/systemd/zzzz-hardening.conf" |
    put "$units/$executor.d/zzzz-hardening.conf" 644 root:root
}

# It starts with its parts, and is told to stop before them.
start_executor() {
  [ "$is_separate" = yes ] || return 0
  run systemctl enable --quiet "$executor"
  run systemctl restart "$executor" || fail "the executor does not start; see: journalctl -u countersign-executor"
}

stop_all() {
  [ ! -e "$units/$executor" ] || run systemctl stop "$executor"
  run systemctl stop "$unit"
}

back_up() {
  backup=$data/before-upgrade
  run rm -rf "$backup.new"
  run install -d -m 700 -o countersign -g countersign "$backup.new"
  for end in '' -wal; do
    [ ! -e "$data/countersign.db$end" ] || run cp -p "$data/countersign.db$end" "$backup.new/"
  done
  run rm -rf "$backup"
  run mv "$backup.new" "$backup"
}

# A schema that the old version knows stays, with all that has arrived since.
restore() {
  if cmp -s "$1/migrations/meta/_journal.json" "$2/migrations/meta/_journal.json"; then return; fi
  run install -d -m 700 -o countersign -g countersign "$data/failed-upgrade"
  for end in '' -wal -shm; do
    [ ! -e "$data/countersign.db$end" ] || run mv -f "$data/countersign.db$end" "$data/failed-upgrade/"
  done
  for file in "$data"/before-upgrade/countersign.db*; do
    [ ! -e "$file" ] || run cp -p "$file" "$data/"
  done
}

# Twice well, three seconds apart, and not started anew meanwhile.
is_well() {
  [ "$is_dry" = no ] || return 0
  patience=30
  until "$shortcut" health >/dev/null 2>&1; do
    is_active || return 1
    patience=$((patience - 1))
    [ "$patience" -gt 0 ] || return 1
    sleep 1
  done
  sleep 3
  [ "$(systemctl show --value --property=NRestarts "$unit")" = 0 ] && "$shortcut" health >/dev/null 2>&1
}

start_and_ask() {
  run systemctl reset-failed "$unit" 2>/dev/null || true
  run systemctl start "$unit" || return 1
  is_well
}

go_back() {
  say "The new version is not well. The last lines of its log:" >&2
  journalctl -u "$unit" -o cat -n 15 --no-pager >&2 || true
  stop_all || true
  restore "$1" "$2"
  use "$1"
  start_and_ask || fail "the old version is back and not well either; see: journalctl -u countersign"
  start_executor
  fail "the old version is back and well. What the failed upgrade did to the database, if anything, is in $data/failed-upgrade"
}

install_or_upgrade() {
  check_machine
  check_node
  make_user
  make_executor_user
  make_settings
  stage
  old=$(readlink "$program/current" 2>/dev/null || true)
  [ -d "$old" ] || old=
  if [ "$old" = "$release" ] && is_active && is_laid_out; then
    use "$release"
    is_well || fail "this very version is installed and not well; see: journalctl -u countersign"
    say "This very version is installed, and it is well."
    return
  fi
  if [ -n "$old" ]; then
    stop_all
    if ! back_up; then
      run systemctl start "$unit"
      fail "no backup could be made, so nothing was upgraded"
    fi
  fi
  use "$release"
  run systemctl enable --quiet "$unit"
  if ! start_and_ask; then
    [ -z "$old" ] || go_back "$old" "$release"
    journalctl -u "$unit" -o cat -n 15 --no-pager >&2 || true
    fail "it was installed and is not well; mend what the log says, and run this again"
  fi
  start_executor
  tidy "$old"
  say "Countersign is installed and well. Settings: $settings, data: $data. sudo countersign --help lists its commands."
  [ -n "$old" ] || run "$shortcut" sign-in
}

# Whether what runs now is laid out as it is wanted.
is_laid_out() { [ "$is_separate" = no ] || systemctl is-active --quiet "$executor"; }

# The version before stays, for a way back by hand.
tidy() {
  for folder in "$program"/releases/*; do
    [ "$folder" = "$release" ] || [ "$folder" = "$1" ] || [ ! -d "$folder" ] || run rm -rf "$folder"
  done
}

uninstall() {
  check_machine
  [ ! -e "$units/$unit" ] || run systemctl disable --now --quiet "$unit"
  [ ! -e "$units/$executor" ] || run systemctl disable --now --quiet "$executor"
  run rm -rf "$units/$executor" "$units/$executor.d" "$units/$unit" "$units/$unit.d" "$shortcut" "$program" /etc/polkit-1/rules.d/50-countersign.rules
  run systemctl daemon-reload
  run install -d -m 700 "$data"
  if [ -d "$settings" ]; then
    run rm -rf "$data/etc"
    run mv "$settings" "$data/etc"
  fi
  # Its number may be given to somebody else.
  run chown -hR root:root "$data"
  for user in countersign-executor countersign; do
    if id -u "$user" >/dev/null 2>&1; then run userdel "$user"; fi
  done
  say "Countersign is gone. What is left is $data: the database, its backups, and your settings in $data/etc with their secrets."
}

task=install_or_upgrade
for word in "$@"; do
  case $word in
  --dry-run) is_dry=yes ;;
  --separate-executor) is_separate=yes ;;
  --uninstall) task=uninstall ;;
  -h | --help)
    usage
    exit 0
    ;;
  *)
    usage >&2
    exit 2
    ;;
  esac
done
case $source in
"$program" | "$program"/*) fail "run this in a clone or an unpacked release outside of $program" ;;
esac
umask 022
if [ "$is_dry" = no ] && [ "$(id -u)" = 0 ]; then
  exec 9>/run/countersign-install.lock
  flock -n 9 || fail "another install.sh is at work"
fi
$task

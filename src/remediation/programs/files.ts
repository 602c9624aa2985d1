import type { Table } from "./program.ts";

/** Looking at files and at text, without writing any. */
export const FILES: Table = {
  cat: {
    source: "cat(1)",
    flags:
      "-n -s -A -b -E -T -v -e -t -u --number --show-all --number-nonblank --show-ends --squeeze-blank --show-tabs --show-nonprinting",
    operands: "path*",
  },
  tac: {
    source: "tac(1)",
    flags: "-s:any -b -r --before --regex --separator:any",
    operands: "path*",
  },
  nl: {
    source: "nl(1)",
    flags:
      "-b:word -w:count -n:word -s:any -v:signed -i:count -l:count -f:word -h:word -d:any -p --body-numbering:word --number-width:count --number-format:word --number-separator:any --starting-line-number:signed --line-increment:count --section-delimiter:any --footer-numbering:word --header-numbering:word --join-blank-lines:count --no-renumber",
    operands: "path*",
  },
  head: {
    source: "head(1)",
    flags:
      "-n:signed -c:signed -q -v -z -# --quiet --silent --verbose --zero-terminated --lines:signed --bytes:signed",
    operands: "path*",
  },
  tail: {
    source: "tail(1)",
    flags:
      "-n:signed -c:signed -q -v -z -s:number -# --sleep-interval:number --pid:count --zero-terminated --quiet --silent --verbose --lines:signed --bytes:signed",
    endless: "-f -F --follow[:word] --retry",
    operands: "path*",
  },
  wc: {
    source: "wc(1)",
    flags: "-l -w -c -m -L --lines --words --bytes --chars --max-line-length --total:word",
    operands: "path*",
  },
  "grep egrep fgrep": {
    source: "grep(1)",
    flags:
      "-i -v -c -n -l -L -o -w -x -q -s -h -H -E -F -P -a -I -r -R -A:count -B:count -C:count -m:count -e:text -# --recursive --include:pattern --exclude:pattern --exclude-dir:pattern --color[:word] --ignore-case --invert-match --count --line-number --files-with-matches --files-without-match --only-matching --word-regexp --line-regexp --quiet --extended-regexp --fixed-strings --perl-regexp --no-filename --with-filename --text --context:count --after-context:count --before-context:count --max-count:count --regexp:text -G -z -V -b -T -Z -U --basic-regexp --no-ignore-case --null-data --no-messages --byte-offset --line-buffered --label:text --binary-files:word --initial-tab --null --group-separator:any --no-group-separator --colour[:word]",
    instead: "-e --regexp",
    recursive: "-r -R --recursive",
    operands: "text path*",
  },
  "zgrep zegrep zfgrep": {
    source: "zgrep(1)",
    flags:
      "-i -v -c -n -l -L -o -w -x -q -s -h -H -E -F -a -A:count -B:count -C:count -m:count -e:text --ignore-case --invert-match --count --line-number --only-matching --extended-regexp --fixed-strings --files-with-matches --word-regexp",
    instead: "-e",
    operands: "text path*",
  },
  rg: {
    source: "rg(1)",
    flags:
      "-i -S -s -v -c -n -N -l -o -w -x -F -A:count -B:count -C:count -m:count -e:text -t:word -T:word -g:pattern -u --ignore-case --smart-case --count --line-number --files-with-matches --fixed-strings --word-regexp --no-heading --heading --type:word --glob:pattern --files --type-list",
    instead: "-e --files --type-list",
    recursive: "*",
    operands: "text path*",
  },
  "zcat gzcat bzcat xzcat zstdcat lz4cat": {
    source: "zcat(1)",
    flags: "-f -l -q -t -v --force --list --quiet --test --verbose",
    operands: "path*",
  },
  "md5sum sha1sum sha224sum sha256sum sha384sum sha512sum b2sum cksum": {
    source: "sha256sum(1)",
    flags:
      "-b -t -c -w --check --quiet --status --ignore-missing --tag --strict --warn --binary --text",
    operands: "path*",
  },
  stat: {
    source: "stat(1)",
    flags: "-L -f -t -c:any --dereference --file-system --terse --format:any --printf:any",
    operands: "place*",
  },
  ls: {
    source: "ls(1)",
    flags:
      "-l -a -A -1 -d -h -t -r -S -R -i -s -F -n -g -o -c -u -U -X -v -x -C -m -p -Q -L -H -Z -G -k -q -f -b -B --all --almost-all --human-readable --reverse --recursive --inode --size --directory --classify[:word] --color[:word] --sort:word --time:word --time-style:text --full-time --group-directories-first --si --numeric-uid-gid --no-group --format:word --hyperlink[:word] --dereference -N -T:count -w:count -I:pattern -D --author --escape --block-size:word --ignore-backups --dired --file-type --hide:pattern --indicator-style:word --ignore:pattern --kibibytes --literal --hide-control-chars --show-control-chars --quote-name --quoting-style:word --tabsize:count --width:count --context --zero --dereference-command-line",
    operands: "place*",
  },
  "dir vdir": {
    source: "dir(1)",
    flags: "-l -a -A -1 -d -h -t -r -S -R --all",
    operands: "place*",
  },
  tree: {
    source: "tree(1)",
    flags:
      "-a -d -f -s -h -D -p -u -g -i -l -x -L:count -P:pattern -I:pattern -C -n -r -t -F -J -X --du --dirsfirst --si --noreport --prune --filelimit:count --charset:word --inodes --device --ignore-case --matchdirs --timefmt:any --sort:word --nolinks --metafirst",
    operands: "place*",
  },
  readlink: {
    source: "readlink(1)",
    flags:
      "-e -f -m -n -q -s -v -z --canonicalize --canonicalize-existing --canonicalize-missing --no-newline --quiet --silent --verbose --zero",
    operands: "place*",
  },
  realpath: {
    source: "realpath(1)",
    flags:
      "-e -m -s -L -P -q -z --canonicalize-existing --canonicalize-missing --no-symlinks --strip --relative-to:place --relative-base:place --logical --physical --quiet --zero",
    operands: "place*",
  },
  basename: {
    source: "basename(1)",
    flags: "-a -s:text -z --multiple --suffix:text --zero",
    operands: "place*",
  },
  dirname: { source: "dirname(1)", flags: "-z --zero", operands: "place*" },
  namei: {
    source: "namei(1)",
    flags: "-l -m -o -x -v -n --long --modes --owners --mountpoints --nosymlinks --vertical",
    operands: "place*",
  },
  file: {
    source: "file(1)",
    flags:
      "-b -i -L -h -k -N -r -s --brief --mime --mime-type --mime-encoding --dereference --no-dereference --keep-going -v -e:word -F:any -l -n -0 -E --exclude:word --separator:any --apple --extension --list --no-buffer --no-pad --print0 --raw --special-files",
    operands: "place*",
  },
  getfacl: {
    source: "getfacl(1)",
    flags:
      "-a -d -c -e -E -t -n -p --access --default --omit-header --numeric --absolute-names --tabular",
    operands: "place*",
  },
  lsattr: { source: "lsattr(1)", flags: "-a -d -l -v -p -R", operands: "place*" },
  getfattr: { source: "getfattr(1)", flags: "-d -n:word -m:text --dump", operands: "place*" },
  test: {
    source: "test(1)",
    style: "exact",
    flags:
      "! -e -f -d -s -r -w -x -L -h -S -p -b -c -g -u -k -n -z -eq -ne -gt -ge -lt -le -nt -ot -ef",
    operands: "any*",
  },
  "[": {
    source: "test(1)",
    style: "exact",
    flags:
      "! -e -f -d -s -r -w -x -L -h -S -p -b -c -g -u -k -n -z -eq -ne -gt -ge -lt -le -nt -ot -ef",
    operands: "any*",
  },
  find: {
    source: "find(1): its tests and -print; not -exec, -ok, -delete, -fprint, -fls, -files0-from",
    style: "exact",
    flags:
      "-H -L -P -name:pattern -iname:pattern -path:pattern -ipath:pattern -wholename:pattern -regex:text -iregex:text -regextype:word -lname:pattern -type:type -xtype:type -size:signed -mtime:signed -atime:signed -ctime:signed -mmin:signed -amin:signed -cmin:signed -newer:place -maxdepth:count -mindepth:count -user:word -group:word -uid:signed -gid:signed -nouser -nogroup -perm:octal -links:signed -inum:signed -samefile:place -empty -readable -executable -fstype:word -daystart -depth -mount -xdev -noleaf -follow -prune -print -print0 -ls -printf:any -quit -not -a -and -o -or -true -false ! ( ) ,",
    operands: "place*",
  },
  "locate plocate": {
    source: "plocate(1)",
    flags: "-i -c -l:count -b -A -e -N --ignore-case --count --limit:count --basename --existing",
    operands: "pattern*",
  },
  sort: {
    source: "sort(1)",
    flags:
      "-n -r -u -h -f -b -d -i -g -M -R -V -s -c -C -z -m -k:keys -t:any --numeric-sort --reverse --unique --human-numeric-sort --ignore-case --version-sort --month-sort --stable --check --key:keys --field-separator:any --general-numeric-sort --ignore-leading-blanks --zero-terminated --dictionary-order --ignore-nonprinting --random-sort --sort:word --debug --merge -S:size --buffer-size:size --parallel:count",
    operands: "path*",
  },
  uniq: {
    source: "uniq(1); a second operand is written to",
    flags:
      "-c -d -D -i -u -f:count -s:count -w:count -z --count --repeated --unique --ignore-case --skip-fields:count --skip-chars:count --all-repeated[:word] --group[:word] --zero-terminated --check-chars:count",
    operands: "path",
  },
  cut: {
    source: "cut(1)",
    flags:
      "-d:any -f:list -c:list -b:list -s --delimiter:any --fields:list --characters:list --bytes:list --only-delimited --complement --output-delimiter:any -n -z --zero-terminated",
    operands: "path*",
  },
  tr: {
    source: "tr(1)",
    flags: "-d -s -c -C -t --delete --squeeze-repeats --complement --truncate-set1",
    operands: "any any",
  },
  column: {
    source: "column(1)",
    flags:
      "-t -s:any -o:any -n:word -N:text -c:count -x --table --separator:any --output-separator:any -O:text -E:text -d -e -H:text -R:text -T:text -W:text -L -J -r:text -i:text -p:text -l:count --json --table-name:text --table-order:text --table-columns:text --table-noheadings --table-hide:text --table-right:text --table-truncate:text --table-wrap:text --keep-empty-lines --fillrows --output-width:count",
    operands: "path*",
  },
  paste: {
    source: "paste(1)",
    flags: "-s -d:any -z --serial --delimiters:any --zero-terminated",
    operands: "path*",
  },
  join: {
    source: "join(1)",
    flags:
      "-i -1:count -2:count -t:any -a:count -e:any -j:count -o:text -v:count --header -z --check-order --nocheck-order --ignore-case",
    operands: "path path",
  },
  fold: {
    source: "fold(1)",
    flags: "-w:count -s -b --width:count --spaces --bytes",
    operands: "path*",
  },
  fmt: {
    source: "fmt(1)",
    flags:
      "-w:count -s -u -c -p:any -t -g:count --width:count --goal:count --split-only --uniform-spacing",
    operands: "path*",
  },
  rev: { source: "rev(1)", operands: "path*" },
  "expand unexpand": {
    source: "expand(1)",
    flags: "-t:count -i -a --initial --tabs:list --all --first-only",
    operands: "path*",
  },
  comm: {
    source: "comm(1)",
    flags:
      "-1 -2 -3 -i --nocheck-order --total --check-order --output-delimiter:any -z --zero-terminated",
    operands: "path path",
  },
  diff: {
    source: "diff(1)",
    flags:
      "-r --recursive --unified:count -d --minimal -p --show-c-function -l --new-file --exclude:pattern -x:pattern -u -U:count -c -y -w -b -B -i -q -s -N -a -t -E -e -n --brief --side-by-side --unified --ignore-case --ignore-all-space --ignore-blank-lines --ignore-space-change --suppress-common-lines --report-identical-files --color[:word] --width:count -W:count --strip-trailing-cr --text --normal --ed --rcs --left-column --label:any --expand-tabs --initial-tab --suppress-blank-empty --ignore-file-name-case --ignore-tab-expansion -Z -I:text --ignore-trailing-space --ignore-matching-lines:text --speed-large-files --color-words --context[:count] -C:count",
    recursive: "-r --recursive",
    operands: "path path",
  },
  cmp: {
    source: "cmp(1)",
    flags:
      "-l -s -b -n:size -i:list --verbose --silent --quiet --bytes:size --print-bytes --ignore-initial:list -v",
    operands: "path path count count",
  },
  strings: {
    source: "strings(1)",
    flags:
      "-a -n:count -t:word -f --all --bytes:count -# -d -w -o -T:word -e:word -U:word -s:any --data --print-file-name --radix:word --encoding:word --output-separator:any",
    operands: "path*",
  },
  od: {
    source: "od(1)",
    flags:
      "-A:word -t:word -N:size -j:size -c -x -b -d -o -v -w:count -a --address-radix:word --endian:word --skip-bytes:size --read-bytes:size --format:word --output-duplicates --width[:count] -f -i -l -s -S:size --strings[:size]",
    operands: "path*",
  },
  hexdump: {
    source: "hexdump(1); -f reads a format",
    flags:
      "-C -c -n:size -s:size -v -x -d -o -b --canonical --length:size --skip:size --one-byte-octal --one-byte-char --two-bytes-decimal --two-bytes-octal --two-bytes-hex --no-squeezing -L --color[:word]",
    operands: "path*",
  },
  xxd: {
    source: "xxd(1); a second operand is written to",
    flags:
      "-l:size -s:size -c:count -g:count -b -p -u -len:size -a -C -E -e -h -i -v -n:text -o:size -d",
    operands: "path",
  },
  "base64 base32": {
    source: "base64(1)",
    flags: "-w:count -d --decode --wrap:count",
    operands: "path",
  },
  "sed gsed": {
    source: "sed(1); no -i, no -f, and only scripts that print or replace",
    flags:
      "-n -E -r -s -u -z -e:sed --quiet --silent --expression:sed --regexp-extended --separate --null-data --posix --sandbox --debug -l:count --line-length:count --unbuffered",
    instead: "-e --expression",
    operands: "sed path*",
  },
  "awk gawk mawk nawk": {
    source: "awk(1); no -f, no -v, and only programs that print fields",
    flags: "-F:any --field-separator:any",
    operands: "awk path*",
  },
  jq: {
    source:
      "jq(1); no -f, -L, --rawfile, --slurpfile, and no filter that reads the environment or files",
    flags:
      "-r -c -M -C -S -s -e -n -j -a --raw-output --compact-output --monochrome-output --color-output --sort-keys --slurp --exit-status --null-input --join-output --tab -R --raw-input --indent:count --seq --stream",
    operands: "jq path*",
  },
  "tar bsdtar": {
    source: "tar(1); listing only, by letters that start no program",
    flags:
      "-t -v -z -j -J -f:place --list --verbose --gzip --bzip2 --xz --zstd --lzip --lzma --file:place --full-time --totals",
    needs: "-t --list",
    operands: "pattern*",
  },
  unzip: {
    source: "unzip(1); listing only",
    flags: "-l -v -Z -1 -q -t",
    needs: "-l -v -Z",
    operands: "place pattern*",
  },
  zipinfo: {
    source: "zipinfo(1)",
    flags: "-1 -s -m -l -v -h -t -z -2 -C",
    operands: "place pattern*",
  },
  "gzip gunzip": {
    source: "gzip(1); listing and testing only",
    flags: "-l -t -v -q --list --test --verbose",
    needs: "-l -t --list --test",
    operands: "place*",
  },
  "xz unxz": {
    source: "xz(1); listing and testing only",
    flags: "-l -t -v -q --list --test --verbose",
    needs: "-l -t --list --test",
    operands: "place*",
  },
  "bzip2 bunzip2": {
    source: "bzip2(1); testing only",
    flags: "-t -v --test",
    needs: "-t --test",
    operands: "place*",
  },
  "zstd unzstd": {
    source: "zstd(1); listing and testing only",
    flags: "-l -t -v -q --list --test",
    needs: "-l -t --list --test",
    operands: "place*",
  },
  echo: { source: "echo(1)", style: "exact", flags: "-n -e -E -ne", operands: "any*" },
  printf: { source: "printf(1)", style: "exact", operands: "any*" },
  seq: {
    source: "seq(1)",
    flags: "-w -s:any -f:any --format:any --separator:any --equal-width",
    operands: "signed signed signed",
  },
  cksfv: { source: "cksfv(1)", flags: "-q -b", operands: "place*" },
  size: { source: "size(1)", flags: "-A -B -d -o -x -t", operands: "path*" },
  nm: {
    source: "nm(1); no --plugin, no @file",
    flags:
      "-a -C -D -g -u -n -S -r -A --demangle --dynamic --undefined-only --defined-only --extern-only",
    operands: "path*",
  },
  readelf: {
    source: "readelf(1); no @file",
    flags:
      "-a -h -l -S -s -d -n -r -V -e -W --all --file-header --program-headers --section-headers --symbols --dynamic --notes --wide",
    operands: "path*",
  },
  objdump: {
    source: "objdump(1); no @file",
    flags:
      "-a -f -h -p -x -t -T -d --file-headers --section-headers --all-headers --syms --disassemble",
    operands: "path*",
  },
  "true false": { source: "true(1)" },
  pwd: { source: "pwd(1)", flags: "-L -P --logical --physical" },
  tty: { source: "tty(1)", flags: "-s --silent --quiet" },
  sleep: { source: "sleep(1)", operands: "number*" },
  "which type": {
    source: "which(1), bash(1)",
    flags: "-a -s -f -t -p -P --all",
    operands: "name*",
  },
  whereis: {
    source: "whereis(1)",
    style: "exact",
    flags: "-b -m -s -u -l -g -f -B:place -M:place -S:place",
    operands: "spot*",
  },
  printenv: {
    source: "printenv(1); all of it holds passwords",
    flags: "-0 --null",
    operands: "plainVariable plainVariable*",
    needsOperand: true,
  },
  command: {
    source: "bash(1); without -v it starts a program",
    flags: "-v -V",
    needs: "-v -V",
    operands: "name*",
  },
  xmllint: { source: "xmllint(1)", flags: "--noout --nonet", needs: "--noout", operands: "path*" },
  cal: { source: "cal(1)", flags: "-1 -3 -y -m -s -j -w -n:count", operands: "word word word" },
  expr: { source: "expr(1)", style: "exact", operands: "any*" },
  numfmt: {
    source: "numfmt(1)",
    flags:
      "--to:word --from:word --suffix:word --field:list --header[:count] --padding:signed --format:any --round:word --invalid:word --delimiter:any --from-unit:size --to-unit:size -d:any --debug --grouping -z --zero-terminated",
    operands: "word*",
  },
  tsort: { source: "tsort(1)", operands: "path" },
  help: { source: "bash(1)", flags: "-d -m -s", operands: "name*" },
  "whatis apropos": { source: "whatis(1)", flags: "-s:list -l -r -w", operands: "name*" },
};

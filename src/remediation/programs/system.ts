import type { Table } from "./program.ts";

/** The machine: processes, memory, disks, hardware, time, people. */
export const SYSTEM: Table = {
  ps: {
    source: "ps(1); BSD's e and the format environ show the environment",
    style: "exact",
    flags:
      "-e -f -A -a -x -F -l -L -T -H -j -y -w -ww -ef -eF -el -eLf -efH -elf -aux -axu -ax -ely -eo:psFormat -Ao:psFormat -axo:psFormat -eLo:psFormat -u:word -U:word -p:word -C:name -G:word -t:word -o:psFormat --sort:psSort --forest --no-headers --headers --pid:word --ppid:word --user:word --cols:count --width:count --format:psFormat --deselect",
    operands: "psBsd*",
  },
  top: {
    source: "top(1); without -b it is a screen from which processes can be ended",
    flags:
      "-b -n:count -d:number -p:word -u:word -U:word -o:word -c -H -i -w:count -E:word -e:word -S -1 -s --batch-mode --cmdline-toggle --delay:number --idle-toggle --iterations:count --sort-override:word --pid:keys --threads-show --secure-mode --filter-any-user:word --filter-only-euser:word --width:count --single-cpu-toggle -O --list-fields -h -V",
    needs: "-b --batch-mode",
    otherwise: "medium",
  },
  free: {
    source: "free(1)",
    flags:
      "-h -b -k -m -g -w -t -l -v -c:count -s:number --human --bytes --kibi --mebi --gibi --kilo --mega --giga --wide --total --lohi --si --seconds:number --count:count --committed --line -L --tera --peta --tebi --pebi -V",
  },
  uptime: { source: "uptime(1)", flags: "-p -s -r -V --pretty --since -h" },
  nproc: { source: "nproc(1)", flags: "--all --ignore:count" },
  vmstat: {
    source: "vmstat(8)",
    flags:
      "-s -d -D -a -w -n -t -m -f -S:word -p:name --stats --disk --disk-sum --active --wide --one-header --timestamp --slabs --unit:word --forks --partition:name -y --no-first -V",
    operands: "count count",
  },
  iostat: {
    source: "iostat(1)",
    flags:
      "-c -d -x -h -k -m -N -t -y -z -p[:word] --human --pretty -o:word -j:word -s -g:word --dec:count -V",
    operands: "ref*",
  },
  "mpstat pidstat": {
    source: "mpstat(1), pidstat(1); pidstat -e starts a program",
    flags:
      "-P:keys -u -A -d -r -w -h -t -p:keys -l -s -v -R -C:text -G:text -U[:word] -H -T:word -I:word --dec:count --human -V -N:keys -n -o:word",
    operands: "count count",
  },
  sar: {
    source: "sar(1); -o writes a file",
    flags:
      "-u -r -b -d -q -n:word -A -S -B -W -w -p -P:keys -h -s:time -e:time -f:path -1 -2 -t -V -j:word -m:word -v -y -H --human --pretty --dec:count --iface:word --sadc",
    operands: "word word word",
  },
  slabtop: {
    source: "slabtop(1)",
    flags: "-o --once -s:word -d:number --delay:number --sort:word",
    needs: "-o --once",
  },
  iotop: {
    source: "iotop(8)",
    flags:
      "-b -o -n:count -d:number -a -P -k -t -q -u:word -p:pid --batch --only --iter:count --processes --accumulated --delay:number --user:word --kilobytes --time --quiet",
    needs: "-b --batch",
  },
  pgrep: {
    source: "pgrep(1)",
    flags:
      "-a -c -f -i -l -n -o -x -v -w -u:word -U:word -P:count -g:count -t:word -d:any -s:count --list-name --list-full --full --exact --count --newest --oldest --parent:count --euid:word --uid:word --ignore-case --delimiter:any --inverse --terminal:word --lightweight --pgroup:count -G:word --group:word -O:count --older:count --session:count -r:word --runstates:word -A --ignore-ancestors --cgroup:ref --ns:count --nslist:word -V -h",
    operands: "text",
  },
  pidof: { source: "pidof(8)", flags: "-s -x -c -q -o:count -d:any -t -z", operands: "name*" },
  pstree: {
    source: "pstree(1)",
    flags:
      "-p -a -u -l -h -n -g -c -s -t -T -A -U -G -Z -H:pid --show-pids --arguments --long --numeric-sort --ascii --unicode --show-parents --show-pgids --uid-changes --compact-not --thread-names --hide-threads --highlight-all -C:word --color:word --vt100 --highlight-pid:pid -N:word --ns-sort:word -S --ns-changes -V --security-context",
    operands: "word",
  },
  pmap: {
    source: "pmap(1)",
    flags: "-x -X -d -q -p --extended --device --quiet -XX --show-path -A:text --range:text -V -h",
    operands: "pid*",
  },
  pwdx: { source: "pwdx(1)", operands: "pid*" },
  lsof: {
    source: "lsof(8); -D may write its device cache",
    flags:
      "-i[:text] -P -n -p:word -u:text -c:text -t -l -a -b -w -U -R -d:text -g[:word] -N -s[:word] +D:place +d:place +L1 -# -O -T[:word] -V -E -F[:word] -x",
    endless: "-r[:word] +r[:word]",
    operands: "place*",
  },
  fuser: {
    source: "fuser(1); -k ends processes",
    flags:
      "-v -m -n:word -u -a -s -4 -6 --verbose --mount --namespace:word --user --all -I -l -M -w --inode --list-signals --ismountpoint --silent --ipv4 --ipv6 -V",
    operands: "spot*",
  },
  lslocks: {
    source: "lslocks(8)",
    flags:
      "-p:pid -o:word -u -J -r -n --output-all --json --pid:pid --output:word -b -i --bytes --noinaccessible --noheadings --raw --notruncate",
  },
  lsns: {
    source: "lsns(8)",
    flags:
      "-l -n -p:pid -t:word -o:word -J -r --json --type:word --task:pid --list --noheadings --output:word --output-all --raw --notruncate -u -W --nowrap -T[:word] --tree[:word]",
  },
  lsipc: {
    source: "lsipc(1)",
    flags:
      "-m -q -s -g -b -J -i:count -c -e -l -n -r -t -p -z -P -o:word --shmems --queues --semaphores --global --creator --time --raw --notruncate --noheadings --newline --list --json --bytes --id:count --numeric-perms --export --output:word --time-format:word --noheadings",
  },
  ipcs: {
    source: "ipcs(1)",
    flags:
      "-a -l -m -q -s -t -p -u -c -b -i:count --human --limits --summary --shmems --queues --semaphores --id:count --all --time --pid --creator --bytes",
  },
  prtstat: { source: "prtstat(1)", flags: "-r --raw", operands: "pid" },
  df: {
    source: "df(1); --sync writes",
    flags:
      "-h -H -i -k -l -a -P -T -m -B:word -t:word -x:word --human-readable --si --inodes --local --all --portability --print-type --total --output[:word] --type:word --exclude-type:word --block-size:word --no-sync -v",
    operands: "place*",
  },
  du: {
    source: "du(1); --files0-from reads a list",
    flags:
      "-s -h -k -m -b -x -a -c -H -L -P -D -l -S -0 -d:count -t:signed -X:path -B:word --summarize --human-readable --max-depth:count --apparent-size --one-file-system --all --total --bytes --exclude:pattern --threshold:signed --time[:word] --inodes --si --separate-dirs --block-size:word --count-links --null --dereference-args --dereference --no-dereference --time-style:text",
    operands: "place*",
  },
  lsblk: {
    source: "lsblk(8)",
    flags:
      "-a -b -d -e:list -f -i -I:list -J -l -m -n -o:word -O -p -P -r -s -S -t -T[:word] -x:word -z -A -D -M -N -v --all --bytes --fs --json --list --nodeps --output:word --output-all --paths --perms --topology --scsi --noheadings --tree[:word] --inverse --sort:word --discard --zoned --raw --pairs --ascii --merge --noempty -E:word --dedup:word --include:list --exclude:list -w:count --width:count -y --shell -V",
    operands: "device*",
  },
  blkid: {
    source: "blkid(8); -c names a cache file",
    flags:
      "-o:word -s:word -t:word -L:word -U:word -l -k -i -p -u:word --output:word --match-tag:word --list-one --probe --label:word --uuid:word -d --no-encoding --list-filesystems --match-token:word --info -n:word --match-types:word --usages:word -V",
    operands: "device*",
  },
  findmnt: {
    source: "findmnt(8)",
    flags:
      "-a -b -D -e -f -i -J -k -l -n -o:word -P -r -R -s -m -S:spot -T:place -t:word -u -v -x -O:word --all --df --json --list --noheadings --output:word --output-all --fstab --kernel --raw --target:place --types:word --source:spot --verify --submounts --real --pseudo --pairs --options:word --mtab -w:count --timeout:count -A --ascii --bytes -C --nocanonicalize -c --canonicalize -d:word --direction:word --evaluate --first-only --invert -N:pid --task:pid --shadowed --tree -M:place --mountpoint:place -U --uniq --notruncate --nofsroot -y --shell --verbose --vfs-all -V",
    endless: "-p --poll",
    operands: "spot place",
  },
  mount: { source: "mount(8); listing only", flags: "-l -t:word --version -V" },
  mountpoint: {
    source: "mountpoint(1)",
    flags: "-q -d -x --quiet --fs-devno --devno --nofollow",
    operands: "place",
  },
  swapon: {
    source: "swapon(8); listing only",
    flags: "-s --show[:word] --summary --noheadings --raw --bytes",
    needs: "-s --show --summary",
  },
  quota: { source: "quota(1)", flags: "-u -g -s -v -q -p -w -l", operands: "word*" },
  repquota: { source: "repquota(8)", flags: "-a -u -g -s -v -i", operands: "place*" },
  lscpu: {
    source: "lscpu(1)",
    flags:
      "-a -b -c -e[:word] -J -p[:word] -x -B -C[:word] -y --all --extended[:word] --json --parse[:word] --hex --bytes --caches[:word] --online --offline --output-all --physical -V -h",
  },
  lsmem: {
    source: "lsmem(1)",
    flags:
      "-a -b -J -n -o:word -P -r -s[:word] -S:word --all --json --summary[:word] --output:word --bytes --pairs --noheadings --output-all --raw --split:word",
  },
  lspci: {
    source: "lspci(8)",
    flags: "-v -vv -vvv -n -nn -k -t -mm -m -s:text -d:text -D -b -x -P -q --help --version -Q",
  },
  lsusb: { source: "lsusb(8)", flags: "-v -t -s:text -d:text -V --verbose --tree" },
  lsscsi: {
    source: "lsscsi(8)",
    flags: "-l -s -g -d -t -H -i -u -v -k --size --generic --hosts --transport --long",
    operands: "text",
  },
  lsmod: { source: "lsmod(8)" },
  modinfo: {
    source: "modinfo(8)",
    flags:
      "-F:word -n -a -d -l -p -0 --field:word --filename --author --description --license --parameters",
    operands: "name*",
  },
  lshw: {
    source: "lshw(1)",
    flags:
      "-short -businfo -json -html -xml -sanitize -numeric -quiet -c:word -C:word -class:word -notime",
    style: "exact",
  },
  lsdev: { source: "lsdev(8)" },
  inxi: { source: "inxi(1)", flags: "-b -F -C -D -G -I -M -N -S -m -x -z -c:count" },
  dmidecode: {
    source: "dmidecode(8); --dump-bin writes a file",
    flags: "-t:word -s:word -q -u --type:word --string:word --quiet --list-strings --list-types",
  },
  hdparm: {
    source: "hdparm(8); most letters change the disk",
    style: "exact",
    flags: "-I -i -g -C",
    needs: "-I -i -g -C",
    operands: "device*",
  },
  smartctl: {
    source: "smartctl(8); -t starts a test, -s changes the disk",
    flags:
      "-a -x -i -H -A -c -j -l:ref -n:word -d:ref -q:word -P:word -f:word -g:word --all --xall --info --health --attributes --capabilities --json[:word] --log:ref --device:ref --nocheck:word --scan --scan-open --get:word --quietmode:word --version -V",
    operands: "device",
  },
  nvme: {
    source: "nvme(1)",
    subcommands: {
      list: { flags: "-o:word -v --output-format:word" },
      "list-subsys": { flags: "-o:word", operands: "device" },
      "smart-log|error-log|id-ctrl|id-ns|fw-log|list-ns|show-regs|get-feature|self-test-log|effects-log":
        {
          flags:
            "-o:word -n:count -H -e:count -f:count --output-format:word --namespace-id:count --human-readable --feature-id:count",
          operands: "device",
        },
    },
  },
  sensors: {
    source: "sensors(1); -s writes limits",
    flags: "-u -A -f -j -v --no-adapter --fahrenheit",
    operands: "pattern*",
  },
  "nvidia-smi": {
    source: "nvidia-smi(1); -f writes a file",
    flags:
      "-L -q -i:word -d:word -x --query-gpu:word --format:word --list-gpus --query --display:word --query-compute-apps:word --id:word",
    endless: "-l[:count] --loop:count",
  },
  mdadm: {
    source: "mdadm(8); reading only",
    flags: "-D -E -Q -v -s -b --detail --examine --query --scan --verbose --brief --test --export",
    needs: "-D -E -Q --detail --examine --query",
    operands: "device*",
  },
  "lvs vgs pvs": {
    source: "lvs(8); --config may name programs",
    flags:
      "-a -o:text -v --all --units:word --noheadings --options:text --segments --nosuffix --separator:any --reportformat:word -O:text --sort:text --unbuffered",
    operands: "spot*",
  },
  "lvdisplay vgdisplay pvdisplay": {
    source: "lvdisplay(8)",
    flags: "-a -c -C -s -v -m --all --short --colon --columns --maps",
    operands: "spot*",
  },
  "lvscan vgscan pvscan": {
    source: "lvscan(8); without a flag that writes a cache",
    flags: "-a -v --all",
  },
  zpool: {
    source: "zpool(8); -c of iostat and status starts a script",
    subcommands: {
      status: { flags: "-v -x -L -P -g -s -t -D -p -e -i -T:word", operands: "dataset*" },
      list: { flags: "-H -v -p -P -L -g -o:word -T:word", operands: "dataset*" },
      iostat: { flags: "-v -l -q -w -r -H -p -y -n -L -P -g -T:word", operands: "dataset*" },
      get: { flags: "-H -p -o:word", operands: "word dataset*" },
      "history|events": { flags: "-i -l -v -H", operands: "dataset*" },
      version: {},
      scrub: {
        flags: "-p -s -w",
        operands: "dataset*",
        verdict: "medium",
        does: "starts or stops reading the whole pool",
      },
      "clear|online": {
        operands: "dataset device",
        verdict: "medium",
        does: "takes a disk back into use",
      },
    },
  },
  zfs: {
    source: "zfs(8)",
    subcommands: {
      list: { flags: "-H -r -p -o:text -t:word -s:word -S:word -d:count", operands: "dataset*" },
      get: { flags: "-H -r -p -o:word -t:word -s:word -d:count", operands: "word dataset*" },
      "holds|diff": { flags: "-H -r -F -t", operands: "dataset*" },
      "version|mount": {},
      "userspace|groupspace": { flags: "-H -p -n -o:word -s:word", operands: "dataset" },
      snapshot: { flags: "-r", operands: "dataset*", verdict: "medium", does: "takes a snapshot" },
    },
  },
  zdb: { source: "zdb(8)", flags: "-l", needs: "-l", operands: "device" },
  btrfs: {
    source: "btrfs(8)",
    subcommands: {
      "filesystem|fi": {
        subcommands: {
          "show|df|usage|du|label": {
            flags: "-h -b -T -s -d -m --raw --summarize --mounted --all-devices",
            operands: "place",
          },
        },
      },
      "device|dev": {
        subcommands: {
          "stats|usage": { flags: "-c -T -h -b --check --tabular", operands: "spot" },
        },
      },
      scrub: {
        subcommands: {
          status: { flags: "-d -R -h", operands: "spot" },
          start: {
            flags: "-d -r",
            operands: "place",
            verdict: "medium",
            does: "starts reading the whole file system",
          },
        },
      },
      "subvolume|sub": {
        subcommands: { "list|show": { flags: "-a -c -g -o -p -r -s -t -u -q", operands: "place" } },
      },
      balance: { subcommands: { status: { flags: "-v", operands: "place" } } },
      version: {},
    },
  },
  xfs_info: { source: "xfs_info(8)", operands: "spot" },
  "tune2fs dumpe2fs": {
    source: "tune2fs(8), dumpe2fs(8); reading only",
    flags: "-l -h",
    needs: "-l -h",
    operands: "device",
  },
  uname: {
    source: "uname(1)",
    flags:
      "-a -s -n -r -v -m -p -i -o --all --kernel-name --nodename --kernel-release --kernel-version --machine --processor --hardware-platform --operating-system",
  },
  arch: { source: "arch(1)" },
  hostname: {
    source: "hostname(1); an operand sets it",
    flags:
      "-f -i -I -s -d -A -y --fqdn --long --ip-address --all-ip-addresses --short --domain --all-fqdns -a --alias --yp",
  },
  hostid: { source: "hostid(1)" },
  lsb_release: {
    source: "lsb_release(1)",
    flags: "-a -i -d -r -c -s -v --all --id --description --release --codename --short",
  },
  date: {
    source: "date(1); an operand without + sets the clock, -f reads a list",
    flags:
      "-u -R -d:time -r:place -I[:word] --utc --universal --date:time --rfc-email --rfc-3339:word --iso-8601[:word] --reference:place --debug --resolution",
    operands: "dateFormat",
  },
  dmesg: {
    source: "dmesg(1); -C, -c, -D, -E, -n change the log",
    flags:
      "-T -H -L[:word] -l:word -f:word -k -u -x -r -t -e -d -P -J -S --ctime --human --color[:word] --level:word --facility:word --kernel --userspace --decode --raw --notime --reltime --nopager --time-format:word --since:time --until:time --json --show-delta --force-prefix -p --noescape --syslog",
    endless: "-w -W --follow --follow-new",
  },
  sysctl: {
    source: "sysctl(8); name=value and -w, -p write",
    flags:
      "-a -n -e -N -b -r:text --all --values --ignore --names --pattern:text -A -X -d -q --quiet --binary --deprecated -o -x",
    operands: "name*",
  },
  getconf: { source: "getconf(1)", flags: "-a", operands: "name place" },
  locale: {
    source: "locale(1)",
    flags: "-a -m -k -c --all-locales --charmaps --category-name --keyword-name",
    operands: "name*",
  },
  ulimit: { source: "bash(1)", flags: "-a -n -u -c -f -s -v -S -H -l -m -t" },
  id: {
    source: "id(1)",
    flags: "-u -g -G -n -r -Z -z --user --group --groups --name --real -a --context --zero",
    operands: "word*",
  },
  "whoami logname": { source: "whoami(1)" },
  "groups users": { source: "groups(1), users(1)", operands: "word*" },
  "who w": {
    source: "who(1), w(1)",
    flags:
      "-a -b -H -q -r -u -m -d -l -p -s -t -T -h -f -i -o --all --boot --heading --count --users --runlevel --short --no-header --ip-addr --from --dead --login --lookup --process --time --message --writable",
    operands: "word word",
  },
  "last lastlog lastb": {
    source: "last(1)",
    flags:
      "-n:count -# -x -F -a -d -i -w -R -s:time -t:time -p:time -u:word -b:count --since:time --until:time --limit:count --fullnames --fulltimes --system --hostlast --ip --dns --user:word --time:count -f:path -h --nohostname --present:time --time-format:word -V",
    operands: "word*",
  },
  finger: { source: "finger(1)", flags: "-l -s -m -p", operands: "word" },
  getent: { source: "getent(1)", operands: "openDatabase word*" },
  runlevel: { source: "runlevel(8)" },
  timedatectl: {
    source: "timedatectl(1)",
    isFineAlone: true,
    flags: "--no-pager -a -p:word --value --all --property:word",
    subcommands: { "status|show|show-timesync|timesync-status|list-timezones": {} },
  },
  hostnamectl: {
    source: "hostnamectl(1)",
    isFineAlone: true,
    flags: "--static --pretty --transient --json:word",
    subcommands: { status: {}, "hostname|icon-name|chassis|deployment|location": {} },
  },
  localectl: {
    source: "localectl(1)",
    isFineAlone: true,
    flags: "--no-pager",
    subcommands: { "status|list-locales|list-keymaps": {} },
  },
  chronyc: {
    source: "chronyc(1)",
    flags: "-n -c -4 -6 -N",
    subcommands: {
      "tracking|activity|sourcestats|sources|serverstats|rtcdata|ntpdata|selectdata": {
        flags: "-v -a",
      },
      makestep: { verdict: "medium", does: "sets the clock at once" },
      "burst|online|offline": {
        verdict: "medium",
        does: "changes how the clock is followed",
        operands: "ref",
      },
    },
  },
  ntpq: { source: "ntpq(8); -c may name other commands", flags: "-p -n -4 -6", operands: "host" },
  ntpstat: { source: "ntpstat(1)" },
  hwclock: {
    source: "hwclock(8); reading only",
    flags: "-r --show --get --verbose -v",
    needs: "-r --show --get",
  },
  lsinitramfs: { source: "lsinitramfs(8)", operands: "place*" },
  acpi: { source: "acpi(1)", flags: "-a -b -c -t -V -i" },
  upsc: { source: "upsc(8)", flags: "-l -L -c", operands: "name name" },
  apcaccess: { source: "apcaccess(8)", flags: "-u -p:word", operands: "word" },
  ipmitool: {
    source: "ipmitool(1); local and reading only",
    subcommands: {
      "sensor|sdr": { isFineAlone: true, subcommands: { "list|elist": { operands: "word" } } },
      sel: { subcommands: { "list|elist|info": {} } },
      chassis: { subcommands: { status: {} } },
      fru: {},
      mc: { subcommands: { info: {} } },
    },
  },
  "sestatus getenforce": { source: "sestatus(8)", flags: "-v -b" },
  "aa-status": { source: "aa-status(8)" },
  cpupower: {
    source: "cpupower(1)",
    subcommands: { "frequency-info|idle-info|monitor": { flags: "-l -p" } },
  },
  turbostat: { source: "turbostat(8)", flags: "--Summary -n:count", needs: "-n" },
  numastat: { source: "numastat(8)", flags: "-c -m -n -s -v", operands: "pid" },
  crontab: { source: "crontab(1); listing only", flags: "-l -u:word", needs: "-l" },
  atq: { source: "atq(1)", flags: "-q:word" },
  jobs: { source: "bash(1)", flags: "-l -p -r -s" },
  ldd: {
    source: "ldd(1); it may start the program",
    verdict: "high",
    does: "may start what it looks at",
    operands: "place*",
  },
  lsinitrd: { source: "lsinitrd(1)", verdict: "medium", does: "unpacks a boot image" },
};

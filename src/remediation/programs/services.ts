import type { Table, Use } from "./program.ts";

const RESTARTS: Use = { operands: "name*", verdict: "medium" };

/** What runs on the machine: systemd, servers and their own tools, packages, monitoring. */
export const SERVICES: Table = {
  systemctl: {
    source: "systemctl(1); -H and -M reach other machines, --root other trees",
    isFineAlone: true,
    needs: "--failed --no-pager --type -t --state",
    flags:
      "-a -l -q -n:count -o:word -t:word -p:word -P:word -r --all --full --quiet --lines:count --output:word --type:word --state:word --property:word --value --no-pager --no-legend --plain --failed --recursive --reverse --user --system --no-ask-password --show-types --with-dependencies --legend:word --after --before --timestamp:word",
    subcommands: {
      "status|is-active|is-enabled|is-failed|list-dependencies|list-units|list-unit-files|list-timers|list-sockets|list-jobs|list-automounts|list-paths|list-machines|help":
        { operands: "pattern*" },
      "cat|show": { operands: "pattern*" },
      "get-default|is-system-running": { flags: "--wait" },
      "start|restart|try-restart|reload-or-restart|try-reload-or-restart": {
        ...RESTARTS,
        flags: "--no-block --wait --show-transaction",
        does: "starts or restarts a service",
      },
      "reload|reset-failed": { ...RESTARTS, does: "changes a service's state" },
      "daemon-reload": { verdict: "medium", does: "reads all units anew" },
      stop: { ...RESTARTS, flags: "--no-block", verdict: "high", does: "stops a service" },
      "enable|disable|mask|unmask|reenable|preset|revert|kill|freeze|thaw|isolate|set-default|clean|daemon-reexec":
        {
          operands: "name*",
          flags: "--now --force -f --runtime -s:word --signal:word",
          verdict: "high",
          does: "changes what runs from now on",
        },
      "reboot|poweroff|halt|kexec|suspend|hibernate|rescue|emergency|soft-reboot|default|exit": {
        flags: "-f --force -i --message:text",
        verdict: "high",
        does: "takes the machine down",
      },
    },
  },
  journalctl: {
    source:
      "journalctl(1); --vacuum-… and --rotate delete, --cursor-file writes, -D and --file read elsewhere",
    flags:
      "-u:pattern -n:count -p:word -b[:signed] -k -x -e -r -o:word -g:text -t:word -S:time -U:time -q -a -l -N -F:word -# --unit:pattern --user-unit:pattern --lines:count --priority:word --boot[:signed] --dmesg --catalog --pager-end --reverse --output:word --grep:text --identifier:word --since:time --until:time --quiet --all --no-pager --no-full --full --list-boots --disk-usage --utc --no-hostname --case-sensitive[:word] --user --system --fields --field:word --facility:word --header --verify --list-catalog --truncate-newline --output-fields:word --no-tail --merge -m",
    endless: "-f --follow",
    operands: "journal*",
  },
  "systemd-analyze": {
    source: "systemd-analyze(1)",
    isFineAlone: true,
    flags: "--no-pager --user --system",
    subcommands: {
      "time|blame|critical-chain|dump|unit-paths|security|calendar|timespan|timestamp|cat-config|unit-files":
        { operands: "pattern*" },
    },
  },
  "systemd-cgls": { source: "systemd-cgls(1)", flags: "--no-pager -a -l -k -u:name --unit:name" },
  "systemd-cgtop": {
    source: "systemd-cgtop(1)",
    flags: "-b -n:count -1 -p -c -m -i -t --batch --iterations:count",
    needs: "-b --batch -1 -n",
  },
  "systemd-delta": { source: "systemd-delta(1)", flags: "--no-pager --type:word --diff:word" },
  "systemd-detect-virt": {
    source: "systemd-detect-virt(1)",
    flags: "-c -v -q --container --vm --quiet",
  },
  "systemd-path": { source: "systemd-path(1)", operands: "name*" },
  "systemd-escape": {
    source: "systemd-escape(1)",
    flags: "--suffix:word -p -u -m --path --unescape",
    operands: "any*",
  },
  coredumpctl: {
    source: "coredumpctl(1); dump and debug write and start",
    flags: "--no-pager --no-legend -r -n:count -1 -S:time -U:time --since:time --until:time",
    isFineAlone: true,
    subcommands: { "list|info": { operands: "ref*" } },
  },
  loginctl: {
    source: "loginctl(1)",
    isFineAlone: true,
    flags: "--no-pager -p:word -a -l -n:count --property:word --value --no-legend --all",
    subcommands: {
      "list-sessions|session-status|show-session|list-users|user-status|show-user|list-seats|seat-status|show-seat":
        { operands: "name*" },
      "terminate-session|terminate-user|kill-session|kill-user": {
        verdict: "high",
        does: "ends what people run",
        operands: "name*",
      },
    },
  },
  machinectl: {
    source: "machinectl(1)",
    isFineAlone: true,
    flags: "--no-pager -l -a",
    subcommands: { "list|status|show|list-images|image-status|show-image": { operands: "name*" } },
  },
  busctl: {
    source: "busctl(1); call and set-property act",
    isFineAlone: true,
    flags: "--no-pager --user --system --list --acquired --activatable --unique",
    subcommands: { "list|status|tree|introspect": { operands: "name place word" } },
  },
  service: { source: "service(8)", flags: "--status-all", operands: "name statusWord" },
  "rc-status": {
    source: "rc-status(8)",
    flags: "-a -l -s -u -c -m -r --all --list --servicelist --crashed",
    operands: "name",
  },
  supervisorctl: {
    source: "supervisorctl, supervisord.org",
    subcommands: {
      "status|avail|pid|version": { operands: "name*" },
      "restart|start": { ...RESTARTS, does: "starts or restarts a service" },
      stop: { ...RESTARTS, verdict: "high", does: "stops a service" },
    },
  },
  nginx: {
    source: "nginx(8); -c and -g give it another configuration",
    style: "exact",
    flags: "-t -T -v -V -q",
    needs: "-t -T -v -V",
  },
  "apachectl apache2ctl httpd apache2": {
    source: "apachectl(8)",
    style: "exact",
    flags: "-t -v -V -S -M -l -L",
    needs: "-t -v -V -S -M -l -L",
  },
  haproxy: { source: "haproxy(1); checking only", flags: "-c -f:config -v -V -q", needs: "-c -v" },
  caddy: {
    source: "caddy, command line reference",
    subcommands: {
      "version|list-modules|build-info": { flags: "--versions --packages" },
      validate: { flags: "--config:config --adapter:word -c:config" },
      reload: { flags: "--config:place", verdict: "medium", does: "loads its configuration anew" },
    },
  },
  varnishstat: { source: "varnishstat(1)", flags: "-1 -j -f:text", needs: "-1 -j" },
  named: { source: "named-checkconf(8)", flags: "-v -V", needs: "-v -V" },
  "named-checkconf": { source: "named-checkconf(8)", flags: "-z -l -v", operands: "config" },
  "named-checkzone": {
    source: "named-checkzone(8); -o and -D write",
    flags: "-q -v",
    operands: "host config",
  },
  "unbound-checkconf": { source: "unbound-checkconf(8)", operands: "config" },
  "unbound-control": {
    source: "unbound-control(8)",
    subcommands: {
      "status|stats_noreset|list_forwards|list_stubs|list_local_zones": {},
      "reload|flush": {
        verdict: "medium",
        does: "empties the resolver's memory",
        operands: "host",
      },
    },
  },
  pihole: {
    source: "pihole(8)",
    subcommands: {
      "status|version": {},
      restartdns: { verdict: "medium", does: "restarts the resolver" },
    },
  },
  rndc: {
    source: "rndc(8)",
    subcommands: {
      "status|zonestatus": { operands: "host" },
      "reload|reconfig|flush": {
        operands: "host",
        verdict: "medium",
        does: "loads its zones anew",
      },
    },
  },
  sshd: { source: "sshd(8); checking only", style: "exact", flags: "-t -T", needs: "-t -T" },
  postfix: {
    source: "postfix(1)",
    subcommands: {
      "status|check": {},
      reload: { verdict: "medium", does: "loads its configuration anew" },
      flush: { verdict: "medium", does: "tries to send the queue" },
    },
  },
  postconf: { source: "postconf(1); -e writes", flags: "-n -d -h -m -l", operands: "name*" },
  mailq: { source: "mailq(1)" },
  postqueue: { source: "postqueue(1)", flags: "-p -j -f", needs: "-p -j" },
  pg_isready: {
    source: "pg_isready(1)",
    flags:
      "-h:spot -p:count -U:word -d:word -t:count -q --host:spot --port:count --username:word --dbname:word --timeout:count --quiet",
  },
  pg_lsclusters: { source: "pg_lsclusters(1)", flags: "-h -j --no-header" },
  pg_controldata: { source: "pg_controldata(1)", flags: "-D:place", operands: "place" },
  mysqladmin: {
    source: "mysqladmin(1); a password on the command line is seen by all",
    flags: "-h:host -P:count -u:word -r -i:count -c:count --host:host --port:count --user:word",
    subcommands: { "status|ping|version|extended-status|processlist|variables": {} },
  },
  "redis-cli valkey-cli": {
    source: "redis-cli, redis.io; -x and --pipe send the input, -a shows the password",
    flags: "-h:host -p:count -n:count --raw --no-raw --csv --json",
    subcommands: {
      "info|INFO|dbsize|DBSIZE|lastsave|LASTSAVE|ping|PING|role|ROLE|time|TIME": {
        operands: "word",
      },
      "memory|MEMORY": { subcommands: { "stats|STATS|doctor|DOCTOR": {} } },
      "slowlog|SLOWLOG": { subcommands: { "get|GET|len|LEN": { operands: "count" } } },
      "client|CLIENT": { subcommands: { "list|LIST": {} } },
      "cluster|CLUSTER": { subcommands: { "info|INFO|nodes|NODES": {} } },
      "latency|LATENCY": { subcommands: { "latest|LATEST|doctor|DOCTOR": {} } },
    },
  },
  "redis-sentinel": { source: "redis-sentinel(1)", flags: "--version", needs: "--version" },
  rabbitmqctl: {
    source: "rabbitmqctl(8); eval runs code",
    flags: "-q -p:word --quiet",
    subcommands: {
      "status|cluster_status|list_queues|list_connections|list_channels|list_exchanges|list_vhosts|list_consumers|node_health_check|environment|ping":
        { operands: "name*" },
    },
  },
  "rabbitmq-diagnostics": {
    source: "rabbitmq-diagnostics(8)",
    flags: "-q",
    subcommands: {
      "status|ping|check_running|check_local_alarms|check_port_connectivity|memory_breakdown|alarms|cluster_status":
        {},
    },
  },
  promtool: {
    source: "promtool --help",
    subcommands: {
      check: {
        subcommands: {
          "config|rules|web-config|healthy|ready": {
            flags: "--lint:word --syntax-only --url:url",
            operands: "config*",
          },
        },
      },
      query: {
        subcommands: {
          instant: { flags: "--time:time -o:word --format:word", operands: "url any" },
          "series|range|labels": {
            flags: "--match:any --start:time --end:time --step:number",
            operands: "url any",
          },
        },
      },
      test: { subcommands: { rules: { operands: "config*" } } },
      tsdb: {
        subcommands: {
          list: { flags: "-r --human-readable", operands: "place" },
          analyze: { flags: "--limit:count", operands: "place ref" },
        },
      },
    },
  },
  amtool: {
    source: "amtool --help",
    flags: "--alertmanager.url:url -o:word --output:word --timeout:number",
    subcommands: {
      alert: {
        isFineAlone: true,
        subcommands: {
          query: { flags: "-a -i -s -u --active --inhibited --silenced", operands: "any*" },
        },
      },
      silence: {
        isFineAlone: true,
        subcommands: {
          query: { flags: "-q --expired --quiet", operands: "any*" },
          add: {
            flags: "-d:number -c:text -a:word --duration:number --comment:text --author:word",
            operands: "any*",
            verdict: "medium",
            does: "silences alerts",
          },
        },
      },
      cluster: { subcommands: { show: {} } },
      "check-config": { operands: "config*" },
      config: {
        subcommands: {
          show: { verdict: "medium", does: "shows a configuration that may hold keys" },
          routes: {
            isFineAlone: true,
            subcommands: { "show|test": { flags: "--verify.receivers:word", operands: "any*" } },
          },
        },
      },
    },
  },
  logrotate: {
    source: "logrotate(8); -d only looks",
    flags: "-d -v --debug --verbose",
    needs: "-d --debug",
    operands: "config*",
  },
  certbot: {
    source: "certbot --help",
    subcommands: {
      certificates: { flags: "--cert-name:host -d:host" },
      renew: {
        flags: "--dry-run --quiet -q --cert-name:host --no-random-sleep-on-renew",
        verdict: "medium",
        does: "fetches new certificates and runs their hooks",
      },
    },
  },
  "apt apt-get": {
    source: "apt(8); -o may name programs",
    flags:
      "-q -s --simulate --dry-run -a --installed --upgradable --manual-installed --all-versions --no-show-upgraded",
    subcommands: {
      "list|show|search|policy|depends|rdepends|showsrc|madison|check": {
        operands: "pattern*",
      },
      "clean|autoclean|update": {
        verdict: "medium",
        does: "fetches or deletes package lists and files",
      },
      "install|remove|purge|upgrade|full-upgrade|dist-upgrade|autoremove|reinstall": {
        flags: "-y --yes",
        operands: "name*",
        verdict: "high",
        does: "changes what is installed",
      },
    },
  },
  "apt-cache": {
    source: "apt-cache(8)",
    flags: "-n -a -i --names-only --installed",
    subcommands: {
      "show|search|policy|depends|rdepends|showpkg|madison|stats|pkgnames|showsrc|dump|unmet": {
        operands: "text*",
      },
    },
  },
  "apt-mark": {
    source: "apt-mark(8)",
    subcommands: { "showauto|showmanual|showhold": { operands: "name*" } },
  },
  "apt-config": { source: "apt-config(8)", subcommands: { dump: {} } },
  dpkg: {
    source: "dpkg(1); asking only",
    flags:
      "-l -L -s -S -p -V -C --list --listfiles --status --search --print-avail --get-selections --audit --verify --print-architecture --print-foreign-architectures --version",
    needs:
      "-l -L -s -S -p -V -C --list --listfiles --status --search --print-avail --get-selections --audit --verify --print-architecture --print-foreign-architectures --version",
    operands: "pattern*",
  },
  "dpkg-query": {
    source: "dpkg-query(1)",
    flags: "-l -L -s -S -W -p -f:any --list --listfiles --status --search --show --showformat:any",
    operands: "pattern*",
  },
  "dpkg-deb": {
    source: "dpkg-deb(1)",
    flags: "-I -c -f -W --info --contents --field --show",
    needs: "-I -c -f -W --info --contents --field --show",
    operands: "place word*",
  },
  rpm: {
    source: "rpm(8); asking only: --eval and --pipe run things",
    flags:
      "-q -a -l -i -f -c -d -R -V -qa -qi -ql -qf -qc -qd -qR --query --all --list --info --file --configfiles --docfiles --requires --provides --changelog --last --whatprovides:ref --whatrequires:ref --verify -v",
    needs: "-q -V -qa -qi -ql -qf -qc -qd -qR --query --verify",
    operands: "place*",
  },
  "yum dnf": {
    source: "dnf(8)",
    flags: "-q -C --installed --available --all",
    subcommands: {
      "list|info|search|repolist|provides|repoquery|check-update|deplist|updateinfo": {
        isFineAlone: true,
        flags: "--installed --available --updates --all",
        operands: "pattern*",
      },
      history: { isFineAlone: true, subcommands: { "list|info": { operands: "word*" } } },
    },
  },
  zypper: {
    source: "zypper(8)",
    flags: "-q -n --no-refresh",
    subcommands: {
      "search|se|info|if|lr|repos|lu|list-updates|packages|pa|ps|patterns|pt": {
        flags: "-i -u -s --installed-only",
        operands: "pattern*",
      },
    },
  },
  apk: {
    source: "apk(8)",
    flags: "-v -q",
    subcommands: {
      "info|list|search|policy|version|stats|audit": {
        flags: "-a -d -L -v -I -u -e --installed --upgradable",
        operands: "pattern*",
      },
    },
  },
  pacman: {
    source: "pacman(8); -Q and -Ss, -Si only",
    style: "exact",
    flags: "-Q -Qi -Ql -Qe -Qs -Qo -Qu -Qm -Qdt -Ss -Si -Qk -Fl -F",
    needs: "-Q -Qi -Ql -Qe -Qs -Qo -Qu -Qm -Qdt -Ss -Si -Qk",
    operands: "place*",
  },
  snap: {
    source: "snap(8)",
    subcommands: {
      "list|info|find|version|services|changes|connections|interfaces|tasks": {
        flags: "--all --verbose",
        operands: "pattern*",
      },
      refresh: { flags: "--list --time", needs: "--list --time" },
    },
  },
  flatpak: {
    source: "flatpak(1)",
    subcommands: {
      "list|info|search|remotes|history|ps": {
        flags: "--app --runtime --columns:word",
        operands: "name*",
      },
    },
  },
  brew: {
    source: "brew(1)",
    subcommands: {
      "list|info|search|deps|outdated|leaves|config|doctor": {
        flags: "--versions --cask --formula",
        operands: "name*",
      },
    },
  },
  "pip pip3": {
    source: "pip(1)",
    subcommands: {
      "list|show|freeze|check": { flags: "--outdated -o --format:word -f", operands: "name*" },
    },
  },
  needrestart: { source: "needrestart(1); listing only", flags: "-b -k -l", needs: "-b" },
  git: {
    source:
      "git(1); a repository's settings may name programs, so no pager, no textconv, no -c, no --upload-pack",
    flags: "--no-pager -C:place --no-optional-locks",
    subcommands: {
      status: {
        flags:
          "-s -b -u[:word] -v --short --branch --porcelain[:word] --untracked-files[:word] --ignored[:word] --long --show-stash --ahead-behind --column[:word]",
        operands: "place*",
      },
      log: {
        flags:
          "-n:count -i -# -S:text -G:text -E -F -P --regexp-ignore-case --committer:text --left-right --cherry-pick --topo-order --date-order --show-signature --branches --tags --remotes --numstat --summary --abbrev[:count] --skip:count --no-decorate --oneline --graph --decorate[:word] --all --stat --shortstat --name-only --name-status --format:any --pretty:any --since:time --until:time --after:time --before:time --author:text --grep:text --abbrev-commit --reverse --first-parent --merges --no-merges --max-count:count --date:word --no-ext-diff --no-textconv --no-color --follow",
        operands: "gitRef*",
      },
      diff: {
        flags:
          "-w -b -M -C -U:count --word-diff[:word] --color[:word] --color-words --check --diff-filter:word --merge-base --ignore-all-space --unified:count --no-color --stat --shortstat --numstat --name-only --name-status --cached --staged --no-ext-diff --no-textconv --summary",
        needs: "--stat --shortstat --numstat --name-only --name-status --summary --no-ext-diff",
        otherwise: "medium",
        operands: "gitRef*",
      },
      show: {
        flags:
          "-w -q --color[:word] --no-color --numstat --summary --stat --shortstat --name-only --name-status --format:any --pretty:any --no-patch -s --oneline --no-ext-diff --no-textconv",
        needs: "--stat --shortstat --name-only --name-status --no-patch -s --no-textconv",
        otherwise: "medium",
        operands: "gitRef*",
      },
      "rev-parse": {
        flags:
          "--short[:count] --abbrev-ref[:word] --show-toplevel --is-inside-work-tree --verify --git-dir --quiet -q",
        operands: "gitRef*",
      },
      branch: {
        flags:
          "-a -r -v -vv -l --all --remotes --list --show-current --merged --no-merged --contains --sort:word",
      },
      tag: { flags: "-l -n --list --sort:word" },
      remote: {
        isFineAlone: true,
        flags: "-v --verbose",
        subcommands: { "get-url": { operands: "name" } },
      },
      describe: {
        flags: "--tags --always --dirty --long --abbrev:count --all",
        operands: "gitRef*",
      },
      "ls-files": {
        flags:
          "-c -m -d -o -s -u --cached --modified --deleted --others --exclude-standard --stage --full-name",
        operands: "place*",
      },
      "ls-tree": { flags: "-r -l -d -t --name-only --long", operands: "gitRef place*" },
      shortlog: { flags: "-s -n -e -sn -sne --summary --numbered --email", operands: "gitRef*" },
      blame: {
        flags:
          "-L:keys -w -e -M -C -s -l -t -b -f -n -c --show-email --date:word --root --porcelain",
        operands: "gitRef*",
      },
      "count-objects": { flags: "-v -H --verbose" },
      "merge-base|rev-list|name-rev|show-ref|for-each-ref|cat-file|check-ignore|version": {
        flags: "--count --max-count:count -n:count --all --heads --tags -t -s -v",
        operands: "gitRef*",
      },
      stash: { subcommands: { list: {} } },
      reflog: { isFineAlone: true, subcommands: { show: { operands: "gitRef" } } },
      worktree: { subcommands: { list: { flags: "--porcelain" } } },
      fetch: {
        flags: "--all --prune -p --tags",
        operands: "name",
        verdict: "medium",
        does: "fetches from another machine",
      },
    },
  },
  tmux: { source: "tmux(1)", subcommands: { "ls|list-sessions": {} } },
  screen: { source: "screen(1)", style: "exact", flags: "-ls -list", needs: "-ls -list" },
};

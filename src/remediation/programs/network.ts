import type { Table, Use } from "./program.ts";

const IP_SHOW: Use = {
  isFineAlone: true,
  subcommands: { "show|list|ls|sh|lst|l": { operands: "ref*" } },
};

/** The network, looked at from here. */
export const NETWORK: Table = {
  ss: {
    source: "ss(8); -K closes connections, -D and -F are files",
    flags:
      "-a -l -n -t -u -w -x -p -e -m -i -s -4 -6 -o -r -H -O -S -0 -b -z -Z -N:name -f:word --all --listening --numeric --tcp --udp --raw --unix --processes --extended --memory --info --summary --ipv4 --ipv6 --options --resolve --no-header --oneline --family:word --sctp",
    endless: "-E --events",
    operands: "any*",
  },
  netstat: {
    source: "netstat(8)",
    flags:
      "-a -l -n -t -u -w -x -p -e -r -i -s -o -g -4 -6 -W --all --listening --numeric --tcp --udp --programs --route --interfaces --statistics --extend --timers --wide --groups",
    endless: "-c --continuous",
  },
  ip: {
    source: "ip(8); -batch reads commands, netns exec starts programs",
    style: "exact",
    flags:
      "-4 -6 -br -brief -c -color -c=never -color=never -d -details -s -stats -statistics -j -json -p -pretty -o -oneline -h -human -r -resolve -N",
    subcommands: {
      "a|addr|address|l|link|n|neigh|neighbor|neighbour|ru|rule|maddr|maddress|tunnel|tuntap|vrf|ntable|netconf|addrlabel":
        IP_SHOW,
      "r|route": {
        isFineAlone: true,
        subcommands: { "show|list|ls|sh|lst|l": { operands: "ref*" }, get: { operands: "ref*" } },
      },
      netns: {
        isFineAlone: true,
        subcommands: {
          "list|ls|show": {},
          "list-id": {},
          identify: { operands: "pid" },
          pids: { operands: "name" },
        },
      },
    },
  },
  bridge: {
    source: "bridge(8)",
    style: "exact",
    flags: "-s -d -j -p -c -statistics -details -json -pretty",
    subcommands: {
      "link|fdb|vlan|mdb": {
        isFineAlone: true,
        subcommands: { "show|list": { operands: "ref*" } },
      },
    },
  },
  tc: {
    source: "tc(8)",
    style: "exact",
    flags: "-s -d -j -p",
    subcommands: {
      "qdisc|class|filter": { subcommands: { "show|list|ls": { operands: "ref*" } } },
    },
  },
  ifconfig: {
    source: "ifconfig(8); a second operand changes it",
    flags: "-a -s -v",
    operands: "name",
  },
  route: { source: "route(8); listing only", flags: "-n -e -ee -4 -6 -v" },
  arp: {
    source: "arp(8); -d and -s change it, -f reads a list",
    flags: "-a -n -e -v -i:name",
    operands: "host",
  },
  ethtool: {
    source: "ethtool(8); capital letters mostly change it",
    style: "exact",
    flags:
      "-i -k -a -c -g -S -l -n -T -m -P -d -x --driver --show-features --show-offload --show-pause --show-coalesce --show-ring --statistics --show-channels --show-time-stamping --module-info --show-permaddr --show-eee --show-priv-flags",
    operands: "name",
  },
  "mii-tool": { source: "mii-tool(8); reading only", flags: "-v", operands: "name" },
  iw: {
    source: "iw(8)",
    style: "exact",
    subcommands: { "dev|phy": { operands: "name" }, list: {}, reg: { subcommands: { get: {} } } },
  },
  "iwconfig iwgetid": { source: "iwconfig(8); a second operand changes it", operands: "name" },
  nmcli: {
    source: "nmcli(1); -s shows secrets",
    flags:
      "-t -p -f:word -g:word -m:word -c:word --terse --pretty --fields:word --get-values:word --mode:word --colors:word",
    isFineAlone: true,
    subcommands: {
      "general|g|gen": {
        isFineAlone: true,
        subcommands: { status: {}, hostname: {}, permissions: {} },
      },
      "device|d|dev": {
        isFineAlone: true,
        subcommands: {
          "status|show": { operands: "name" },
          "wifi|w": { isFineAlone: true, subcommands: { list: { flags: "--rescan:word" } } },
        },
      },
      "connection|c|con": {
        isFineAlone: true,
        subcommands: { show: { flags: "--active", operands: "name*" } },
      },
      "radio|networking": { isFineAlone: true, subcommands: { connectivity: {} } },
    },
  },
  networkctl: {
    source: "networkctl(1)",
    isFineAlone: true,
    flags: "--no-pager --no-legend -a -s -l --all --stats --full",
    subcommands: {
      "status|list|lldp": { operands: "name*" },
      "reload|reconfigure|renew": {
        operands: "name*",
        verdict: "medium",
        does: "sets up an interface anew",
      },
    },
  },
  "resolvectl systemd-resolve": {
    source: "resolvectl(1)",
    isFineAlone: true,
    flags:
      "-4 -6 -i:name -t:word -p:word --no-pager --legend:word --status --statistics --interface:name --type:word",
    subcommands: {
      "status|statistics|dns|domain|show-cache|show-server-state": { operands: "name*" },
      "query|service|tlsa|openpgp": { operands: "spot*" },
      "flush-caches|reset-statistics|reset-server-features": {
        verdict: "medium",
        does: "empties the resolver's memory",
      },
    },
  },
  ping: {
    source: "ping(8)",
    flags:
      "-c:count -i:number -W:number -w:number -s:count -4 -6 -n -q -D -O -I:name -t:count -M:word -v -a",
    operands: "host",
  },
  ping6: {
    source: "ping(8)",
    flags: "-c:count -i:number -W:number -w:number -s:count -n -q -I:name",
    operands: "host",
  },
  fping: {
    source: "fping(8); -f reads a list",
    flags: "-c:count -a -u -q -e -s -n -A -C:count -t:count -r:count -4 -6",
    operands: "host*",
  },
  "traceroute traceroute6 tracepath tracepath6": {
    source: "traceroute(8)",
    flags: "-n -m:count -q:count -w:number -I -T -U -p:count -4 -6 -b -l:count -i:name",
    operands: "host count",
  },
  mtr: {
    source: "mtr(8); without -r it is a screen",
    flags:
      "-r -c:count -n -b -w -4 -6 -z -T -u -P:count -i:number -s:count -j --report --report-cycles:count --report-wide --no-dns --show-ips --json --csv --aslookup --tcp --udp --port:count --raw",
    needs: "-r --report -w --report-wide -j --json",
    otherwise: "medium",
    operands: "host",
  },
  dig: {
    source: "dig(1); -f and -k read files",
    style: "exact",
    flags:
      "-4 -6 -x:host -t:word -c:word -p:count -b:host -q:host +short +noall +answer +trace +tcp +notcp +dnssec +nocmd +nocomments +nostats +noquestion +stats +multiline +norecurse +recurse +nssearch +identify +all +additional +authority +noauthority +noadditional +cdflag +time:count +tries:count +retry:count +timeout:count +vc +noedns +nsid +https +tls",
    operands: "server*",
  },
  "host nslookup": {
    source: "host(1), nslookup(1); nslookup without operands asks",
    style: "exact",
    flags:
      "-a -C -d -l -r -s -T -v -w -4 -6 -t:word -c:word -R:count -W:count -type:word -query:word -port:count -timeout:count -debug",
    operands: "host host",
  },
  whois: { source: "whois(1)", flags: "-h:host -p:count -H -I", operands: "host" },
  curl: {
    source: "curl(1); GET and HEAD only: no data, no file, no config, no proxy, no -k",
    flags:
      "-s -S -f -I -i -v -L -4 -6 -N -g -m:number -G --silent --show-error --fail --fail-with-body --head --include --verbose --location --ipv4 --ipv6 --max-time:number --connect-timeout:number --compressed --http1.1 --http2 --no-buffer --no-progress-meter --max-redirs:count --tlsv1.2 --tlsv1.3 --retry:count --globoff --path-as-is",
    operands: "url*",
  },
  wget: {
    source: "wget(1); looking only",
    flags:
      "-S -q -T:number -t:count -4 -6 --spider --server-response --quiet --timeout:number --tries:count",
    needs: "--spider",
    operands: "url*",
  },
  openssl: {
    source: "openssl(1)",
    style: "exact",
    subcommands: {
      version: { flags: "-a -v -d -b -o -f -p -r -e -m" },
      ciphers: { flags: "-v -V -s -tls1_2 -tls1_3", operands: "text" },
      s_client: {
        flags:
          "-connect:hostport -servername:host -showcerts -brief -tls1_2 -tls1_3 -4 -6 -starttls:word -status -verify_return_error -verify_hostname:host -verify:count -alpn:word -prexit -no_ign_eof -state",
        operands: "hostport",
        sendsInput: true,
      },
      x509: {
        flags:
          "-in:cert -noout -text -dates -startdate -enddate -subject -issuer -serial -fingerprint -sha256 -sha1 -checkend:count -checkhost:host -email -hash -purpose -pubkey -modulus -ext:word -nameopt:word -inform:word -ocsp_uri -subject_hash -issuer_hash -alias",
        needs: "-noout",
      },
      verify: {
        flags:
          "-CAfile:cert -CApath:place -untrusted:cert -show_chain -verbose -purpose:word -partial_chain",
        operands: "cert*",
      },
      crl: {
        flags: "-in:cert -noout -text -lastupdate -nextupdate -issuer -inform:word",
        needs: "-noout",
      },
      list: {
        flags:
          "-commands -digest-commands -cipher-commands -cipher-algorithms -digest-algorithms -public-key-algorithms -disabled",
      },
    },
  },
  "ssh-keyscan": {
    source: "ssh-keyscan(1)",
    flags: "-p:count -t:word -T:count -H -4 -6",
    operands: "host*",
  },
  "ssh-keygen": {
    source: "ssh-keygen(1); fingerprints only",
    flags: "-l -f:publicKey -v -E:word",
    needs: "-l",
  },
  wg: {
    source: "wg(8); showconf and a field's name show keys",
    isFineAlone: true,
    subcommands: { show: { operands: "wgWord wgWord" } },
  },
  tailscale: {
    source: "tailscale status --help",
    subcommands: {
      status: { flags: "--json --peers --self --active" },
      "ip|netcheck|version": { flags: "-4 -6", operands: "name" },
      ping: { flags: "-c:count -timeout:number --c:count", operands: "host" },
    },
  },
  ufw: {
    source: "ufw(8)",
    subcommands: {
      status: { isFineAlone: true, subcommands: { "verbose|numbered": {} } },
      version: {},
      app: { subcommands: { list: {}, info: { operands: "name" } } },
      show: {
        subcommands: {
          "raw|builtins|before-rules|user-rules|after-rules|logging-rules|listening|added": {},
        },
      },
      reload: { verdict: "medium", does: "loads the firewall's rules anew" },
    },
  },
  "iptables ip6tables": {
    source: "iptables(8); listing only",
    flags:
      "-L[:name] -S[:name] -n -v -t:name -x --list[:name] --list-rules[:name] --numeric --verbose --line-numbers --table:name --exact",
    needs: "-L -S --list --list-rules",
    operands: "name",
  },
  "iptables-save ip6tables-save": {
    source: "iptables-save(8); -f writes a file, -M names a program",
    flags: "-c -t:name --counters --table:name",
  },
  nft: {
    source: "nft(8); -f reads commands, -i asks",
    style: "exact",
    flags: "-a -n -nn -s -j -y --handle --json --numeric --stateless",
    subcommands: { list: { operands: "ref*" } },
  },
  ipset: {
    source: "ipset(8)",
    flags: "-n -t -o:word",
    subcommands: { "list|-L|test": { operands: "ref*" } },
  },
  "firewall-cmd": {
    source: "firewall-cmd(1)",
    flags:
      "--state --list-all --list-all-zones --get-zones --get-active-zones --get-default-zone --list-services --list-ports --list-rich-rules --zone:word --permanent --info-zone:word --info-service:word --get-services --query-service:word --query-port:ref",
    needs:
      "--state --list-all --list-all-zones --get-zones --get-active-zones --get-default-zone --list-services --list-ports --list-rich-rules --info-zone --info-service --get-services --query-service --query-port",
  },
  conntrack: {
    source: "conntrack(8); reading only",
    flags: "-L -S -C -p:word -s:host -d:host --dump --stats --count",
    needs: "-L -S -C --dump --stats --count",
    operands: "name",
  },
  "fail2ban-client": {
    source: "fail2ban-client(1)",
    subcommands: {
      "status|ping|version": { operands: "name" },
      banned: {},
      set: { verdict: "high", does: "changes who is kept out", operands: "ref*" },
      reload: { verdict: "medium", does: "loads its rules anew", operands: "name" },
    },
  },
  showmount: { source: "showmount(8)", flags: "-e -a -d --exports --no-headers", operands: "host" },
  nfsstat: { source: "nfsstat(8)", flags: "-s -c -n -r -m -v -o:word -l -2 -3 -4" },
  rpcinfo: { source: "rpcinfo(8); -d deletes", flags: "-p -s -m", operands: "host" },
  exportfs: { source: "exportfs(8); listing only", flags: "-v -s", needs: "-v -s" },
  smbstatus: {
    source: "smbstatus(1)",
    flags: "-b -p -S -L -v -d:count --brief --processes --shares --locks",
  },
  testparm: { source: "testparm(1)", flags: "-s -v --suppress-prompt --verbose", operands: "path" },
  iperf3: {
    source: "iperf3(1)",
    verdict: "medium",
    does: "fills the network for a while",
    flags: "-c:host -t:count -p:count -R -u -4 -6",
  },
  nmap: { source: "nmap(1)", verdict: "high", does: "searches a network" },
  tcpdump: {
    source: "tcpdump(8); -w writes, -z starts a program, without -r it listens",
    flags: "-r:place -n -nn -v -vv -vvv -e -X -XX -A -x -xx -q -t -tt -ttt -tttt -c:count -D",
    needs: "-r -D",
    operands: "ref*",
  },
};

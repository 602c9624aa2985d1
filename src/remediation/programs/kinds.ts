import { posix } from "node:path";
import type { Finding } from "../verdict.ts";
import type { Argument } from "./program.ts";

type Check = (value: string) => Finding | null;

/** The kinds of values that the tables speak of. A value of none of them begins with a dash by accident. */
const SHAPES: Readonly<Record<string, RegExp>> = {
  count: /^\+?\d{1,12}$/,
  signed: /^[+-]?\d{1,12}[bcwkKMGTsmhd]?$/,
  number: /^\d{1,9}(?:\.\d{1,9})?(?:ms|[smhd])?$/,
  size: /^\d{1,12}(?:[kKmMgGtTpP]i?[bB]?)?$/,
  list: /^\d*(?:-\d*)?(?:,\d*-?\d*)*$/,
  word: /^[A-Za-z0-9_%][\w.,:+%=-]*$/,
  /** A unit, a container, a pod, a device of the network: no slash and nothing that is filled in. */
  name: /^[A-Za-z0-9_][\w.@:\\-]*$/,
  ref: /^[A-Za-z0-9_][\w.@:/-]*$/,
  dataset: /^[A-Za-z0-9][\w.:/@#-]*$/,
  device: /^\/dev\/(?!shm\/)[A-Za-z][\w:.+-]*(?:\/[\w:.+-]+){0,3}$/,
  host: /^(?:[A-Za-z0-9_][\w.-]*|\[?[0-9A-Fa-f:.]+(?:%\w+)?\]?)$/,
  hostport: /^(?:[A-Za-z0-9][\w.-]*|\[[0-9A-Fa-f:.]+\]):\d{1,5}$/,
  time: /^(?:-\d[\w :.,]*|[\w+@][\w :.,+/-]*)$/,
  octal: /^[0-7]{3,4}$/,
  dateFormat: /^\+[^\n]*$/,
  psSort: /^(?!.*environ)[+-]?[a-z%][\w%,=:+-]*$/,
  psFormat: /^(?!.*environ)[a-z%][\w%,=:-]*$/,
  psBsd: /^(?!.*environ)(?:[aAxulvjfwrTcnSoHmk]+|\d+|[a-z%]+(?:[,:=][\w%,:=]+)+)$/,
  field: /^[A-Z_][A-Z0-9_]*=[\w.@:/-]+$/,
  type: /^[bcdpflsD](?:,[bcdpflsD])*$/,
  keys: /^[\w.][\w.,:-]*$/,
  /** A device, a mount point or a machine. */
  spot: /^(?!.*\.\.)[\w/][\w./:@+-]*$/,
  openDatabase: /^(?:hosts|ahosts(?:v[46])?|services|protocols|networks|group|ethers|rpc)$/,
  publicKey: /^[\w./~-]+\.pub$/,
  wgWord: /^(?!private-key|preshared-keys|dump)[\w.-]+$/,
  plainVariable:
    /^(?:HOME|PATH|LANG|LANGUAGE|LC_[A-Z]+|USER|LOGNAME|SHELL|TERM|PWD|HOSTNAME|TZ|DISPLAY|EDITOR)$/,
  statusWord: /^status$/,
  gentleSignal: /^(?:SIG)?(?:TERM|HUP|USR1|USR2|INT)$/,
  kubeOutput: /^(?:wide|yaml|json|name|(?:custom-columns|jsonpath|go-template)=[^\n`]*)$/,
  qmAgent: /^(?:ping|info|network-get-interfaces|get-osinfo|get-fsinfo|get-time|get-vcpus)$/,
  apiPath: /^(?!.*\.\.)\/[\w./-]*$/,
  pid: /^[1-9]\d{0,9}$/,
};

const NOTHING_KNOWN: Finding = { verdict: "high", reason: "" };

const CHECKS: Readonly<Record<string, Check>> = {
  any: (value) => (value.includes("\n") ? NOTHING_KNOWN : null),
  text: checkText,
  pattern: checkText,
  format: checkFormat,
  jq: checkJq,
  sed: checkSed,
  awk: checkAwk,
  url: checkUrl,
  resource: checkResource,
  gitRef: checkGitRef,
  journal: (value) => (value.includes("=") ? check("field", value) : checkPlace(value)),
  config: checkConfig,
  server: (value) => (value.startsWith("@") ? check("host", value.slice(1)) : check("host", value)),
  place: checkPlace,
  path: checkContent,
  tree: checkTree,
  cert: checkCertificate,
};

/** @returns null where the value is a harmless one of this kind */
export function checkValue(kind: string, { value, isGlob, isAbsolute }: Argument): Finding | null {
  const isPath = ["place", "path", "tree", "config", "cert"].includes(kind);
  if (isPath && isAbsolute === true && !value.startsWith("/")) {
    return { verdict: "medium", reason: `${quoted(value)} is not an absolute path` };
  }
  if (["place", "path"].includes(kind) && value === "-") return null;
  if (isGlob && !isPath) {
    const reason = `a shell would fill in ${quoted(value)} with whatever names it finds; put it in quotes`;
    return { verdict: "high", reason };
  }
  return (isGlob ? checkGlob(kind, value) : null) ?? check(kind, value);
}

function check(kind: string, value: string): Finding | null {
  const found =
    SHAPES[kind]?.test(value) === false ? NOTHING_KNOWN : (CHECKS[kind]?.(value) ?? null);
  if (SHAPES[kind] === undefined && CHECKS[kind] === undefined) throw new Error(`no kind ${kind}`);
  return found?.reason === "" ? { ...found, reason: `${quoted(value)} is not a ${kind}` } : found;
}

function checkText(value: string): Finding | null {
  if (/^[-@]/.test(value) || value.includes("\n")) return NOTHING_KNOWN;
  if (SECRET_WORDS.test(value)) {
    return { verdict: "medium", reason: `${quoted(value)} looks for passwords or keys` };
  }
  return value.startsWith("/") && posix.isAbsolute(value) ? checkContent(value) : null;
}

/** Go templates: all of it, or the environment, shows passwords. */
function checkFormat(value: string): Finding | null {
  if (/^[-@]/.test(value) || /[\n`$]/.test(value)) return NOTHING_KNOWN;
  return /env|\{\{\s*(?:json|printf|print|println)?\s*(?:\.|\.Config|\.Spec)\s*\}\}|index|config\s|call/i.test(
    value,
  )
    ? {
        verdict: "medium",
        reason: `${quoted(value)} may show the environment, where passwords are`,
      }
    : null;
}

/** A jq filter, without what reads the environment or other files. */
function checkJq(value: string): Finding | null {
  return /^[-@]/.test(value) ||
    /\benv\b|\$ENV|\$__|import|include|input|debug|stderr|halt/.test(value)
    ? NOTHING_KNOWN
    : null;
}

const SED_ADDRESS = /(?:\d{1,9}|\$|\/[^/\\\n]*\/)/.source;
const SED_COMMAND = new RegExp(
  `^(?:${SED_ADDRESS}(?:,(?:\\+\\d+|${SED_ADDRESS}))?)?!?(?:[pdq=]|s/(?:[^/\\\\\\n]|\\\\[^\\n])+/(?:[^/\\\\\\n]|\\\\[^\\n])*/[gpiI\\d]{0,4})$`,
);

/** One command of sed that prints, deletes from the output or replaces: `w`, `e`, `r` are files and programs. */
function checkSed(value: string): Finding | null {
  return SED_COMMAND.test(value)
    ? null
    : {
        verdict: "high",
        reason: `sed's script ${quoted(value)} is more than printing or replacing`,
      };
}

const AWK_ITEM = /(?:\$\d{1,3}|\$NF|NF|NR|"[^"\\|<>\n]*")/.source;
const AWK_TEST = `(?:NR ?(?:==|>=|<=|>|<|%) ?\\d+|/[^/\\\\\\n]*/|${AWK_ITEM} ?(?:==|!=|~|>=|<=|>|<) ?(?:\\d+|"[^"\\\\\\n]*"|/[^/\\\\\\n]*/))`;
const AWK_PROGRAM = new RegExp(
  `^ ?(?:${AWK_TEST} ?)?(?:\\{ ?print(?: ?${AWK_ITEM}(?:[, ]+${AWK_ITEM})*)? ?;? ?\\})? ?$`,
);

/** A program for awk that prints fields: the language can also start programs and write files. */
function checkAwk(value: string): Finding | null {
  return AWK_PROGRAM.test(value) && value.trim() !== ""
    ? null
    : { verdict: "high", reason: `awk's program ${quoted(value)} is more than printing fields` };
}

/** A page read from near by, or one without a question that could carry something out. */
function checkUrl(value: string): Finding | null {
  const [, host, rest = ""] =
    /^https?:\/\/([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?([/?][\w./?=&%:+,~-]*)?$/.exec(
      value,
    ) ?? [];
  if (host === undefined) return NOTHING_KNOWN;
  if (/^(?:169\.254\.|\[?fe80|\[?fd00:ec2|metadata\b|0x|\d+$)/i.test(host)) {
    return { verdict: "high", reason: `${quoted(value)} is where a cloud keeps its keys` };
  }
  const isNear =
    /^(?:localhost|127\.|10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|\[::1\]|\[f[cd])/i.test(
      host,
    ) ||
    !host.includes(".") ||
    /\.(?:local|lan|internal|home\.arpa)$/i.test(host);
  return isNear || !rest.includes("?")
    ? null
    : { verdict: "medium", reason: `${quoted(value)} sends a question out of the house` };
}

/** What kubectl shows, except secrets. */
function checkResource(value: string): Finding | null {
  if (/secret/i.test(value)) {
    return { verdict: "high", reason: `${quoted(value)} shows secrets` };
  }
  return /^[a-z][\w.,/:-]*$/i.test(value) ? null : NOTHING_KNOWN;
}

const SECRET_WORDS =
  /passw|secret|credential|token|api_?key|private|keyring|shadow|id_(?:rsa|dsa|ecdsa|ed25519)/i;
const SECRET_NAME =
  /^(?:\.ssh|\.gnupg|\.aws|\.azure|\.kube|\.docker|\.config|\.netrc|_netrc|\.pgpass|\.my\.cnf|\.git-credentials|\.npmrc|\.pypirc|\.env(?:\..*)?|.*_history|sudoers.*|g?shadow.*|opasswd|.*htpasswd|wallet.*|.*\.(?:key|pem|p12|pfx|jks|keytab|kdbx|ppk|ovpn|asc|gpg|age|tfstate|tfvars|keystore))$/i;

/** Names in /etc that hold no passwords on a usual system. */
const OPEN_IN_ETC =
  /^\/etc\/(?:hosts|hostname|os-release|lsb-release|[a-z]+[-_](?:release|version)|resolv\.conf|nsswitch\.conf|fstab|mtab|timezone|localtime|issue|motd|services|protocols|modules|sysctl\.conf|sysctl\.d\/.*|logrotate\.(?:conf|d\/.*)|nginx\/.*|apache2\/.*|httpd\/.*|systemd\/.*|apt\/sources\.list(?:\.d\/.*)?|network\/interfaces|chrony(?:\/chrony)?\.conf|ntp\.conf|ssh\/sshd_config|ssh\/ssh_config|rsyslog\.conf|rsyslog\.d\/.*|crontab|cron\.(?:d|daily|hourly|weekly|monthly)(?:\/.*)?|default\/[a-z.-]+|security\/limits\.conf|exports|mdadm\/mdadm\.conf|prometheus\/rules\/.*|ld\.so\.conf(?:\.d\/.*)?)$/;

const OPEN_IN_PROC =
  /^\/proc\/(?:cpuinfo|meminfo|loadavg|uptime|version|mdstat|mounts|stat|vmstat|swaps|partitions|diskstats|filesystems|interrupts|softirqs|modules|cmdline|devices|buddyinfo|slabinfo|locks|net\/[a-z0-9_]+|pressure\/[a-z]+|sys\/(?:fs|kernel|vm|net)(?:\/[\w.-]+)+|spl\/.*|(?:\d+|self)\/(?:status|stat|statm|limits|io|cgroup|oom_score(?:_adj)?|sched|wchan|comm))$/;

const OPEN_IN_SYS =
  /^\/sys\/(?:class|block|bus|fs\/cgroup|devices|firmware\/(?:acpi|efi))(?:\/[\w.:@+-]+)*\/?$/;

/** A path whose name or kind of file may be looked at, not its bytes. */
function checkPlace(value: string): Finding | null {
  if (!/^[\w./~][\w ./~+:@,=%*?[\]-]*$/.test(value)) return NOTHING_KNOWN;
  const path = value.replace(/^~(?=\/|$)/, "/home/me");
  if (/^~|\/~/.test(path))
    return { verdict: "high", reason: `${quoted(value)} is somebody's home` };
  if (
    path.split("/").includes("..") ||
    posix.normalize(path).replace(/^\.\//, "") !== path.replace(/^\.\//, "")
  ) {
    return { verdict: "high", reason: `${quoted(value)} takes a roundabout way` };
  }
  if (path.split("/").some((name) => isSecretName(name))) {
    return { verdict: "medium", reason: `${quoted(value)} is where passwords or keys are kept` };
  }
  return /^\/proc\/(?:\d+|self|thread-self)\b/.test(path) && !OPEN_IN_PROC.test(path)
    ? { verdict: "medium", reason: `${quoted(value)} shows the inside of a process` }
    : null;
}

/** A copy that an editor or a person left behind is as secret as the original. */
function isSecretName(name: string): boolean {
  const original = name
    .replace(/[^A-Za-z0-9]+$/, "")
    .replace(/(?:\.(?:bak|old|orig|save|swp|copy|dpkg-\w+|rpm\w+|gz|\d+))+$/i, "");
  return SECRET_NAME.test(name) || SECRET_NAME.test(original) || SECRET_WORDS.test(name);
}

/** A path whose bytes may be shown: logs, what a distribution ships, and what lies where one stands. */
function checkContent(value: string): Finding | null {
  const place = checkPlace(value);
  if (place !== null) return { ...place, verdict: "high" };
  if (/^(?:\/dev\/null)$/.test(value)) return null;
  if (value.startsWith("/dev/")) return { verdict: "high", reason: `${quoted(value)} is a device` };
  if (!/^[/~]/.test(value)) return null;
  if (/^\/(?:var\/log|usr|boot|lib)\//.test(value)) return null;
  if (OPEN_IN_ETC.test(value) || OPEN_IN_PROC.test(value) || OPEN_IN_SYS.test(value)) return null;
  if (
    /^\/(?:srv|opt|mnt|media|var\/lib\/docker\/containers)\/.*\.(?:log|out|err|txt|csv)(?:\.\d+)?$/.test(
      value,
    )
  )
    return null;
  const reason = `nobody can say without looking that ${quoted(value)} holds no password`;
  return { verdict: "medium", reason };
}

/** A folder read with everything in it. */
function checkTree(value: string): Finding | null {
  const place = checkPlace(value);
  if (place !== null) return place;
  const isOpen =
    /^\/(?:var\/log|usr\/(?:share|lib|include)|etc\/(?:nginx|apache2|systemd|logrotate\.d))(?:\/|$)/.test(
      value,
    );
  const isNamedHere = /^[\w][\w./-]*$/.test(value);
  return isOpen || isNamedHere
    ? null
    : {
        verdict: "medium",
        reason: `somewhere under ${quoted(value)} there may be passwords or keys`,
      };
}

/** A certificate is public; the key beside it is not. */
function checkCertificate(value: string): Finding | null {
  const isCertificate =
    /^[\w./~-]+\.(?:crt|cer|pem|der)$/.test(value) && !/key|priv|\.\.|^\/(?:dev|proc)/i.test(value);
  return isCertificate ? null : { verdict: "medium", reason: `${quoted(value)} may be a key` };
}

/** A commit, a path, or `commit:path`. */
function checkGitRef(value: string): Finding | null {
  if (!/^[A-Za-z0-9_@][\w./@^~{}+:-]*$/.test(value)) return NOTHING_KNOWN;
  return checkPlace(value.slice(value.indexOf(":") + 1).replaceAll(/[~^@{}]|\.\.\.?/g, "x"));
}

/** A configuration that a checker reads: of anything else its complaints would show the lines. */
function checkConfig(value: string): Finding | null {
  const place = checkPlace(value);
  if (place !== null) return place;
  return /^(?:\/etc\/|\/opt\/|\/srv\/|\w)[\w./-]*(?:\.(?:conf|cfg|ya?ml|rules|json|toml|zone)|Caddyfile|logrotate\.d\/[\w-]+)$/.test(
    value,
  )
    ? null
    : {
        verdict: "medium",
        reason: `${quoted(value)} may not be a configuration, and complaints show its lines`,
      };
}

/** `*` may be filled in with a name that a program takes for a flag, or with a secret's name. */
function checkGlob(kind: string, value: string): Finding | null {
  const slash = value.lastIndexOf("/");
  const isInLogs = /^\/var\/log\/[\w./-]*$/.test(value.slice(0, slash + 1));
  const isShallow =
    slash > 0 &&
    !/[*?[]/.test(value.slice(0, slash)) &&
    !/^\/(?:etc|root|proc|dev|home|run|tmp)\b/.test(value);
  const isPlain = kind === "place" || /\.[a-z0-9]{2,4}$/.test(value);
  return isInLogs || (isShallow && isPlain)
    ? null
    : { verdict: "medium", reason: `nobody can say what names a shell puts for ${quoted(value)}` };
}

export function quoted(value: string): string {
  return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
}

export function isKind(kind: string): boolean {
  return Object.hasOwn(SHAPES, kind) || Object.hasOwn(CHECKS, kind);
}

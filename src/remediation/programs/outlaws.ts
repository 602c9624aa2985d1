import type { Verdict } from "../verdict.ts";

interface Outlaw {
  readonly names: RegExp;
  readonly verdict: Verdict;
  readonly does: string;
}

/** Programs whose arguments do not matter: what they are for is bad enough. */
export const OUTLAWS: readonly Outlaw[] = [
  {
    names:
      /^(?:mkfs(?:\..+)?|mke2fs|mkswap|wipefs|dd|dcfldd|fdisk|sfdisk|cfdisk|gdisk|sgdisk|parted|blkdiscard|shred|badblocks|flashrom|nvme-format|cryptsetup|debugfs)$/,
    verdict: "forbidden",
    does: "can overwrite a disk",
  },
  {
    names:
      /^(?:eval|source|\.|exec|trap|coproc|insmod|kexec|unshare|nsenter|chroot|setarch|socat|ncat)$/,
    verdict: "forbidden",
    does: "runs or loads whatever it is given",
  },
  {
    names: /^(?:reboot|shutdown|poweroff|halt|init|telinit)$/,
    verdict: "high",
    does: "takes the machine down",
  },
  {
    names: /^(?:killall|killall5|pkill|skill|xkill)$/,
    verdict: "high",
    does: "ends every process that fits a name",
  },
  {
    names:
      /^(?:vi|vim|nvim|view|vimdiff|ex|ed|red|emacs|nano|pico|joe|less|more|most|man|info|pg)$/,
    verdict: "high",
    does: "is a program for people at a screen, from which anything can be started",
  },
  {
    names:
      /^(?:useradd|userdel|usermod|groupadd|groupdel|passwd|chpasswd|visudo|su|chown|chmod|chattr|chgrp|setfacl|setcap)$/,
    verdict: "high",
    does: "changes who may do what",
  },
];

/** What runs the code in its arguments, in its input or in a file. */
export const INTERPRETERS =
  /^(?:(?:ba|da|z|k|mk|c|tc|fi|a|pwsh)?sh|rbash|pwsh|(?:python|pypy|perl|ruby|irb|lua|luajit|php|node|nodejs|deno|bun|tclsh|wish|expect|guile|julia|Rscript|R|ghci|erl|iex|elixir|jjs|jshell|groovy|scala|gdb|lldb|make|bc|dc|sqlite3|psql|mysql|mariadb|mongosh|mongo|ipython|osascript|osh)[\d.]*)$/;

/** What starts the program that its arguments name. */
export const WRAPPERS =
  /^(?:sudo|doas|pkexec|runuser|setpriv|env|nice|ionice|chrt|taskset|timeout|nohup|setsid|stdbuf|unbuffer|time|xargs|parallel|watch|busybox|toybox|command|builtin|flock|script|strace|ltrace|perf|systemd-run|ssh|at|batch|torsocks|proxychains|faketime|capsh|choom|numactl|cpulimit|prlimit|rlwrap|run-parts|start-stop-daemon)$/;

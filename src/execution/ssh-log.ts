import { cleanOutput, firstBytes } from "./clean-output.ts";

/** What ssh's own log (by -v) says about how far it came. */
export interface SshStory {
  /** The program there ended, and its exit status is ssh's. */
  readonly hasEnded: boolean;
  /** The program there was ended by a signal. */
  readonly wasSignalled: boolean;
  /** Certain: nothing was asked of the machine. */
  readonly neverStarted: boolean;
  /** In ssh's words; empty where it had none. */
  readonly complaint: string;
}

/** Any of these, and a command may have been sent. */
const LET_IN =
  /^(?:Authenticated to |debug1: (?:Authentication succeeded|Entering interactive session|Sending command|channel \d+: new))/m;
const REQUEST = "debug1: client_input_channel_req: channel \\d+ rtype";
const EXIT_STATUS = new RegExp(`^${REQUEST} exit-status`, "m");
const EXIT_SIGNAL = new RegExp(`^${REQUEST} exit-signal`, "m");

const CHATTER = /^(?:debug\d:|OpenSSH_|Authenticated to |Transferred: |Bytes per second: )/;

export function readSshLog(text: string): SshStory {
  const log = text.replaceAll("\r", "");
  return {
    hasEnded: EXIT_STATUS.test(log),
    wasSignalled: EXIT_SIGNAL.test(log),
    // A log that says nothing proves nothing.
    neverStarted: /^OpenSSH_/.test(log) && !LET_IN.test(log),
    complaint: complaintOf(log),
  };
}

function complaintOf(log: string): string {
  if (/^Host key verification failed\.$/m.test(log)) {
    return /^No \S+ host key is known for /m.test(log)
      ? "SSH_KNOWN_HOSTS holds no key of the kind it has; `ssh-keyscan` shows its keys, its own console which of them are true"
      : "its host key is not the one in SSH_KNOWN_HOSTS: if the machine was not set up anew, somebody else answers for it";
  }
  const lines = log
    .split("\n")
    .map((line) => cleanOutput(line).trim())
    .filter((line) => line !== "" && !CHATTER.test(line));
  return firstBytes(lines.slice(-2).join(" "), 500).replace(/\.$/, "");
}

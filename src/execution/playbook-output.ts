/** What `ansible-playbook` wrote, read for people: its words are no promise, so nothing is decided by them but hosts. */

export interface Recap {
  /** Such as `ok=3 changed=1 unreachable=0 failed=0`. */
  readonly text: string;
  /** The tasks that changed something, or would. */
  readonly changing: readonly string[];
  readonly failure: string | null;
}

const MOST_TASKS = 10;

export function recapOf(output: string): Recap | null {
  const counts = /^\S+ +: +(?<counts>ok=\d+ +changed=\d+ +unreachable=\d+ +failed=\d+)/m.exec(
    output,
  );
  const text = counts?.groups?.counts?.replace(/ +/g, " ");
  if (text === undefined) return null;
  const failure = /^(?:fatal|failed): .*$/m.exec(output)?.[0] ?? null;
  return { text, changing: changingIn(output).slice(0, MOST_TASKS), failure };
}

function changingIn(output: string): string[] {
  const tasks: string[] = [];
  let task = "";
  for (const line of output.split("\n")) {
    task = /^(?:TASK|RUNNING HANDLER) \[(?<name>.*)\] \**$/.exec(line)?.groups?.name ?? task;
    if (/^changed: \[/.test(line) && tasks.at(-1) !== task) tasks.push(task);
  }
  return tasks;
}

/** Every host that `--list-hosts` names, once, over all plays. */
export function hostsIn(output: string): string[] {
  const blocks = output.matchAll(/^ {4}hosts \(\d+\):\n(?<hosts>(?: {6}\S.*\n?)*)/gm);
  const names = [...blocks].flatMap(({ groups }) => (groups?.hosts ?? "").split("\n"));
  return [...new Set(names.map((name) => name.trim()).filter(Boolean))];
}

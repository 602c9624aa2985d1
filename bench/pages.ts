import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { ConsoleClient } from "../test/scenarios/console-client.ts";
import { createConsoleClient, formWith } from "../test/scenarios/console-client.ts";
import { databaseIn, startProgram } from "./contenders.ts";
import { fillHistory } from "./history.ts";
import type { Running } from "./processes.ts";
import { createFolder, processorNs, removeFolder } from "./processes.ts";
import type { Bench, Row } from "./result.ts";
import { ms, spread } from "./result.ts";

const MINUTE_MS = 60_000;
/** One of the history that has a request, a run and its verification. */
const OLD = "inc_f0000000000a";

/** The console's pages with a long history: from the request to the last byte of the page. */
export const pages: Bench = {
  name: "pages",
  async run({ quick }) {
    const incidents = quick ? 10_000 : 100_000;
    const folder = createFolder();
    // Its tables are made by the program itself.
    await (await startProgram(folder)).stop("SIGKILL");
    const half = { executions: incidents / 2, entriesEach: 3, everyMs: MINUTE_MS };
    fillHistory(databaseIn(folder), { incidents, alertsEach: 1, ...half });
    const running = await startProgram(folder);
    const what = `page with ${incidents.toLocaleString("en")} incidents`;
    const console = await signIn(running, folder);
    const result = await timePages(running, console, { what, rounds: quick ? 20 : 200 });
    await running.stop("SIGKILL");
    removeFolder(folder);
    return result;
  },
};

const PAGES = [
  ...["/", `/incidents/${OLD}`, "/history", "/history?page=40", "/history?words=ServiceDown"],
  ...["/history?words=host-4711", "/history?words=nothing-like-it", "/history?words=4"],
  "/history?words=zz&severity=critical&within=month",
  ...["/history?runbook=high-cpu", "/history?target=host-4&state=acknowledged"],
  ...["/history?words=ServiceDown&severity=info", "/history?severity=info", "/runbooks"],
  ...["/runbooks/high-cpu", "/targets", "/policy", "/autonomy", "/patterns", "/statistics"],
  ...["/reports/day", "/reports/week", "/reports/month", "/what-if", "/what-if?days=30"],
  ...["/record", "/record?before=5000", "/settings", "/sessions", "/command"],
];

/** Each page as often, one after the other; beside the time the processor time of the whole process, which is steadier. */
export async function timePages(
  running: Running,
  console: ConsoleClient,
  { what, rounds }: { readonly what: string; readonly rounds: number },
) {
  const headers = { cookie: console.cookie() };
  return await timeAll(running, PAGES, { what, rounds }, async (path) => {
    const answer = await fetch(running.url + path, { headers });
    if (answer.status !== 200) throw new Error(`${path} answers ${answer.status}`);
    return (await answer.text()).length;
  });
}

const COMMANDS = [
  ...["/status", "/health", "/alerts", "/alerts host-1", `/incident ${OLD}`, "/history"],
  ...["/history ServiceDown", "/history zz", "/pending", "/runbooks", "/runbook high-cpu"],
  ...["/stats 30d", "/report week", "/report month", "/cost", "/autonomy", "/whoami"],
];

/** The commands that read, in the console's command box. */
export async function timeCommands(
  running: Running,
  console: ConsoleClient,
  { what, rounds }: { readonly what: string; readonly rounds: number },
) {
  const form = formWith(await console.open("/command"), "Send");
  return await timeAll(running, COMMANDS, { what, rounds }, async (text) => {
    const page = await console.send(form, { text });
    if (page.status !== 200) throw new Error(`${text} answers ${page.status}`);
    return page.text.length;
  });
}

async function timeAll(
  { pid }: Running,
  names: readonly string[],
  { what, rounds }: { readonly what: string; readonly rounds: number },
  ask: (name: string) => Promise<number>,
): Promise<{ rows: Row[]; raw: Record<string, number[]> }> {
  const rows: Row[] = [];
  const raw: Record<string, number[]> = {};
  for (const name of names) {
    const took: number[] = [];
    let size = 0;
    const before = processorNs(pid);
    for (let round = 0; round < rounds; round += 1) {
      const start = performance.now();
      size = await ask(name);
      took.push(performance.now() - start);
    }
    const each = (processorNs(pid) - before) / 1e6 / rounds;
    raw[name] = took;
    const first = `first ${ms(took[0] ?? 0)}`;
    const result = `${spread(took)}, ${first}, processor ${ms(each)}, ${Math.ceil(size / 1000)} kB`;
    rows.push({ what, who: name, result });
  }
  return { rows, raw };
}

/** By the link that the program prints until somebody has signed in. */
export async function signIn({ url }: Running, folder: string): Promise<ConsoleClient> {
  const log = readFileSync(join(folder, "output.log"), "utf8");
  const link = [...log.matchAll(/Console sign-in: (?<link>\S+)/g)].at(-1)?.groups?.link;
  if (link === undefined) throw new Error("the program printed no link to sign in by");
  return await createConsoleClient(url, link);
}

import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { LLMock } from "@copilotkit/aimock";
import { anAnswer } from "../diagnosis/an-opinion.ts";
import { startFakeTelegram } from "../fakes/telegram.ts";
import { findFreePort } from "../lab/peer-process.ts";
import { startPrometheus } from "../lab/prometheus.ts";
import { havePeer, isRoot } from "../peers.ts";
import type { World } from "../torture/acts.ts";
import { CHAT, createActs } from "../torture/acts.ts";
import { createDice } from "../torture/dice.ts";
import type { Judged } from "../torture/judge.ts";
import { judge } from "../torture/judge.ts";
import { openOutside } from "../torture/outside.ts";
import { startSource } from "../torture/peers.ts";
import { createVictim } from "../torture/program.ts";
import { policyText, runbookText } from "../torture/runbook.ts";
import type { Link } from "./link.ts";
import { FAULTS, startLink } from "./link.ts";

const ACT_WITHIN_MS = 3_000;
const LOOK_EVERY_MS = 5_000;
const MIB = 2 ** 20;

export interface Soaked extends Judged {
  readonly minutes: number;
  /** How often each part was broken. */
  readonly faults: Readonly<Record<string, number>>;
  /** In MiB: after the first quarter, at the end, and by which it grew in an hour, by least squares of what lies between. */
  readonly memory: { readonly early: number; readonly late: number; readonly perHour: number };
}

/**
 * One long life under a stream of alerts and decisions, in which chat, model, Prometheus, Alertmanager and disk fail at
 * random, one or two at a time, each for seconds.
 */
export async function soak({
  minutes,
  seed,
  say,
}: {
  readonly minutes: number;
  readonly seed: number;
  readonly say: (line: string) => void;
}): Promise<Soaked> {
  const dice = createDice(seed);
  const sent: World["sent"] = new Map();
  const source = await startSource(() =>
    [...sent.values()].filter(({ status }) => status === "firing").map(({ labels }) => labels),
  );
  const telegram = await startFakeTelegram({ chats: [{ id: CHAT }] });
  const model = new LLMock({ port: 0 });
  await model.start();
  model.onMessage(/./s, { content: JSON.stringify(anAnswer()) });
  const prometheus = havePeer("prometheus") ? await startPrometheus({ scrapeTargets: [] }) : null;

  const servers = {
    chat: telegram.url,
    model: model.url,
    alertmanager: source.url,
    ...(prometheus === null ? {} : { prometheus: prometheus.url }),
  };
  const links = new Map<string, Link>();
  for (const [name, url] of Object.entries(servers)) links.set(name, await startLink(url));
  const victim = createVictim(
    {
      TELEGRAM_BOT_TOKEN: telegram.token,
      TELEGRAM_CHAT_ID: String(CHAT),
      TELEGRAM_API_ROOT: links.get("chat")?.url ?? "",
      ALERTMANAGER_URL: links.get("alertmanager")?.url ?? "",
      PROMETHEUS_URL: links.get("prometheus")?.url ?? "",
      ...{ LLM_PROVIDER: "ollama", LLM_MODEL: "m", LLM_TIMEOUT_SECONDS: "5" },
      OLLAMA_URL: links.get("model")?.url ?? "",
      // With room to spare the collector lets garbage lie, and a leak can't be told from it.
      NODE_OPTIONS: "--max-old-space-size=96",
    },
    await findFreePort(),
  );
  const disk = isRoot() ? mountDisk(victim.dataDir) : null;
  victim.writeRunbook("torture.md", runbookText(victim.script));
  victim.writeRunbook("policy.yaml", policyText(0, "15m"));
  const life = await victim.live(null);
  const consoles = { ana: await victim.signIn("ana"), ben: await victim.signIn("ben") };
  const outside = openOutside(victim.database);
  const world = { victim, telegram, outside, consoles, dice, sent, approvals: new Map() };
  const acts = createActs(world);
  await consoles.ana.enableAutohealing();

  const faults: Record<string, number> = {};
  const until = Date.now() + minutes * 60_000;
  const isOver = () => Date.now() >= until || life.isOver();
  const parts = [...links.keys(), ...(disk === null ? [] : ["disk"])] as [string, ...string[]];

  async function breakThings(): Promise<void> {
    while (!isOver()) {
      const part = dice.oneOf(parts);
      faults[part] = (faults[part] ?? 0) + 1;
      const mend = broken(part);
      await sleep(2_000 + dice.whole(8_000));
      mend();
      await sleep(dice.whole(6_000));
    }
  }

  function broken(part: string): () => void {
    if (part === "disk") {
      disk?.fill();
      return () => disk?.clear();
    }
    const link = links.get(part);
    link?.break(dice.oneOf(FAULTS));
    return () => link?.break(null);
  }

  async function live(): Promise<void> {
    while (!isOver()) {
      // What a fault cuts off is what this is for.
      await Promise.race([acts.one(null).catch(() => undefined), sleep(ACT_WITHIN_MS)]);
      await sleep(dice.whole(100));
    }
  }

  const samples: [atMs: number, bytes: number][] = [];
  async function watch(): Promise<void> {
    for (let n = 1; !isOver(); n += 1) {
      await sleep(LOOK_EVERY_MS);
      if (life.isOver()) return;
      samples.push([Date.now(), life.memory()]);
      if (n % 12 === 0) {
        const held = Math.round(life.memory() / MIB);
        say(`${sent.size} alerts, ${victim.traces().length} runs, ${held} MiB`);
      }
    }
  }

  try {
    // Two parts may be broken at the same time.
    await Promise.all([breakThings(), breakThings(), live(), watch()]);
    const died = life.isOver() ? ["it died"] : [];
    for (const link of links.values()) link.break(null);
    disk?.clear();
    const judged = await judge(world, acts, life);
    return {
      ...judged,
      wrong: [...died, ...judged.wrong],
      ...{ minutes, faults, memory: memoryOf(samples) },
    };
  } finally {
    outside.close();
    await life.kill();
    disk?.unmount();
    victim.clear();
    for (const link of links.values()) await link.stop();
    await Promise.all([telegram.stop(), source.stop(), model.stop(), prometheus?.stop()]);
  }
}

/** A small one that can be filled. */
function mountDisk(folder: string) {
  execFileSync("/bin/mount", ["-t", "tmpfs", "-o", "size=512m", "tmpfs", folder]);
  const filler = join(folder, "filler");
  const unmount = () => {
    process.off("exit", unmount);
    execFileSync("/bin/umount", ["-l", folder]);
  };
  // Before the folder goes, however this process ends.
  process.prependOnceListener("exit", unmount);
  return {
    fill(): void {
      try {
        execFileSync("/bin/dd", ["if=/dev/zero", `of=${filler}`, "bs=64k", "status=none"], {
          stdio: "ignore",
        });
      } catch {
        // That is how it ends: no space left on device.
      }
    },
    clear: () => rmSync(filler, { force: true }),
    unmount,
  };
}

/** The first quarter is for caches and the compiler. */
function memoryOf(samples: readonly (readonly [atMs: number, bytes: number])[]): Soaked["memory"] {
  const settled = samples.slice(Math.floor(samples.length / 4));
  const mean = (values: readonly number[]) =>
    values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
  const [at, held] = [mean(settled.map(([ms]) => ms)), mean(settled.map(([, bytes]) => bytes))];
  const steepness =
    mean(settled.map(([ms, bytes]) => (ms - at) * (bytes - held))) /
    mean(settled.map(([ms]) => (ms - at) ** 2));
  const part = Math.max(1, Math.floor(settled.length / 4));
  const mib = (some: typeof samples) => mean(some.map(([, bytes]) => bytes)) / MIB;
  return {
    early: mib(settled.slice(0, part)),
    late: mib(settled.slice(-part)),
    perHour: (steepness * 3_600_000) / MIB,
  };
}

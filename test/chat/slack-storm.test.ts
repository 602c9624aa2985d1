import { afterEach, beforeEach, expect, it } from "vitest";
import type { PlannedRequest } from "../../src/approval/approval.ts";
import type { Projector } from "../../src/chat/projector.ts";
import { createProjector } from "../../src/chat/projector.ts";
import { createSlack } from "../../src/chat/slack.ts";
import { STORM_PER_MINUTE } from "../../src/chat/storm.ts";
import { cardStore } from "../../src/store-ports.ts";
import { NO_COMMANDS } from "../fakes/chat-ports.ts";
import type { FakeSlack } from "../fakes/slack.ts";
import { startFakeSlack, wordsOf } from "../fakes/slack.ts";
import type { Weather } from "../fakes/weather.ts";
import { createWeather, mostInAMinute } from "../fakes/weather.ts";
import type { Lab } from "../store/lab.ts";
import { createLab, MINUTE } from "../store/lab.ts";

const SECOND = 1000;

let fake: FakeSlack;
let lab: Lab;
let weather: Weather;
let projector: Projector;

beforeEach(async () => {
  fake = await startFakeSlack({ clock: () => lab.now().getTime() });
  lab = createLab({ chats: [{ channel: "slack", chat: fake.channel }] });
  fake.enforceRates();
  weather = createWeather(lab);
  const quiet = () => undefined;
  const log = { info: quiet, warn: quiet, error: quiet };
  const observe = { refused: quiet, shown: quiet, failed: quiet };
  const slack = createSlack({
    token: fake.token,
    channel: fake.channel,
    apiUrl: fake.url,
    connection: { kind: "socket", appToken: fake.appToken },
    desk: {} as never,
    registry: NO_COMMANDS,
    resolvePerson: () => null,
    incidentOn: async () => null,
    useToken: lab.store.cards.useToken,
    publicUrl: "https://c.example",
    onForged: quiet,
    now: lab.now,
    log,
    observe,
  });
  projector = createProjector({
    channel: "slack",
    chat: slack.chat,
    store: cardStore(lab.store),
    digests: lab.store.digests,
    adapter: slack.cards,
    context: async () => ({ now: lab.now(), publicUrl: "https://c.example", autohealing: true }),
    log,
    observe,
    clock: weather.clock,
  });
});

afterEach(async () => {
  await projector.stop();
  await fake.stop();
});

const pass = (ms: number) => weather.pass(ms, projector);
const refused = () => fake.calls.filter(({ outcome }) => outcome !== "ok");
const editsOf = ({ incidentId }: PlannedRequest) =>
  fake.calls.filter(
    ({ method, args }) =>
      method === "chat.update" && String(args.ts) === weather.messageOf(incidentId),
  );

/** From the decision to the edit that shows it. */
async function latencyOf(request: PlannedRequest): Promise<number> {
  const seen = editsOf(request).length;
  const at = lab.now().getTime();
  await weather.reject(request);
  await pass(SECOND);
  for (let n = 0; n < 300 && editsOf(request).length === seen; n += 1) await pass(100);
  return (editsOf(request)[seen]?.at ?? Number.POSITIVE_INFINITY) - at;
}

it("T65 500 alerts in a minute keep to one message a second and become a digest, and what is decided meanwhile shows within 5 s", async () => {
  projector.start();
  const waiting: PlannedRequest[] = [];
  for (let n = 0; n < 7; n += 1) {
    await weather.burst(1);
    waiting.push(await weather.ask());
  }
  await pass(2 * MINUTE);
  const cardsBefore = fake.cards().length;
  const latencies: number[] = [];
  for (let second = 0; second < 60; second += 1) {
    await weather.burst(second < 20 ? 9 : 8, { alertname: second % 2 ? "DiskFull" : "HighCPU" });
    const decided = second % 8 === 4 ? waiting.pop() : undefined;
    if (decided) latencies.push(await latencyOf(decided));
    else await pass(SECOND);
  }
  await pass(10 * MINUTE);

  const posted = fake.calls.filter(({ method }) => method === "chat.postMessage");
  const digest = fake.cards().find(({ blocks }) => wordsOf(blocks).includes("🌊"));
  expect(cardsBefore).toBe(7);
  expect(lab.count("incidents")).toBe(507);
  expect(latencies).toHaveLength(7);
  expect(Math.max(...latencies)).toBeLessThan(5 * SECOND);
  expect(refused()).toEqual([]);
  expect(mostInAMinute(posted.map(({ at }) => at))).toBeLessThanOrEqual(20);
  expect(wordsOf(digest?.blocks ?? [])).toContain("Alert Storm Over: ");
  expect(fake.messages().length).toBeLessThan(7 + STORM_PER_MINUTE + 5);
}, 60_000);

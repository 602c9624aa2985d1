import { readFileSync } from "node:fs";
import { expect, it, onTestFinished } from "vitest";
import { parse } from "yaml";
import { createCommands } from "../../src/chat/commands.ts";
import { createSlack, SHORTCUTS, SLASH_COMMAND } from "../../src/chat/slack.ts";
import { checkSlack, SCOPES } from "../../src/chat/slack-check.ts";
import { createChatPorts } from "../fakes/chat-ports.ts";
import { startFakeSlack } from "../fakes/slack.ts";
import { scopesOf } from "../fakes/slack-limits.ts";

interface Manifest {
  readonly features: {
    readonly shortcuts: readonly { readonly callback_id: string; readonly type: string }[];
    readonly slash_commands: readonly { readonly command: string }[];
  };
  readonly oauth_config: { readonly scopes: { readonly bot: readonly string[] } };
  readonly settings: {
    readonly interactivity: { readonly is_enabled: boolean };
    readonly event_subscriptions: { readonly bot_events: readonly string[] };
    readonly socket_mode_enabled: boolean;
  };
}

const manifest = parse(readFileSync("docs/slack-manifest.yaml", "utf8")) as Manifest;
const scopes = manifest.oauth_config.scopes.bot;

it("the manifest names the command and the shortcuts that are listened for, and the scopes that are checked", () => {
  expect(manifest.features.slash_commands.map(({ command }) => command)).toEqual([SLASH_COMMAND]);
  expect(manifest.features.shortcuts).toMatchObject(
    SHORTCUTS.map((callback_id) => ({ callback_id, type: "message" })),
  );
  expect(manifest.settings).toMatchObject({
    interactivity: { is_enabled: true },
    event_subscriptions: { bot_events: ["app_mention"] },
    socket_mode_enabled: true,
  });
  expect(scopes).toEqual(Object.keys(SCOPES));
});

it("the README says why each scope is needed", () => {
  const readme = readFileSync("README.md", "utf8");
  for (const [scope, why] of Object.entries(SCOPES)) {
    expect(readme).toContain(`| \`${scope}\` | ${why} |`);
  }
});

/** Every method there is a call for, made once. */
async function everyCall(given: { scopes?: readonly string[]; isPrivate?: boolean } = {}) {
  const fake = await startFakeSlack(given);
  onTestFinished(() => fake.stop());
  const ports = createChatPorts();
  const connection = { kind: "socket", appToken: fake.appToken } as const;
  const common = { token: fake.token, channel: fake.channel, apiUrl: fake.url, connection };
  const slack = createSlack({
    ...common,
    desk: ports.desk,
    registry: createCommands({ desk: ports.desk, publicUrl: "https://c.example" }),
    resolvePerson: () => null,
    useToken: ports.useToken,
    incidentOn: async () => null,
    publicUrl: "https://c.example",
    log: ports.log,
    observe: ports.observe,
    onForged: () => undefined,
    limits: { minGapMs: 0 },
  });
  slack.start();
  onTestFinished(() => slack.stop());
  await fake.waitFor(() => fake.connections() === 1);
  const card = {
    incidentId: "inc_1",
    version: 1,
    state: "open",
    headline: "A card",
    sections: [],
    buttons: [],
  } as const;
  const failures: unknown[] = [];
  const attempt = async (act: Promise<unknown>) =>
    await act.catch((error: unknown) => failures.push(error));
  await attempt(slack.cards.post(card, {}));
  const [posted] = fake.messages();
  await attempt(slack.cards.edit(posted?.ts ?? "1.1", card, {}));
  await attempt(slack.cards.reply(posted?.ts ?? "1.1", "a reply"));
  const png = Buffer.from("png");
  await attempt(slack.cards.picture(posted?.ts ?? "1.1", { png, title: "A graph", alt: "" }));
  await fake.shortcut("explain_this", { ts: "1.1" }, fake.user("ana"));
  await fake.waitFor(() => fake.calls.some(({ method }) => method === "chat.postEphemeral"));
  await attempt(checkSlack(common));
  return { fake, failures };
}

it.each([false, true])(
  "the manifest's scopes are all that the calls need, and no more (private channel: %s)",
  async (isPrivate) => {
    const { fake, failures } = await everyCall({ scopes, isPrivate });

    const called = [...new Set(fake.calls.map(({ method }) => method))];
    const needed = new Set(called.flatMap((method) => scopesOf(method, { isPrivate })));
    const other = isPrivate ? "channels:read" : "groups:read";
    expect(failures).toEqual([]);
    expect(fake.calls.filter(({ outcome }) => outcome === "missing_scope")).toEqual([]);
    expect([...needed, "commands", "app_mentions:read", other].sort()).toEqual([...scopes].sort());
    expect(called).toEqual(
      expect.arrayContaining(["chat.postMessage", "chat.update", "chat.postEphemeral"]),
    );
  },
);

it.each(Object.keys(SCOPES))("a missing %s is named with the way out", async (scope) => {
  const { failures } = await everyCall({ scopes: scopes.filter((each) => each !== scope) });

  expect(String(failures.at(-1))).toMatch(new RegExp(`lacks ${scope}: add it under OAuth`));
});

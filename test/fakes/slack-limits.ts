/** What Slack refuses, by its published limits; the name of its error. */
export class SlackRefusal extends Error {
  readonly error: string;
  readonly detail: string;

  constructor(error: string, detail = "") {
    super(`${error} ${detail}`);
    this.error = error;
    this.detail = detail;
  }
}

export type Json = Record<string, unknown>;

const MINUTE_MS = 60_000;

/** Texts: Slack splits what is longer than 4,000; this fake refuses it, so that nobody relies on that. */
export function checkMessage({ text, blocks }: { text: string; blocks: readonly Json[] }): void {
  if (text === "" && blocks.length === 0) throw new SlackRefusal("no_text");
  if (text.length > 4000) throw new SlackRefusal("msg_too_long");
  if (JSON.stringify(blocks).length > 13_200) throw new SlackRefusal("msg_blocks_too_long");
  if (blocks.length > 50) invalid("more than 50 blocks");
  checkBlocks(blocks);
}

export function checkView(view: Json): void {
  if (view.type !== "modal") throw new SlackRefusal("invalid_arguments", "view.type");
  for (const name of ["title", "submit", "close"]) {
    if (view[name] !== undefined) plainText(view[name], 24, name);
  }
  size(String(view.private_metadata ?? ""), 0, 3000, "private_metadata");
  size(String(view.callback_id ?? ""), 0, 255, "callback_id");
  const blocks = listOf(view.blocks);
  if (blocks.length > 100) invalid("more than 100 blocks");
  checkBlocks(blocks);
  const hasInput = blocks.some(({ type }) => type === "input");
  if (hasInput && view.submit === undefined) invalid("a form with an input needs submit");
}

function checkBlocks(blocks: readonly Json[]): void {
  const ids = blocks.flatMap(({ block_id }) => (block_id === undefined ? [] : [String(block_id)]));
  if (new Set(ids).size < ids.length) invalid("block_id twice");
  for (const block of blocks) {
    const check = CHECKS[String(block.type)];
    if (check === undefined) invalid(`unknown block ${String(block.type)}`);
    else check(block);
  }
}

const CHECKS: Readonly<Record<string, (block: Json) => void>> = {
  header: ({ text }) => plainText(text, 150, "header"),
  divider: () => undefined,
  section(block) {
    const fields = listOf(block.fields);
    if (block.text === undefined && fields.length === 0) invalid("an empty section");
    if (block.text !== undefined) size(textOf(block.text), 1, 3000, "section");
    if (fields.length > 10) invalid("more than 10 fields");
    for (const field of fields) size(textOf(field), 1, 2000, "field");
  },
  context({ elements }) {
    const list = listOf(elements);
    if (list.length === 0 || list.length > 10) invalid("context elements");
    for (const element of list) size(textOf(element), 1, 3000, "context");
  },
  actions({ elements }) {
    const list = listOf(elements);
    if (list.length === 0 || list.length > 25) invalid("actions elements");
    const ids = list.map(({ action_id }) => String(action_id));
    if (new Set(ids).size < ids.length) invalid("action_id twice in a block");
    for (const element of list) checkButton(element);
  },
  input(block) {
    plainText(block.label, 2000, "label");
    const { type } = block.element as Json;
    if (type !== "plain_text_input") invalid(`an input of ${String(type)}`);
  },
  rich_text({ elements }) {
    const list = listOf(elements);
    if (list.length === 0) invalid("an empty rich_text");
    for (const element of list) checkRichText(element);
  },
};

const RICH = ["rich_text_section", "rich_text_list", "rich_text_preformatted", "rich_text_quote"];

function checkRichText(element: Json): void {
  if (!RICH.includes(String(element.type))) invalid(`rich text of ${String(element.type)}`);
  const list = listOf(element.elements);
  if (list.length === 0) invalid(`an empty ${String(element.type)}`);
  for (const part of list) {
    if (element.type === "rich_text_list") checkRichText(part);
    else if (part.type === "text" && part.text === "") invalid("an empty text");
  }
}

function checkButton(button: Json): void {
  if (button.type !== "button") invalid(`an action of ${String(button.type)}`);
  plainText(button.text, 75, "button");
  size(String(button.value ?? ""), 0, 2000, "value");
  size(String(button.action_id ?? ""), 1, 255, "action_id");
  size(String(button.url ?? ""), 0, 3000, "url");
  if (button.style !== undefined && !["primary", "danger"].includes(String(button.style)))
    invalid("style");
  if (button.confirm === undefined) return;
  const confirm = button.confirm as Json;
  plainText(confirm.title, 100, "confirm.title");
  size(textOf(confirm.text), 1, 300, "confirm.text");
  plainText(confirm.confirm, 30, "confirm.confirm");
  plainText(confirm.deny, 30, "confirm.deny");
}

function plainText(value: unknown, most: number, where: string): void {
  if ((value as Json | undefined)?.type !== "plain_text") invalid(`${where} is not plain_text`);
  size(textOf(value), 1, most, where);
}

function size(text: string, least: number, most: number, where: string): void {
  if (text.length < least || text.length > most) invalid(`${where}: ${text.length} characters`);
}

function textOf(value: unknown): string {
  return String((value as Json | undefined)?.text ?? "");
}

export function listOf(value: unknown): Json[] {
  return Array.isArray(value) ? (value as Json[]) : [];
}

function invalid(detail: string): never {
  throw new SlackRefusal("invalid_blocks", detail);
}

/** Whom a message would notify: every mention that Slack would see in it. */
export function mentionsIn({ text, blocks }: { text: string; blocks: readonly Json[] }): string[] {
  const found: string[] = [];
  const look = (value: unknown, isMarkup: boolean): void => {
    if (typeof value === "string" && isMarkup)
      found.push(...(value.match(/<(?:!(?:channel|here|everyone|subteam)|@|#)[^>]*>/g) ?? []));
    if (typeof value !== "object" || value === null) return;
    const node = value as Json;
    if (["user", "usergroup", "broadcast", "channel"].includes(String(node.type)))
      found.push(String(node.type));
    for (const [name, item] of Object.entries(node))
      look(item, node.type === "mrkdwn" && name === "text");
  };
  look(text, true);
  look(blocks, false);
  return found;
}

/** One message a second in a channel; the tiers of each method, for the workspace. Seconds to wait, or 0. */
export function createRates() {
  const sends = new Map<string, number>();
  const calls = new Map<string, number[]>();
  const TIERS: Readonly<Record<string, number>> = {
    "chat.update": 50,
    "chat.postEphemeral": 100,
    "files.getUploadURLExternal": 100,
    "files.completeUploadExternal": 100,
  };

  function wait(method: string, channel: string, now: number): number {
    const most = TIERS[method];
    if (most !== undefined) {
      const recent = (calls.get(method) ?? []).filter((at) => now - at < MINUTE_MS);
      if (recent.length >= most) return Math.ceil((MINUTE_MS - (now - (recent[0] ?? now))) / 1000);
      calls.set(method, [...recent, now]);
    }
    if (method !== "chat.postMessage") return 0;
    const last = sends.get(channel) ?? 0;
    if (now - last < 1000) return Math.ceil((1000 - (now - last)) / 1000);
    sends.set(channel, now);
    return 0;
  }

  return { wait };
}

/** The scopes of a bot token that each method takes, as its page says. */
export function scopesOf(method: string, { isPrivate }: { isPrivate: boolean }): string[] {
  switch (method) {
    case "chat.postMessage":
    case "chat.update":
    case "chat.postEphemeral":
      return ["chat:write"];
    case "files.getUploadURLExternal":
    case "files.completeUploadExternal":
      return ["files:write"];
    case "conversations.info":
      return [isPrivate ? "groups:read" : "channels:read"];
    default:
      return [];
  }
}

import type { types } from "@slack/bolt";

/** What Slack answers with `invalid_blocks`, `msg_blocks_too_long` or `invalid_arguments`. */
export class BlockError extends Error {
  override readonly name = "BlockError";
}

interface Visible {
  readonly text: string;
  /** Where Slack shows fixed width and looks for nothing. */
  readonly isCode: boolean;
}

const STYLES = new Set([undefined, "primary", "danger"]);
const ROOT_LIMIT = 13_000;

/** Slack's published limits for the blocks of a message, read strictly: what Slack would cut is refused as well. */
export function checkMessage(message: {
  readonly text: string;
  readonly blocks: readonly types.KnownBlock[];
}): void {
  within("text", message.text, 1, 40_000);
  if (message.blocks.length < 1 || message.blocks.length > 50) fail("blocks", "1 to 50");
  if (JSON.stringify(message.blocks).length > ROOT_LIMIT) fail("blocks", "msg_blocks_too_long");
  for (const block of message.blocks) checkBlock(block);
}

export function checkModal(view: types.ModalView): void {
  checkPlain("title", view.title, 24);
  if (view.submit) checkPlain("submit", view.submit, 24);
  if (view.close) checkPlain("close", view.close, 24);
  within("private_metadata", view.private_metadata ?? "", 0, 3000);
  within("callback_id", view.callback_id ?? "", 0, 255);
  if (view.blocks.length < 1 || view.blocks.length > 100) fail("blocks", "1 to 100");
  const hasInput = view.blocks.some(({ type }) => type === "input");
  if (hasInput && !view.submit) fail("submit", "required where there is an input");
  unique(view.blocks.flatMap((block) => ("block_id" in block && block.block_id) || []));
  for (const block of view.blocks) checkBlock(block as types.KnownBlock);
}

function checkBlock(block: types.KnownBlock): void {
  if (block.type === "header") checkPlain("header", block.text, 150);
  else if (block.type === "context") checkContext(block);
  else if (block.type === "actions") checkActions(block);
  else if (block.type === "rich_text") checkRichText(block);
  else if (block.type === "input") checkInput(block);
  else fail(block.type, "not a block that a card is made of");
}

function checkContext({ elements }: types.ContextBlock): void {
  if (elements.length < 1 || elements.length > 10) fail("context", "1 to 10 elements");
  for (const element of elements) {
    if (element.type !== "plain_text") fail("context", "text from outside is plain");
    checkPlain("context", element, 3000);
  }
}

function checkActions({ elements }: types.ActionsBlock): void {
  if (elements.length < 1 || elements.length > 25) fail("actions", "1 to 25 elements");
  unique(elements.map(({ action_id }) => action_id ?? ""));
  for (const element of elements) {
    if (element.type !== "button") fail("actions", "only buttons");
    checkPlain("button", element.text, 75);
    within("value", element.value ?? "", 1, 2000);
    within("action_id", element.action_id ?? "", 1, 255);
    if (!STYLES.has(element.style)) fail("style", String(element.style));
    if (element.confirm) checkConfirm(element.confirm);
  }
}

function checkConfirm(dialog: types.ConfirmationDialog): void {
  if (dialog.title) checkPlain("confirm title", dialog.title, 100);
  if (dialog.text.type !== "plain_text") fail("confirm text", "plain");
  checkPlain("confirm text", dialog.text, 300);
  if (dialog.confirm) checkPlain("confirm", dialog.confirm, 30);
  if (dialog.deny) checkPlain("deny", dialog.deny, 30);
}

function checkInput({ label, element }: types.InputBlock): void {
  checkPlain("label", label, 2000);
  if (element.type !== "plain_text_input") fail("input", "only text");
  within("action_id", element.action_id ?? "", 1, 255);
  if ((element.max_length ?? 1) > 3000) fail("max_length", "at most 3000");
}

function checkRichText(block: types.RichTextBlock): void {
  if (block.elements.length === 0) fail("rich_text", "no elements");
  for (const span of spansOf(block)) {
    if (span.type !== "text" && span.type !== "link")
      fail("rich_text", `${span.type} is no plain text`);
    within("rich_text", span.text ?? "", 1, 3000);
    if (span.type === "link") within("url", span.url, 1, 3000);
  }
}

function checkPlain(name: string, { type, text }: types.PlainTextElement, max: number): void {
  if (type !== "plain_text") fail(name, "plain_text");
  within(name, text, 1, max);
}

function within(name: string, text: string, min: number, max: number): void {
  if (text.length < min || text.length > max)
    fail(name, `${text.length} characters, ${min} to ${max} are allowed`);
  if (/\p{Surrogate}/u.test(text)) fail(name, "half a character");
}

function unique(ids: readonly string[]): void {
  if (new Set(ids).size !== ids.length) fail("ids", `not unique: ${ids.join(", ")}`);
}

function fail(name: string, problem: string): never {
  throw new BlockError(`${name}: ${problem}`);
}

function spansOf({ elements }: types.RichTextBlock): types.RichTextElement[] {
  return elements.flatMap((element) =>
    element.type === "rich_text_list"
      ? element.elements.flatMap((item) => item.elements)
      : element.elements,
  );
}

export function linksOf(blocks: readonly types.KnownBlock[]): string[] {
  return blocks.flatMap((block) =>
    block.type === "rich_text"
      ? spansOf(block).flatMap((span) => (span.type === "link" ? [span.url] : []))
      : [],
  );
}

/** Every block of fixed width, as it is read. */
export function preformattedOf(blocks: readonly types.KnownBlock[]): string[] {
  return blocks.flatMap((block) =>
    block.type === "rich_text"
      ? block.elements.flatMap((element) =>
          element.type === "rich_text_preformatted"
            ? [element.elements.map(({ text }) => text ?? "").join("")]
            : [],
        )
      : [],
  );
}

export function buttonsOf(blocks: readonly types.KnownBlock[]): types.Button[] {
  return blocks.flatMap((block) =>
    block.type === "actions"
      ? block.elements.flatMap((element) => (element.type === "button" ? [element] : []))
      : [],
  );
}

/** All words that people see, apart from links and what buttons say. */
export function visibleOf(blocks: readonly types.KnownBlock[]): Visible[] {
  return blocks.flatMap((block): Visible[] => {
    if (block.type === "header") return [{ text: `${block.text.text}\n`, isCode: false }];
    if (block.type === "context")
      return block.elements.flatMap((element) =>
        element.type === "plain_text" ? [{ text: `${element.text}\n`, isCode: false }] : [],
      );
    return block.type === "rich_text" ? block.elements.flatMap(visibleIn) : [];
  });
}

function visibleIn(element: types.RichTextBlockElement): Visible[] {
  if (element.type === "rich_text_list") return element.elements.flatMap(visibleIn);
  const isFixed = element.type === "rich_text_preformatted";
  const spans = element.elements.flatMap((span) =>
    span.type === "text" ? [{ text: span.text, isCode: isFixed || span.style?.code === true }] : [],
  );
  return [...spans, { text: "\n", isCode: false }];
}

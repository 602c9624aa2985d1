import type { Api, Transformer } from "grammy";
import type { ChatMemory } from "./channel.ts";

/** So long Telegram keeps a press for a bot that is not there; then it is dropped, and nobody is told. */
const PRESSES_KEPT_MS = 150_000;
/** Telegram hands out no more updates at once. */
const FULL_BATCH = 100;
/** Being alive is written down no more often. */
const NOTE_EVERY_MS = 20_000;

/**
 * Notices when the bot was away for so long that presses may be lost: then the cards that wait get new buttons. What
 * did arrive is handled before that, under the buttons it was pressed on.
 */
export function createDowntime({
  memory,
  now,
  onRenewed,
}: {
  readonly memory: ChatMemory | undefined;
  readonly now: () => Date;
  readonly onRenewed: (cards: number, awayMs: number) => void;
}) {
  let heardAt: Date | null = null;
  let notedAt = 0;
  /** How long it was, until the buttons are renewed. */
  let awayMs = 0;
  let isCaughtUp = false;

  /** Before polling: where nothing waits there is nothing to wait for. */
  async function begin(api: Api): Promise<void> {
    heardAt ??= (await memory?.recall())?.heardAt ?? null;
    // A local Bot API server may not know the method: then the first batch tells.
    const webhook = await api.getWebhookInfo().catch(() => null);
    if (webhook?.pending_update_count === 0) await heard(0);
  }

  const listen: Transformer = async (previous, method, payload, signal) => {
    if (method !== "getUpdates") return await previous(method, payload, signal);
    // Asking for more confirms that all before it were handled.
    if (isCaughtUp) await renew();
    const answer = await previous(method, payload, signal);
    if (answer.ok) await heard((answer.result as readonly unknown[]).length);
    return answer;
  };

  async function heard(updates: number): Promise<void> {
    const at = now();
    if (heardAt !== null && at.getTime() - heardAt.getTime() > PRESSES_KEPT_MS)
      awayMs = at.getTime() - heardAt.getTime();
    heardAt = at;
    isCaughtUp = updates < FULL_BATCH;
    if (updates === 0) await renew();
    // Not before the buttons are renewed: a crash until then must not forget that they have to be.
    if (awayMs > 0 || at.getTime() - notedAt < NOTE_EVERY_MS) return;
    notedAt = at.getTime();
    // A full disk must not end the polling; at worst buttons are renewed without need.
    await memory?.heard(at).catch(() => undefined);
  }

  async function renew(): Promise<void> {
    if (awayMs === 0 || memory === undefined) return;
    const cards = await memory.renewButtons();
    if (cards > 0) onRenewed(cards, awayMs);
    awayMs = 0;
  }

  return { begin, listen };
}

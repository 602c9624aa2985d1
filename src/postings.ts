import type { Logger } from "pino";
import type { CardContext } from "./chat/card.ts";
import type { ChatObserver } from "./chat/channel.ts";
import { createIllustrator } from "./chat/illustrator.ts";
import { createProjector } from "./chat/projector.ts";
import type { Chat } from "./chats.ts";
import type { Reach } from "./crash-points.ts";
import { cardsWithCrashPoints } from "./crash-points.ts";
import type { Graphs } from "./graphs.ts";
import type { Store } from "./store/store.ts";
import { cardStore, pictureStore } from "./store-ports.ts";

interface Deps {
  readonly chats: readonly Chat[];
  /** As channels show it: without secrets. */
  readonly store: Store;
  readonly context: () => Promise<CardContext>;
  readonly sketch: Graphs["sketch"];
  /** Null where nothing crashes on purpose. */
  readonly crashPoint: Reach | null;
  readonly observe: ChatObserver;
  readonly log: Logger;
}

/** What each chat shows of what is stored: the cards, and the pictures that go with them. */
export function createPostings({ chats, store, context, sketch, crashPoint, observe, log }: Deps) {
  const projectors = chats.map(({ channel, chat, cards }) =>
    createProjector({
      ...{ channel, chat, context, log, observe },
      store: cardStore(store),
      digests: store.digests,
      adapter: crashPoint === null ? cards : cardsWithCrashPoints(cards, crashPoint),
    }),
  );
  const illustrators = chats.map(({ channel, chat, cards }) =>
    createIllustrator({
      ...{ channel, chat, sketch, log, observe },
      store: pictureStore(store),
      adapter: cards,
    }),
  );
  const all = [...projectors, ...illustrators];

  return {
    /** There is something new to show. */
    nudge(): void {
      for (const projector of projectors) projector.nudge();
    },
    /** An incident has changed. */
    look(incidentId: string): void {
      for (const illustrator of illustrators) illustrator.look(incidentId);
    },
    start(): void {
      for (const part of all) part.start();
    },
    async stop(): Promise<void> {
      await Promise.all(all.map((part) => part.stop()));
    },
  };
}

/** Too much is waiting already, or the store said no: the sender must come again. */
export class NotStored extends Error {
  override readonly name = "NotStored";
}

interface Limits<Item> {
  /** How much work an item is. */
  readonly weigh: (item: Item) => number;
  readonly maxWaiting: number;
  /** Above it the rest waits for the next commit, so that none holds up the process for long. */
  readonly maxTogether: number;
}

/**
 * Gathers what arrives while a commit is under way and stores it in the next one, so that one flush to the disk serves
 * all who wait. Resolves when its own item is durable; rejects with `NotStored` when it is not.
 */
export function createGroupCommit<Item, Result>(
  commit: (items: readonly Item[]) => Promise<readonly Result[]>,
  { weigh, maxWaiting, maxTogether }: Limits<Item>,
) {
  interface Waiting {
    readonly item: Item;
    readonly weight: number;
    readonly resolve: (result: Result) => void;
    readonly reject: (error: NotStored) => void;
  }
  let waiting: Waiting[] = [];
  let weightWaiting = 0;
  let isRunning = false;

  function store(item: Item): Promise<Result> {
    const weight = weigh(item);
    // One that is over the limit by itself is taken when nothing else waits.
    if (waiting.length > 0 && weightWaiting + weight > maxWaiting) {
      return Promise.reject(new NotStored(`${waiting.length} requests are waiting already`));
    }
    return new Promise((resolve, reject) => {
      waiting.push({ item, weight, resolve, reject });
      weightWaiting += weight;
      if (isRunning) return;
      isRunning = true;
      // After the input that is readable now: requests that arrived together share the commit.
      setImmediate(run);
    });
  }

  async function run(): Promise<void> {
    while (waiting.length > 0) {
      await commitTogether(takeBatch());
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
    isRunning = false;
  }

  function takeBatch(): Waiting[] {
    let weight = 0;
    const end = waiting.findIndex((one, i) => {
      weight += one.weight;
      return i > 0 && weight > maxTogether;
    });
    const batch = end === -1 ? waiting : waiting.slice(0, end);
    waiting = end === -1 ? [] : waiting.slice(end);
    for (const one of batch) weightWaiting -= one.weight;
    return batch;
  }

  async function commitTogether(batch: readonly Waiting[]): Promise<void> {
    try {
      const results = await commit(batch.map(({ item }) => item));
      for (const [i, { resolve }] of batch.entries()) resolve(results[i] as Result);
    } catch (cause) {
      const [first, ...others] = batch;
      if (others.length === 0) first?.reject(new NotStored(messageOf(cause), { cause }));
      // One bad item must not take the others down with it.
      else for (const one of batch) await commitTogether([one]);
    }
  }

  return { store };
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

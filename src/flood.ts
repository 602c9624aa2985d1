const WINDOW_MS = 200;
/** Five hundred a second: more than what they cause can keep up with. */
const MANY = 100;

/** Whether alerts pour in. Then what they cause comes after them, for none may be turned away. */
export function createFlood(elapsedMs: () => number) {
  let since = elapsedMs();
  let count = 0;
  let wasMany = false;

  return {
    took(alerts: number): void {
      const past = elapsedMs() - since;
      if (past >= WINDOW_MS) {
        wasMany = count >= MANY && past < 2 * WINDOW_MS;
        since += past;
        count = 0;
      }
      count += alerts;
    },
    isOn: (): boolean => wasMany && elapsedMs() - since < 2 * WINDOW_MS,
  };
}

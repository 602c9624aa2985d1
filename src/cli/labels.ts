import type { Labels } from "../incident/alert.ts";
import { UsageError } from "./command.ts";

/**
 * What `--label name=value` says, given any number of times.
 * @throws UsageError
 */
export function parseLabels(pairs: readonly string[]): Labels {
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf("=");
      const name = pair.slice(0, at);
      if (at < 1) throw new UsageError(`--label takes name=value, not "${pair}"`);
      if (!/^[a-zA-Z_]\w*$/.test(name)) {
        throw new UsageError(
          `--label ${pair}: Prometheus knows only names of letters, digits and _, so not "${name}"`,
        );
      }
      return [name, pair.slice(at + 1)] as const;
    }),
  );
}

type Module = typeof import("@slack/bolt");

export type Bolt = Pick<Module, "App" | "SocketModeReceiver" | "LogLevel" | "webApi">;

/** Loaded only where somebody uses Slack: it takes a while and some memory. */
export async function loadBolt(): Promise<Bolt> {
  return await import("@slack/bolt");
}

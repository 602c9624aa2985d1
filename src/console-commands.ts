import type { CommandRegistry } from "./chat/commands.ts";
import type { Desk } from "./chat/desk.ts";
import type { UseToken } from "./chat/press.ts";
import { buttonData, createPresses } from "./chat/press.ts";
import type { RunCommand } from "./console/ports.ts";

/** The console's command box: the same commands as in a chat, and their confirmations as the next command. */
export function consoleCommands(deps: {
  readonly desk: Desk;
  readonly registry: CommandRegistry;
  readonly useToken: UseToken;
  readonly now: () => Date;
}): RunCommand {
  const presses = createPresses(deps);
  return async (text, { person, way: signedIn }) => {
    const asking = { person, roles: person.roles, accountId: person.name, now: deps.now() };
    const place = { channel: "console", chat: "console" } as const;
    if (text.startsWith("c:"))
      return await presses.press({ ...place, ...asking, messageId: "", data: text });
    const reply = await deps.registry.handle(
      { ...asking, ...place, signedIn, chatId: place.chat },
      text,
    );
    if (reply === null) return { text: "That is not a command: help lists them." };
    const buttons = (reply.buttons ?? []).map(({ label, verb, token }) => ({
      label,
      value: buttonData(verb, token),
    }));
    return { text: reply.privately ?? reply.text, buttons };
  };
}

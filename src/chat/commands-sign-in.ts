import type { CommandContext, CommandDeps, ListedCommand, Reply } from "./command.ts";
import { AnyWords, listed } from "./command.ts";

const BY_HAND = "`npx countersign sign-in` prints one where Countersign runs.";

/** A way into the console for whoever a chat knows. The link is for that person alone, whoever else reads along. */
export function signInCommands({ invite }: CommandDeps): ListedCommand[] {
  async function signIn({ person }: CommandContext): Promise<Reply> {
    if (person === null) return { text: "You have no role here.", isPrivate: true };
    if (invite === undefined)
      return {
        text: `No sign-in links by chat: COUNTERSIGN_CHAT_SIGN_IN=on allows them. ${BY_HAND}`,
      };
    const link = await invite(person.name);
    if (link === null)
      return { text: `You have asked for several links already: wait a few minutes. ${BY_HAND}` };
    return {
      text: "The link is sent, to you alone. If none came, open a chat with me, press Start, and ask here again.",
      privately: `Copy it into the browser that you want to sign in. It works once, for 10 minutes:\n\`${link}\`\nIt signs in whoever opens it: pass it on to nobody. Approving high risk takes a passkey there.`,
    };
  }

  return [
    listed({
      name: "sign_in",
      usage: "/sign_in",
      summary: "a link to the console, for you alone",
      role: "viewer",
      args: AnyWords,
      run: signIn,
    }),
  ];
}

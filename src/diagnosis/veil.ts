import { isIP } from "node:net";
import type { Model, ToolResult } from "./model.ts";

/** Names of hosts and addresses as a model knows them, and back; the same for the same name as long as it is used. */
export interface Veil {
  hide(text: string): string;
  lift(text: string): string;
}

const BEGIN = "(?<![\\w.-])";
const END = "(?![\\w-])";
const STANDIN = "HOST_\\d+";
const STANDINS = new RegExp(`${BEGIN}HOST_(\\d+)${END}`, "g");
/** What the name of a label says to be a host, and how a series or a line of JSON writes its value. */
const TOLD =
  /\b(?:instance|host|hostname|node|nodename|machine|server|target|peer)\\?"?(?:=|:\s?)\\?"(?<host>[\w.-]+)/gi;
const MAC = "(?:[0-9a-f]{2}:){5}[0-9a-f]{2}";
const IPV4 = "\\d{1,3}(?:\\.\\d{1,3}){3}";
const IPV6 = "[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7}(?:(?<=:)\\d{1,3}(?:\\.\\d{1,3}){3})?";
const IN_URL = '(?<=:\\/\\/(?:[^\\s\\/@"\\\\]{0,100}@)?)[a-z0-9][a-z0-9.-]{0,252}';
const DOMAIN =
  "(?:[a-z0-9-]{1,63}\\.){1,10}(?:com|net|org|io|dev|local|lan|internal|home|svc|cluster|arpa|example)";
/** Of a name of the owner's: what could stand in no JSON as it is, or is no name at all, is left alone. */
const NAME = /^(?=.*[a-z])[a-z0-9][\w.-]{0,251}[a-z0-9]$/i;

/**
 * Reversible: what was hidden comes back letter by letter, also where text from outside looks like one of our stand-ins.
 * A host that neither the inventory, an alert, a label nor its own form gives away stays readable.
 */
export function createVeil(hosts: readonly string[]): Veil {
  const names = new Set<string>();
  const standIns = new Map<string, string>();
  const hidden: string[] = [];
  const learn = (name: string) => {
    if (NAME.test(name)) names.add(name);
  };
  for (const host of hosts) learn(withoutPort(host));

  function standInFor(name: string): string {
    const known = standIns.get(name);
    if (known !== undefined) return known;
    hidden.push(name);
    const made = `HOST_${hidden.length}`;
    standIns.set(name, made);
    return made;
  }

  function hide(text: string): string {
    for (const { groups } of text.matchAll(TOLD)) learn(groups?.host ?? "");
    const known = [...names].sort((a, b) => b.length - a.length).map(escaped);
    const kinds = [STANDIN, MAC, IPV6, IPV4, IN_URL, DOMAIN, ...known];
    const all = new RegExp(`${BEGIN}(?:${kinds.join("|")})${END}`, "gi");
    return text.replace(all, (found) => (isTime(found) ? found : standInFor(found)));
  }

  const lift = (text: string) =>
    text.replace(STANDINS, (found, at) => hidden[Number(at) - 1] ?? found);
  return { hide, lift };
}

/** `03:12:07` has the form of an address and is none. */
function isTime(text: string): boolean {
  return text.includes(":") && isIP(text) === 0 && !new RegExp(`^${MAC}$`, "i").test(text);
}

function withoutPort(host: string): string {
  return isIP(host) === 0 ? host.replace(/^[a-z]+:\/\//i, "").replace(/[/:].*$/, "") : host;
}

function escaped(name: string): string {
  return name.replace(/[\\.+*?()|[\]{}^$-]/g, "\\$&");
}

/** The same model, to which no host is known by its name. */
export function behind(veil: Veil, model: Model): Model {
  const shown = (what: string | readonly ToolResult[]) =>
    typeof what === "string"
      ? veil.hide(what)
      : what.map((result) => ({ ...result, text: veil.hide(result.text) }));
  return {
    ...model,
    open(terms) {
      const talk = model.open(terms);
      return {
        async say(what, signal) {
          const said = await talk.say(shown(what), signal);
          const calls = said.calls.map(({ input, ...call }) => ({
            ...call,
            input: JSON.parse(veil.lift(JSON.stringify(input ?? null))),
          }));
          return { ...said, text: veil.lift(said.text), calls };
        },
      };
    },
  };
}

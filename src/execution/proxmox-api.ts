import { z } from "zod";
import { cleanOutput, firstBytes } from "./clean-output.ts";
import type { RunLimits } from "./execution.ts";
import type { HttpAnswer } from "./http-client.ts";
import { askService, ServiceUnreachable } from "./http-client.ts";
import { parseJson } from "./json-values.ts";

export interface ProxmoxAccess {
  readonly url: string;
  readonly token: string;
}

/** A guest as the cluster itself has it at this moment. */
export interface Guest {
  readonly name: string;
  readonly node: string;
  readonly status: string;
}

/** Nothing was changed, and why. */
export class ProxmoxRefused extends Error {
  override readonly name = "ProxmoxRefused";
}

const Resources = z.object({
  data: z.array(
    z.object({
      type: z.string(),
      vmid: z.number().optional(),
      node: z.string().optional(),
      name: z.string().optional(),
      status: z.string().optional(),
    }),
  ),
});
const PlainName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9.-]{0,100}$/);
const Found = z.object({
  name: PlainName,
  node: PlainName,
  status: z.string().regex(/^[a-z]{1,20}$/),
});
const Task = z.object({
  data: z
    .string()
    .regex(/^UPID:[A-Za-z0-9.-]+:[0-9A-F]{8}:[0-9A-F]{8,9}:[0-9A-F]{8}:\w+:\w*:[^:\s]+:$/),
});
const TaskStatus = z.object({
  data: z.object({ status: z.enum(["running", "stopped"]), exitstatus: z.string().optional() }),
});
const Version = z.object({ data: z.object({ version: z.string() }) });

export type ProxmoxApi = ReturnType<typeof createProxmoxApi>;

/** The few calls of the API that are needed. Each throws ProxmoxRefused or ServiceUnreachable. */
export function createProxmoxApi(access: ProxmoxAccess | null) {
  const origin = access?.url ?? "";
  const listPath = "/api2/json/cluster/resources?type=vm";

  async function ask(
    { method, path, body }: { method: string; path: string; body?: string },
    limits: RunLimits,
  ): Promise<unknown> {
    if (access === null) throw new ProxmoxRefused("PROXMOX_URL and PROXMOX_TOKEN are not set");
    const answer = await askService({
      ...{ origin, method, path, ...limits },
      headers: { Authorization: `PVEAPIToken=${access.token}` },
      body:
        body === undefined ? undefined : { type: "application/x-www-form-urlencoded", text: body },
      maxBodyBytes: 4 * 1024 * 1024,
    });
    if (answer.status === 200 && !answer.isCut) return parseJson(answer.body.toString());
    const text = errorText(answer);
    throw method !== "GET" && isBetween(answer.status) ? unclear(text) : new ProxmoxRefused(text);
  }

  function read<T>(schema: z.ZodType<T>, answer: unknown): T {
    const parsed = schema.safeParse(answer);
    if (parsed.success) return parsed.data;
    throw new ProxmoxRefused(`what answers at ${origin} does not speak as Proxmox VE does`);
  }

  return {
    origin,
    listPath,
    /** The one guest of this kind and number that the token may see. */
    async findGuest(
      { kind, id }: { readonly kind: "lxc" | "qemu"; readonly id: number },
      limits: RunLimits,
    ): Promise<Guest> {
      const { data } = read(Resources, await ask({ method: "GET", path: listPath }, limits));
      const found = data.filter(({ type, vmid }) => type === kind && vmid === id);
      const word = kind === "qemu" ? "vm" : "lxc";
      if (found.length !== 1) {
        throw new ProxmoxRefused(
          `there is no ${word}:${id} that the token may see: it needs VM.Audit and VM.PowerMgmt on /vms/${id}`,
        );
      }
      return read(Found, found[0]);
    },
    /** Begins a task, once, and tells its id. */
    async order(
      path: string,
      body: Readonly<Record<string, number>> | null,
      limits: RunLimits,
    ): Promise<string> {
      const pairs = Object.entries(body ?? {}).map(([key, value]): [string, string] => [
        key,
        String(value),
      ]);
      const text = new URLSearchParams(pairs).toString();
      const asked = { method: "POST", path, ...(text === "" ? {} : { body: text }) };
      const task = Task.safeParse(await ask(asked, limits));
      if (task.success) return task.data.data;
      throw unclear(`${origin} named no task for what it was asked`);
    },
    /** How a task ended, in the API's word; null while it runs. */
    async endOf(node: string, task: string, limits: RunLimits): Promise<string | null> {
      const path = `/api2/json/nodes/${node}/tasks/${encodeURIComponent(task)}/status`;
      const { data } = read(TaskStatus, await ask({ method: "GET", path }, limits));
      if (data.status === "running") return null;
      return firstBytes(cleanOutput(data.exitstatus ?? "no word on how"), 500);
    },
    async version(limits: RunLimits): Promise<string> {
      const answer = await ask({ method: "GET", path: "/api2/json/version" }, limits);
      return cleanOutput(read(Version, answer).data.version).slice(0, 40);
    },
  };
}

/** What a proxy says when it lost the one it passed the request to; 595 to 599 are Proxmox's own for that. */
function isBetween(status: number): boolean {
  return status === 502 || status === 504 || (status >= 595 && status <= 599);
}

function unclear(message: string): ServiceUnreachable {
  return new ServiceUnreachable(message, { mayHaveActed: true, cause: undefined });
}

const SaidWhy = z.object({ message: z.string().optional(), errors: z.unknown().optional() });

function errorText({ status, body }: HttpAnswer): string {
  const parsed = SaidWhy.safeParse(parseJson(body.toString()));
  const { message = "", errors } = parsed.success ? parsed.data : {};
  const said = [message.trim(), errors === undefined ? "" : JSON.stringify(errors)];
  const text = firstBytes(cleanOutput(said.filter(Boolean).join(" ")), 500);
  return `Proxmox answered ${status}${text === "" ? "" : `: ${text}`}`;
}

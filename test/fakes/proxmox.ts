import type { IncomingMessage } from "node:http";
import { createServer } from "node:http";
import { findFreePort } from "../lab/peer-process.ts";

/**
 * The part of Proxmox VE's API that power management uses, as its published description has it: these paths, verbs,
 * parameters and nothing else. Whatever does not fit is answered as Proxmox answers it, and kept in `complaints`.
 */
export interface FakeProxmox {
  readonly url: string;
  readonly token: string;
  /** Every change that was asked for, with its parameters. */
  readonly orders: readonly string[];
  readonly complaints: readonly string[];
  guest(id: number): FakeGuest;
  /** The next task ends like this instead of `OK`. */
  endNextTask(exitStatus: string): void;
  /** Tasks go on until they are released. */
  holdTasks(): void;
  releaseTasks(): void;
  /** The next order is carried out, and its answer lost like this. */
  loseNextAnswer(how: "connection" | 596): void;
  stop(): Promise<void>;
}

export interface FakeGuest {
  readonly type: "lxc" | "qemu";
  readonly vmid: number;
  name: string;
  node: string;
  status: "running" | "stopped";
}

interface Task {
  readonly upid: string;
  readonly node: string;
  readonly exitStatus: string;
  readonly effect: () => void;
  isOver: boolean;
}

const TOKEN = "countersign@pve!fixes=11111111-2222-3333-4444-555555555555";

/** `POST /nodes/{node}/{type}/{vmid}/status/{op}`: which parameters there are. */
const PARAMETERS: Readonly<Record<string, Readonly<Record<string, RegExp>>>> = {
  start: {},
  reboot: { timeout: /^\d+$/ },
  shutdown: { timeout: /^\d+$/, forceStop: /^[01]$/ },
};

export async function startFakeProxmox(guests: readonly FakeGuest[]): Promise<FakeProxmox> {
  const orders: string[] = [];
  const complaints: string[] = [];
  const tasks = new Map<string, Task>();
  let nextEnd = "OK";
  let isHolding = false;
  let loss: "connection" | 596 | null = null;

  interface Answer {
    readonly status: number;
    readonly body: unknown;
    readonly isLost?: boolean;
  }

  const refuse = (status: number, message: string): Answer => {
    complaints.push(`${status} ${message}`);
    return { status, body: { data: null, message: `${message}\n` } };
  };
  const data = (value: unknown): Answer => ({ status: 200, body: { data: value } });

  function answer(request: IncomingMessage, body: string): Answer {
    const line = `${request.method} ${request.url}`;
    if (request.headers.authorization !== `PVEAPIToken=${TOKEN}`) {
      return { status: 401, body: { data: null, message: "authentication failure\n" } };
    }
    if (line === "GET /api2/json/version") return data({ version: "8.4.1", release: "8.4" });
    if (line === "GET /api2/json/cluster/resources?type=vm") return data(guests.map(resourceOf));
    const asked = /^GET \/api2\/json\/nodes\/([\w.-]+)\/tasks\/([^/?]+)\/status$/.exec(line);
    if (asked !== null) return taskStatus(asked[1] ?? "", decodeURIComponent(asked[2] ?? ""));
    const order = /^POST \/api2\/json\/nodes\/([\w.-]+)\/(lxc|qemu)\/(\d+)\/status\/(\w+)$/.exec(
      line,
    );
    if (order === null) return refuse(501, `Method '${line}' not implemented`);
    const [, node = "", type = "", id = "", op = ""] = order;
    return begin({ node, type, id: Number(id), op }, request, body);
  }

  function resourceOf({ type, vmid, name, node, status }: FakeGuest) {
    return { id: `${type}/${vmid}`, type, vmid, name, node, status, template: 0, maxcpu: 2 };
  }

  function taskStatus(node: string, upid: string): Answer {
    const task = tasks.get(upid);
    if (task === undefined || task.node !== node) return refuse(500, `no such task '${upid}'`);
    // As in life: what is asked for at once is still going on.
    const isRunning = !task.isOver;
    if (isRunning && !isHolding) finish(task);
    return data({
      upid,
      node,
      type: "vzstart",
      status: isRunning ? "running" : "stopped",
      ...(isRunning ? {} : { exitstatus: task.exitStatus }),
    });
  }

  function finish(task: Task): void {
    task.isOver = true;
    if (task.exitStatus === "OK") task.effect();
  }

  function begin(
    asked: { node: string; type: string; id: number; op: string },
    request: IncomingMessage,
    body: string,
  ): Answer {
    const { node, type, id, op } = asked;
    const known = PARAMETERS[op];
    if (known === undefined) return refuse(501, `no method for status/${op}`);
    const kind = request.headers["content-type"];
    if (body !== "" && kind !== "application/x-www-form-urlencoded") {
      return refuse(400, `unexpected content type ${kind}`);
    }
    const given = [...new URLSearchParams(body)];
    const wrong = given.find(([key, value]) => known[key]?.test(value) !== true);
    if (wrong !== undefined) return refuse(400, `Parameter verification failed: ${wrong[0]}`);
    const guest = guests.find((one) => one.vmid === id && one.type === type && one.node === node);
    if (guest === undefined) return refuse(500, `Configuration file for ${id} does not exist`);
    if ((op === "start") === (guest.status === "running")) {
      return refuse(500, `${type === "lxc" ? "CT" : "VM"} ${id} is ${guest.status}`);
    }
    orders.push([`${op} ${type}/${id}`, ...given.map((pair) => pair.join("="))].join(" "));
    const upid = `UPID:${node}:0000${(4096 + tasks.size).toString(16).toUpperCase()}:00ABCDEF:65000000:vz${op}:${id}:countersign@pve!fixes:`;
    const effect = () => {
      guest.status = op === "shutdown" ? "stopped" : "running";
    };
    tasks.set(upid, { upid, node, exitStatus: nextEnd, effect, isOver: false });
    nextEnd = "OK";
    if (loss === null) return data(upid);
    const how = loss;
    loss = null;
    return how === 596
      ? { status: 596, body: { data: null } }
      : { status: 200, body: null, isLost: true };
  }

  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += String(chunk);
    const { status, body: said, isLost } = answer(request, body);
    if (isLost) {
      request.socket.destroy();
      return;
    }
    response.writeHead(status, { "Content-Type": "application/json;charset=UTF-8" });
    response.end(JSON.stringify(said));
  });
  const port = await findFreePort();
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));

  return {
    url: `http://127.0.0.1:${port}`,
    token: TOKEN,
    orders,
    complaints,
    guest(id) {
      const found = guests.find(({ vmid }) => vmid === id);
      if (found === undefined) throw new Error(`no guest ${id}`);
      return found;
    },
    endNextTask: (exitStatus) => {
      nextEnd = exitStatus;
    },
    holdTasks: () => {
      isHolding = true;
    },
    releaseTasks: () => {
      isHolding = false;
    },
    loseNextAnswer: (how) => {
      loss = how;
    },
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

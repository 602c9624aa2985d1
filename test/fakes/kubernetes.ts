import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findFreePort } from "../lab/peer-process.ts";

/**
 * The part of the Kubernetes API that kubectl uses for the fixes of this program, as its OpenAPI description has it:
 * these resources, verbs, patch types, query parameters and bodies, and nothing else. A dry run is answered like the
 * change and changes nothing. What does not fit is answered with a Status and kept in `complaints`.
 */
export interface FakeKubernetes {
  readonly kubeconfig: string;
  /** Every change that took effect. */
  readonly changes: readonly string[];
  /** Every change that was only tried. */
  readonly trials: readonly string[];
  readonly complaints: readonly string[];
  deployment(name: string): FakeWorkload;
  pods(): readonly string[];
  isCordoned(node: string): boolean;
  /** From now on whoever holds the token may only look. */
  forbidChanges(): void;
  /** The next change takes effect, and the connection ends before the answer. */
  loseNextAnswer(): void;
  stop(): Promise<void>;
}

export interface FakeWorkload {
  replicas: number;
  ready: number;
}

type Json = Record<string, unknown>;
interface Answer {
  readonly status: number;
  readonly body: unknown;
}

const TOKEN = "a-service-accounts-token";
const NAMESPACE = "shop";

const RESOURCES: Readonly<Record<string, readonly Json[]>> = {
  v1: [
    resource("pods", "Pod", true, ["delete", "get", "list"]),
    resource("nodes", "Node", false, ["get", "list", "patch"]),
  ],
  "apps/v1": [
    resource("deployments", "Deployment", true, ["get", "list", "patch"]),
    {
      ...resource("deployments/scale", "Scale", true, ["get", "patch", "update"]),
      group: "autoscaling",
      version: "v1",
    },
    resource("replicasets", "ReplicaSet", true, ["get", "list"]),
    resource("statefulsets", "StatefulSet", true, ["get", "list", "patch"]),
    resource("daemonsets", "DaemonSet", true, ["get", "list", "patch"]),
  ],
};

function resource(name: string, kind: string, namespaced: boolean, verbs: readonly string[]): Json {
  return { name, singularName: kind.toLowerCase(), kind, namespaced, verbs };
}

/** One deployment `web` of two pods, a pod `lone` of nobody, a node `worker-1`. */
export async function startFakeKubernetes(): Promise<FakeKubernetes> {
  const changes: string[] = [];
  const trials: string[] = [];
  const complaints: string[] = [];
  const web: FakeWorkload = { replicas: 2, ready: 1 };
  const pods = new Map<string, string | null>([
    ["web-5d4f-abcde", "web-5d4f"],
    ["web-5d4f-fghij", "web-5d4f"],
    ["other-77aa-xyzab", "other-77aa"],
    ["lone", null],
  ]);
  let isCordoned = false;
  let annotations: Json = {};
  let mayChange = true;
  let isLosing = false;

  const meta = (name: string, more: Json = {}) => ({
    name,
    uid: `uid-${name}`,
    resourceVersion: "7",
    ...more,
  });
  const ok = (body: unknown): Answer => ({ status: 200, body });
  const status = (code: number, reason: string, message: string): Answer => ({
    status: code,
    body: {
      kind: "Status",
      apiVersion: "v1",
      metadata: {},
      status: "Failure",
      message,
      reason,
      code,
    },
  });
  function complain(message: string, code = 400, reason = "BadRequest"): Answer {
    complaints.push(message);
    return status(code, reason, message);
  }
  const notFound = (what: string, name: string) =>
    status(404, "NotFound", `${what} "${name}" not found`);

  const deployment = () => ({
    kind: "Deployment",
    apiVersion: "apps/v1",
    metadata: meta("web", { namespace: NAMESPACE, generation: 3 }),
    spec: {
      replicas: web.replicas,
      selector: { matchLabels: { app: "web" } },
      template: {
        metadata: { labels: { app: "web" }, annotations },
        spec: { containers: [{ name: "web", image: "web:1" }] },
      },
    },
    status: { replicas: web.replicas, readyReplicas: web.ready },
  });
  const scale = () => ({
    kind: "Scale",
    apiVersion: "autoscaling/v1",
    metadata: meta("web", { namespace: NAMESPACE }),
    spec: { replicas: web.replicas },
    status: { replicas: web.replicas },
  });
  const owned = (kind: string, name: string) => [
    { apiVersion: "apps/v1", kind, name, uid: `uid-${name}`, controller: true },
  ];
  const pod = (name: string, owner: string | null) => ({
    kind: "Pod",
    apiVersion: "v1",
    metadata: meta(name, {
      namespace: NAMESPACE,
      ...(owner === null ? {} : { ownerReferences: owned("ReplicaSet", owner) }),
    }),
    spec: { containers: [{ name: "web", image: "web:1" }] },
    status: {
      phase: "Running",
      containerStatuses: [
        {
          name: "web",
          ready: false,
          restartCount: 7,
          state: { waiting: { reason: "CrashLoopBackOff" } },
        },
      ],
    },
  });
  const node = () => ({
    kind: "Node",
    apiVersion: "v1",
    metadata: meta("worker-1"),
    spec: isCordoned ? { unschedulable: true } : {},
    status: { conditions: [{ type: "Ready", status: "True" }] },
  });

  function discover(path: string): Answer | null {
    switch (path) {
      case "/version":
        return ok({ major: "1", minor: "32", gitVersion: "v1.32.4", platform: "linux/amd64" });
      case "/api":
        return ok({ kind: "APIVersions", versions: ["v1"] });
      case "/apis": {
        const version = { groupVersion: "apps/v1", version: "v1" };
        const group = { name: "apps", versions: [version], preferredVersion: version };
        return ok({ kind: "APIGroupList", apiVersion: "v1", groups: [group] });
      }
      case "/api/v1":
      case "/apis/apps/v1": {
        const groupVersion = path.replace(/^\/apis?\//, "");
        return ok({
          kind: "APIResourceList",
          apiVersion: "v1",
          groupVersion,
          resources: RESOURCES[groupVersion],
        });
      }
      default:
        return null;
    }
  }

  function look(path: string): Answer | null {
    const inNamespace = new RegExp(`^/(?:api/v1|apis/apps/v1)/namespaces/${NAMESPACE}/`);
    const rest = path.replace(inNamespace, "");
    const [, kind, name = ""] = /^(deployments|replicasets|pods)\/([a-z0-9.-]+)$/.exec(rest) ?? [];
    if (path === "/api/v1/nodes/worker-1") return ok(node());
    if (path === `/api/v1/namespaces/${NAMESPACE}`) {
      return ok({ kind: "Namespace", apiVersion: "v1", metadata: meta(NAMESPACE), spec: {} });
    }
    if (rest === "deployments/web/scale") return ok(scale());
    if (kind === "deployments")
      return name === "web" ? ok(deployment()) : notFound("deployments.apps", name);
    if (kind === "pods")
      return pods.has(name) ? ok(pod(name, pods.get(name) ?? null)) : notFound("pods", name);
    if (kind === "replicasets") {
      const owner = name.split("-")[0] ?? "";
      const ownerReferences = owned("Deployment", owner);
      return ok({
        kind: "ReplicaSet",
        apiVersion: "apps/v1",
        metadata: meta(name, { namespace: NAMESPACE, ownerReferences }),
        spec: {},
      });
    }
    return null;
  }

  /** Reads one change; it is carried out by the caller, or only tried. */
  function read(method: string, path: string, type: string, body: Json): (() => string) | Answer {
    const base = `/namespaces/${NAMESPACE}/`;
    if (method === "PATCH" && path === `/apis/apps/v1${base}deployments/web`) {
      const spec = (body as { spec?: { template?: { metadata?: { annotations?: Json } } } }).spec;
      const given = spec?.template?.metadata?.annotations ?? {};
      const isOnly =
        Object.keys(body).join() === "spec" && Object.keys(spec ?? {}).join() === "template";
      if (
        type !== "application/strategic-merge-patch+json" ||
        !isOnly ||
        Object.keys(given).length !== 1
      ) {
        return complain(`unexpected patch of a deployment: ${type} ${JSON.stringify(body)}`);
      }
      return () => {
        annotations = given;
        if ("kubectl.kubernetes.io/restartedAt" in given) web.ready = web.replicas;
        return `restart deployment/web`;
      };
    }
    if (method === "PUT" && path === `/apis/apps/v1${base}deployments/web/scale`) {
      const { kind, spec, metadata } = body as {
        kind?: string;
        spec?: { replicas?: unknown };
        metadata?: Json;
      };
      if (
        !["", "application/json"].includes(type) ||
        kind !== "Scale" ||
        typeof spec?.replicas !== "number"
      ) {
        return complain(`unexpected scale: ${type} ${JSON.stringify(body)}`);
      }
      if (metadata?.resourceVersion !== "7")
        return status(409, "Conflict", "the object has been modified");
      const { replicas } = spec;
      return () => {
        web.replicas = replicas;
        web.ready = replicas;
        return `scale deployment/web to ${replicas}`;
      };
    }
    const [, name = ""] = new RegExp(`^/api/v1${base}pods/([a-z0-9.-]+)$`).exec(path) ?? [];
    if (method === "DELETE" && name !== "") {
      if (!pods.has(name)) return notFound("pods", name);
      const known = ["kind", "apiVersion", "propagationPolicy", "dryRun"];
      if (Object.keys(body).some((key) => !known.includes(key))) {
        return complain(`unexpected DeleteOptions: ${JSON.stringify(body)}`);
      }
      return () => {
        pods.delete(name);
        web.ready = web.replicas;
        return `delete pod/${name}`;
      };
    }
    if (method === "PATCH" && path === "/api/v1/nodes/worker-1") {
      const { spec } = body as { spec?: { unschedulable?: unknown } };
      const wanted = spec?.unschedulable ?? false;
      if (type !== "application/strategic-merge-patch+json" || typeof wanted !== "boolean") {
        return complain(`unexpected patch of a node: ${type} ${JSON.stringify(body)}`);
      }
      return () => {
        isCordoned = wanted;
        return `${wanted ? "cordon" : "uncordon"} worker-1`;
      };
    }
    return complain(
      `the server does not allow this method on the requested resource: ${method} ${path}`,
      405,
      "MethodNotAllowed",
    );
  }

  function change(method: string, url: URL, type: string, text: string): Answer | "lost" {
    const body = text === "" ? {} : (JSON.parse(text) as Json);
    const unknown = [...url.searchParams.keys()].find(
      (key) => !["dryRun", "fieldManager", "fieldValidation", "timeout"].includes(key),
    );
    if (unknown !== undefined) return complain(`unknown query parameter ${unknown}`);
    if (!mayChange) return status(403, "Forbidden", `User "countersign" cannot change this`);
    const act = read(method, url.pathname, type, body);
    if (typeof act !== "function") return act;
    const asked = url.searchParams.get("dryRun") ?? (body.dryRun as string[] | undefined)?.[0];
    if (asked !== undefined && asked !== "All") return complain(`dryRun must be All, not ${asked}`);
    const shown = () =>
      method === "DELETE"
        ? ok({ kind: "Status", apiVersion: "v1", status: "Success", metadata: {} })
        : (look(url.pathname) ?? complain("nothing to show"));
    if (asked === "All") {
      const before = { ...web, isCordoned, annotations, pods: new Map(pods) };
      trials.push(act());
      const tried = shown();
      Object.assign(web, { replicas: before.replicas, ready: before.ready });
      ({ isCordoned, annotations } = before);
      for (const [name, owner] of before.pods) pods.set(name, owner);
      return tried;
    }
    changes.push(act());
    if (!isLosing) return shown();
    isLosing = false;
    return "lost";
  }

  function answer(
    method: string,
    url: URL,
    headers: Readonly<Record<string, unknown>>,
    text: string,
  ) {
    if (headers.authorization !== `Bearer ${TOKEN}`)
      return status(401, "Unauthorized", "Unauthorized");
    if (method !== "GET") return change(method, url, String(headers["content-type"] ?? ""), text);
    const found = discover(url.pathname) ?? look(url.pathname);
    return (
      found ??
      complain(`the server could not find the requested resource: ${url.pathname}`, 404, "NotFound")
    );
  }

  const folder = mkdtempSync(join(tmpdir(), "countersign-kubernetes-"));
  const certificate = createCertificate(folder);
  const server = createServer(certificate, async (request, response) => {
    let text = "";
    for await (const chunk of request) text += String(chunk);
    const url = new URL(request.url ?? "/", "http://cluster");
    const said = answer(request.method ?? "", url, request.headers, text);
    if (said === "lost") {
      request.socket.destroy();
      return;
    }
    response.writeHead(said.status, { "Content-Type": "application/json" });
    response.end(JSON.stringify(said.body));
  });
  const port = await findFreePort();
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const kubeconfig = join(folder, "config");
  writeFileSync(kubeconfig, kubeconfigFor(port, certificate.cert));
  chmodSync(kubeconfig, 0o600);

  return {
    kubeconfig,
    changes,
    trials,
    complaints,
    deployment(name) {
      if (name !== "web") throw new Error(`no deployment ${name}`);
      return web;
    },
    pods: () => [...pods.keys()],
    isCordoned: () => isCordoned,
    forbidChanges: () => {
      mayChange = false;
    },
    loseNextAnswer: () => {
      isLosing = true;
    },
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
        rmSync(folder, { recursive: true, force: true });
      }),
  };
}

/** kubectl shows its token over TLS only. */
function createCertificate(folder: string): { cert: string; key: string } {
  const [cert, key] = [join(folder, "cert.pem"), join(folder, "key.pem")];
  const kind = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  const subject = ["-subj", "/CN=lab", "-addext", "subjectAltName=IP:127.0.0.1"];
  execFileSync(
    "/usr/bin/openssl",
    ["req", ...kind, ...subject, "-days", "2", "-out", cert, "-keyout", key],
    { stdio: "ignore" },
  );
  return { cert: readFileSync(cert, "utf8"), key: readFileSync(key, "utf8") };
}

function kubeconfigFor(port: number, authority: string): string {
  const data = Buffer.from(authority).toString("base64");
  return `apiVersion: v1
kind: Config
clusters:
  - {name: lab, cluster: {server: "https://127.0.0.1:${port}", certificate-authority-data: ${data}}}
users: [{name: countersign, user: {token: ${TOKEN}}}]
contexts: [{name: lab, context: {cluster: lab, user: countersign}}]
current-context: lab
`;
}

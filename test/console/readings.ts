import type { Reads } from "../../src/console/reads.ts";
import { aReport } from "../fakes/reports.ts";

const RUNS = { runs: 12, verified: 9, stillFailing: 2, unknown: 1 };
const NONE = { runs: 0, verified: 0, stillFailing: 0, unknown: 0 };

export const PROSE = `# A service is down

Read the **last** lines of \`journalctl -u <unit>\` first; see [high-cpu.md](high-cpu.md#look-first).

1. **Why?** It may be the disk,
   or the network.
2. Is it alone?
   - one host
   - several

## When not

| Sign | Meaning |
| --- | --- |
| \`a \\| b\` | a bar |

\`\`\`sh
# not a heading
systemctl status nginx.service
\`\`\`
`;

/** What the console reads beside incidents; it keeps account of what was asked for. */
export function createReadings(now: () => Date) {
  const tests: string[] = [];
  const verified: Date[] = [];
  const ago = (ms: number) => new Date(now().getTime() - ms);
  const reads: Reads = {
    runbooks: async () => [
      { ...RUNS, id: "service-down", title: "A service is down", actions: 1 },
      { ...NONE, id: "high-cpu", title: "A processor is busy", actions: 2 },
      { ...NONE, id: "network-errors", title: "A network card reports errors", actions: 0 },
    ],
    runbook: async (id) =>
      id !== "service-down"
        ? null
        : {
            id,
            title: "A service is down",
            sha256: "83d10c4a".repeat(8),
            body: PROSE,
            match: ['alertname = "NginxDown"'],
            known: ["service-down", "high-cpu"],
            actions: [
              {
                ...RUNS,
                id: "restart",
                title: "Restart the service",
                risk: "medium",
                executor: "systemd",
                with: '{"unit": "{{params.unit}}", "verb": "restart"}',
                targets: "web-01, web-02",
                params: ["unit: from labels.name, [a-z@.-]+"],
                medianRecoveryMs: 42_000,
                outcome: { verdict: "ask", why: ["Its runbook declares it medium."] },
              },
            ],
          },
    targets: async () => [
      {
        ...RUNS,
        name: "web-01",
        executor: "ssh",
        host: "ops@192.168.1.101",
        aliases: ["192.168.1.101:9100"],
        labels: ["env=lab"],
        isProtected: false,
        reservedFor: null,
        maintenanceUntil: new Date(now().getTime() + 3_600_000),
      },
      {
        ...NONE,
        name: "nas",
        executor: "systemd",
        host: "localhost",
        aliases: [],
        labels: [],
        isProtected: true,
        reservedFor: null,
        maintenanceUntil: null,
      },
      {
        ...NONE,
        name: "sandbox",
        executor: "command",
        host: "localhost",
        aliases: ["test-instance"],
        labels: [],
        isProtected: false,
        reservedFor: "test-alert",
        maintenanceUntil: null,
      },
    ],
    policy: async () => ({
      hash: "5f2c9be1".repeat(8),
      people: [{ name: "ana", roles: ["viewer", "approver"], channels: ["console", "Telegram"] }],
      rules: [
        { name: "Low risk", text: "runs unasked while auto-healing is on" },
        { name: "High risk", text: "2 of approver, within 15 min, with a reason" },
      ],
      freezes: [{ title: "Friday evening", text: "0 17 * * 5, for 15 h" }],
      actions: [
        {
          runbookId: "service-down",
          title: "Restart the service",
          risk: "medium",
          outcome: { verdict: "ask", why: ["Its runbook declares it medium."] },
        },
        {
          runbookId: "test-alert",
          title: "Remove the marker",
          risk: "low",
          outcome: { verdict: "auto_run", why: ["Low risk, and auto-healing is on."] },
        },
      ],
    }),
    report: async () => ({
      report: aReport(7 * 86_400_000),
      numbers: ["12 (9) came, 11 (9) are over"],
      alt: "Incidents a day",
    }),
    postIncident: () => "# HighCPU\n",
    reportGraph: async () => "<svg/>",
    patterns: async () => ({
      from: new Date(now().getTime() - 30 * 86_400_000),
      to: now(),
      alerts: 214,
      sections: [
        {
          title: "Comes back again and again",
          items: [
            {
              text: "HighLatency on web-03 fired 26 times, 23 of them within 30 min of its end.",
              advice: "With keep_firing_for: 10m in its rule it would have been 3.",
              incidentIds: ["inc_1a2b3c4d5e6f", "inc_0a2b3c4d5e6f"],
            },
          ],
        },
        { title: "Nobody acts on", items: [] },
      ],
      lacking: ["PROMETHEUS_URL is not set: no forecasts."],
    }),
    whatIf: async ({ days }) => ({
      total: days * 3,
      would: { run: 2, ask: 1, refuse: 0, nothing: days * 3 - 3, ignored: 0 },
      was: { run: 0, ask: 2, refuse: 1, nothing: days * 3 - 3, ignored: 0 },
      runs: [{ action: "service-down/restart", target: "web-01", count: 2 }],
      differing: 1,
      differences: [
        {
          at: ago(3_600_000),
          alert: "NginxDown",
          where: "web-01",
          incident: null,
          would: { outcome: "run", title: "Restart the service", target: "web-01", why: null },
          was: {
            outcome: "refuse",
            title: "Restart the service",
            target: null,
            why: '"web-01" is not in the inventory.',
          },
        },
      ],
    }),
    statistics: async () => ({
      days: 30,
      incidents: 214,
      byHour: Array.from({ length: 168 }, (_, hour) =>
        Math.round(
          (((hour * 7919) % 13) / 13) *
            (hour % 24 > 7 && hour % 24 < 20 ? 8 : 3) *
            (hour < 120 ? 1 : 0.4),
        ),
      ),
      ...{ open: 13, runs: { verified: 89, stillFailing: 6, others: 4 }, costUsd: 3.417 },
      noisiest: [{ title: "NginxDown on web-01", count: 42 }],
      acknowledge: { count: 12, medianMs: 95_000, p90Ms: 610_000 },
      decide: { count: 30, medianMs: 48_000, p90Ms: 240_000 },
      recover: { count: 201, medianMs: 184_000, p90Ms: 1_500_000 },
      fixes: { resolved: 201, unasked: 61, approved: 28 },
      costs: {
        dailyUsd: 1,
        month: [
          {
            model: "claude-opus-4-1",
            calls: 210,
            failures: 3,
            incidents: 170,
            input: 900_000,
            output: 80_000,
            cacheRead: 0,
            cacheWrite: 0,
            costUsd: 3.417,
          },
        ],
      },
    }),
    record: async (before) => ({
      entries: [3, 2, 1].map((seq) => ({
        seq: (before ?? 103) - 4 + seq,
        at: ago(60_000 * (4 - seq)),
        kind: "request.pending",
        incidentId: seq === 1 ? null : "inc_nginx",
        text: "Waits for a decision, medium risk",
        hash: String(seq).repeat(64),
      })),
      head: { seq: 102, hash: "c07e51fa".repeat(8) },
      lastAnchor: { seq: 90, at: ago(1_800_000) },
      checked:
        verified.length === 0
          ? null
          : { at: verified.at(-1) ?? now(), entries: 102, firstBroken: null, missed: 0 },
      isChecking: false,
    }),
    verifyRecord: async () => {
      verified.push(now());
    },
    settings: () => [
      { name: "PROMETHEUS_WEBHOOK_PATH", value: "/prometheus/webhook" },
      { name: "TELEGRAM_BOT_TOKEN", value: "set, not shown" },
    ],
    sendTest: async ({ severity, person }) => {
      if (!person.roles.includes("operator")) return { outcome: "refused", text: "takes a role" };
      tests.push(severity);
      return { outcome: "sent", incidentId: "inc_nginx", text: "Sent TestAlert." };
    },
  };
  return { reads, tests, verified };
}

/** Every page that can be opened by its address. */
export const PAGES = [
  "/",
  "/incidents/inc_nginx",
  "/history",
  "/history?words=nginx&within=week&target=web-01",
  "/runbooks",
  "/runbooks/service-down",
  "/targets",
  "/policy",
  "/autonomy",
  "/patterns",
  "/statistics",
  "/what-if",
  "/reports/week",
  "/record",
  "/settings",
  "/test-alert",
  "/sessions",
  "/components",
  "/command",
] as const;

import { Agent, request } from "node:http";

const agent = new Agent({ keepAlive: true });

/** The body Alertmanager would send for one alert that is alone in its group. */
export function webhookBody(labels: Readonly<Record<string, string>>): string {
  return JSON.stringify({
    version: "4",
    groupKey: `{}:${JSON.stringify(labels)}`,
    truncatedAlerts: 0,
    status: "firing",
    receiver: "countersign",
    groupLabels: labels,
    commonLabels: labels,
    commonAnnotations: {},
    externalURL: "http://alertmanager:9093",
    alerts: [
      {
        status: "firing",
        labels,
        annotations: { summary: `${labels.instance} is slow` },
        startsAt: new Date().toISOString(),
        endsAt: "0001-01-01T00:00:00Z",
        generatorURL: "http://prometheus:9090/graph",
      },
    ],
  });
}

/** Returns the moment at which the request was sent, once it is answered. */
export function post(url: string, body: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { "content-type": "application/json" };
    const since = performance.now();
    const sent = request(url, { method: "POST", agent, headers }, (response) => {
      response.resume();
      response.once("end", () => {
        if (response.statusCode === 200) resolve(since);
        else reject(new Error(`${url} answered ${response.statusCode}`));
      });
    });
    sent.once("error", reject);
    sent.end(body);
  });
}

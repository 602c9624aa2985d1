import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createAlertmanager } from "../../src/evidence/alertmanager.ts";
import type { Labels } from "../../src/incident/alert.ts";
import { havePeer } from "../peers.ts";
import { createJourney } from "../responder/journey.ts";
import { webDown } from "../responder/web-down.ts";
import type { Alertmanager } from "./alertmanager.ts";
import { startAlertmanager } from "./alertmanager.ts";

const MINUTE = 60_000;
const RUNBOOK = webDown("{alert: resolved, within: 1m}", "    silence: 5m\n");

interface ListedSilence {
  readonly status: { readonly state: string };
  readonly comment: string;
  readonly createdBy: string;
}

describe.skipIf(!havePeer("alertmanager"))("a real Alertmanager", { timeout: 60_000 }, () => {
  let peer: Alertmanager;

  beforeAll(async () => {
    peer = await startAlertmanager({ webhookUrl: "http://127.0.0.1:1/" });
  }, 60_000);
  afterAll(() => peer?.stop(), 30_000);

  const source = () => createAlertmanager({ url: peer.url, authorization: null });

  async function fires(labels: Labels, endsAt = new Date(Date.now() + 10 * MINUTE)) {
    await source().send({ labels, annotations: {}, startsAt: new Date(), endsAt });
    await expect.poll(() => source().find({ labels })).not.toBeNull();
  }

  const isSilenced = async (labels: Labels) =>
    ((await source().find({ labels }))?.status.silencedBy.length ?? 0) > 0;

  async function silences(): Promise<ListedSilence[]> {
    return (await (await fetch(`${peer.url}/api/v2/silences`)).json()) as ListedSilence[];
  }

  function silenced(labels: Labels, mark: string, forMs = 5 * MINUTE) {
    const from = new Date();
    const until = new Date(from.getTime() + forMs);
    const about = { createdBy: "countersign", comment: `why ${mark}` };
    return source().silence({ labels, from, until, ...about });
  }

  it("keeps quiet about exactly this alert, which still counts as active", async () => {
    const mine = { alertname: "WebDown", service: "web", path: 'a.b|c "quoted" \\d+ {x="1"}' };
    const others = [
      { ...mine, service: "webmail" },
      { ...mine, path: "aXb" },
      { alertname: "WebDown", service: "web" },
    ];
    for (const labels of [mine, ...others]) await fires(labels);

    await silenced(mine, "[countersign sil_1]");

    await expect.poll(() => isSilenced(mine)).toBe(true);
    expect(await Promise.all(others.map(isSilenced))).toEqual([false, false, false]);
    expect(await source().isActive({ labels: mine })).toBe(true);
  });

  it("lifts what bears the mark, and leaves the silences of others", async () => {
    const labels = { alertname: "DiskFull", instance: "web-01:9100" };
    await fires(labels);
    await silenced(labels, "[countersign sil_2]");
    await silenced(labels, "by a person");
    await expect.poll(() => isSilenced(labels)).toBe(true);

    await source().unsilence({ labels, mark: "[countersign sil_2]" });
    await source().unsilence({ labels, mark: "[countersign sil_2]" });

    const states = (await silences())
      .filter(({ comment }) => comment.includes("sil_2") || comment.includes("by a person"))
      .map(({ comment, status }) => `${comment}: ${status.state}`);
    expect(states.sort()).toEqual(["why [countersign sil_2]: expired", "why by a person: active"]);
    expect(await isSilenced(labels)).toBe(true);
    await source().unsilence({ labels, mark: "by a person" });
    await expect.poll(() => isSilenced(labels)).toBe(false);
  });

  it("says why it does not take one", async () => {
    await expect(silenced({ alertname: "x" }, "[countersign sil_3]", -MINUTE)).rejects.toThrow(
      /^Alertmanager answers 400/,
    );
  });

  /** The whole way of one alert, under the machine's own time, with the real one asked at every step. */
  async function journeyWith(service: string, fix: (labels: Labels) => Promise<unknown>) {
    const policy = `targets: {${service}: {executor: command}}\n`;
    const journey = createJourney({ runbook: RUNBOOK, policy });
    journey.jump(Date.now() - journey.now().getTime());
    const labels = { alertname: "WebDown", severity: "critical", service };
    await fires(labels);
    const real = source();
    let wasSilenced = false;
    const alertmanager = {
      ...real,
      silence: async (wanted: Parameters<typeof real.silence>[0]) => {
        await real.silence(wanted);
        await expect.poll(() => isSilenced(labels)).toBe(true);
        wasSilenced = true;
        await fix(labels);
      },
    };
    Object.defineProperty(journey.ports, "alertmanager", { value: alertmanager });
    journey.world.onRun = () => undefined;
    await journey.enableAutohealing();
    await journey.fire({ service });
    await journey.pass(2 * MINUTE);
    expect(wasSilenced).toBe(true);
    expect(journey.runs).toHaveLength(1);
    return { view: (await journey.newest())?.view, labels };
  }

  it("is quiet around a fix that helps; the alert is over though no resolution comes", async () => {
    const { view } = await journeyWith("shop", (labels) =>
      source().send({ labels, annotations: {}, startsAt: new Date(), endsAt: new Date() }),
    );

    expect(view?.verifications).toMatchObject([{ outcome: "verified" }]);
    expect(view?.incident.state).toBe("resolved");
    expect((await silences()).find(({ comment }) => comment.includes("on shop"))).toMatchObject({
      createdBy: "countersign",
      status: { state: "expired" },
    });
  });

  it("is quiet around a fix that does not help, and loud again once that is known", async () => {
    const { view, labels } = await journeyWith("wiki", () => Promise.resolve());

    expect(view?.verifications).toMatchObject([
      { outcome: "still_failing", detail: "Alertmanager still reports the alert" },
    ]);
    await expect.poll(() => isSilenced(labels)).toBe(false);
  });
});

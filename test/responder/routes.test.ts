import { expect, it } from "vitest";
import { ana, openCounter, PEOPLE, TARGETS } from "./counter.ts";
import { createJourney } from "./journey.ts";

const MINUTE = 60_000;
const CHATS = [
  { channel: "telegram", chat: "1" },
  { channel: "slack", chat: "C1" },
];
const OUTGOING = "outgoing: {phone: {url: 'http://phone.lan/'}}\n";
const ROUTES = `alerts:
  ignore: [{alertname: /Info.*/}]
  route:
    - {match: {severity: critical}, to: [telegram, slack, pagerduty, phone]}
    - {match: {service: db}, to: [console]}
    - {match: {}, to: [telegram]}
`;

function open(routes = ROUTES, channels?: readonly string[]) {
  const policy = PEOPLE + TARGETS + OUTGOING + routes;
  const journey = createJourney({ policy, risk: "medium", chats: CHATS, channels });
  const cardsOf = (incidentId: string) =>
    journey.raw
      .prepare<[string], string>("SELECT channel FROM cards WHERE incident_id = ? ORDER BY channel")
      .pluck()
      .all(incidentId);
  return { journey, cardsOf, ...openCounter(journey) };
}
const warning = { severity: "warning" };

it("an alert goes where the first route that fits sends it", async () => {
  const { journey, cardsOf } = open();

  const critical = await journey.fire();
  const minor = await journey.fire({ ...warning, service: "mail" });
  const quiet = await journey.fire({ ...warning, service: "db" });

  expect(cardsOf(critical)).toEqual(["slack", "telegram"]);
  expect(cardsOf(minor)).toEqual(["telegram"]);
  expect(cardsOf(quiet)).toEqual([]);
  expect(journey.world.tellings).toEqual(["pagerduty: firing", "phone: firing"]);
});

it("an incident goes further with an alert that has to, and a restart sends it nowhere else", async () => {
  const { journey, cardsOf } = open();
  const group = { groupKey: "one" };
  const id = await journey.fire({ ...warning, service: "mail" }, group);
  await journey.store.cards.addMissing();
  expect(cardsOf(id)).toEqual(["telegram"]);

  await journey.fire({ service: "web" }, group);

  expect(cardsOf(id)).toEqual(["slack", "telegram"]);
  expect(journey.world.tellings).toEqual(["pagerduty: firing", "phone: firing"]);
});

it.each([
  ["P12 a route to what is not set up", "alerts: {route: [{match: {}, to: [pagerduty]}]}\n"],
  ["P12 a policy that can't be read", "people: 3\n"],
  ["no route at all", ""],
])("%s leaves an alert with every chat", async (_, routes) => {
  const { journey, cardsOf } = open(routes, ["telegram", "slack"]);

  expect(cardsOf(await journey.fire())).toEqual(["slack", "telegram"]);
  expect(journey.world.tellings).toEqual([]);
});

it("an ignored alert makes no incident, and ends one that was there before", async () => {
  const { journey } = open("");
  const id = await journey.fire({ alertname: "InfoInhibitor" });
  journey.writePolicy(PEOPLE + TARGETS + OUTGOING + ROUTES);

  const none = await journey.fire({ alertname: "InfoOther", service: "mail" });
  await journey.resolve({ alertname: "InfoInhibitor" });

  expect(none).toBe("");
  expect((await journey.store.views.incident(id))?.incident.state).toBe("resolved");
});

it("a place is told of the beginning, of who has it, and of the end, each once", async () => {
  const { journey, desk } = open();
  const id = await journey.fire();
  await desk.chat.acknowledge(id, ana);
  await journey.settle();
  await journey.restart();
  await journey.pass(10 * MINUTE);
  await journey.resolve();
  await journey.pass(10 * MINUTE);

  expect(journey.world.tellings.filter((line) => line.startsWith("phone"))).toEqual([
    "phone: firing",
    "phone: acknowledged",
    "phone: resolved",
  ]);
});

it("a place that can't be reached is told later, and not of what is over by then", async () => {
  const { journey } = open();
  journey.world.place = { outcome: "later", why: "away" };
  await journey.fire();
  const tries = journey.world.tellings.length;
  await journey.pass(MINUTE);
  expect(journey.world.tellings.length).toBeGreaterThan(tries);

  await journey.resolve();
  journey.world.tellings.length = 0;
  journey.world.place = { outcome: "accepted" };
  await journey.pass(60 * MINUTE);

  expect(journey.world.tellings).toEqual([]);
});

it("a place that was away is told once it is back, and never for more than a few hours in a row", async () => {
  const { journey } = open();
  journey.world.place = { outcome: "later", why: "away" };
  await journey.fire();
  await journey.pass(2 * MINUTE);
  journey.world.tellings.length = 0;
  journey.world.place = { outcome: "accepted" };
  await journey.pass(5 * MINUTE);
  expect(journey.world.tellings.toSorted()).toEqual(["pagerduty: firing", "phone: firing"]);

  const other = open();
  other.journey.world.place = { outcome: "later", why: "away" };
  await other.journey.fire();
  await other.journey.pass(24 * 60 * MINUTE);
  expect(other.journey.world.tellings.length).toBeLessThan(200);
});

it("a drill is told to the chats, and to nobody outside", async () => {
  const { journey, cardsOf } = open();

  const id = await journey.fire({}, { source: "drill" });

  expect(cardsOf(id)).toEqual(["slack", "telegram"]);
  expect(journey.world.tellings).toEqual([]);
});

it("what is forgotten is forgotten with what was told of it", async () => {
  const { journey } = open();
  await journey.fire();
  await journey.resolve();
  await journey.pass(60 * MINUTE);

  await journey.store.retention.forget(journey.now());

  expect(journey.raw.prepare("SELECT count(*) FROM tellings").pluck().get()).toBe(0);
});

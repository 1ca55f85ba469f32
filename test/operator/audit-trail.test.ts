import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { calmReport } from "./fake-backend.js";
import { type Rig, startRig } from "./rig.js";

let rig: Rig;
beforeEach(async () => {
  rig = await startRig();
});
afterEach(() => rig.close());

test("records who asked for what under which role, lease and epoch, and what became of it", async () => {
  const { token, record } = rig.tokens.make({ name: "Ada", role: "operator", hours: 1 });
  const client = await rig.raw({ token });
  client.send({ type: "take-control", id: 1, name: "Ada" });
  const { lease } = await client.next("control-granted");
  client.send({ type: "home", id: 2, lease, sequence: 1 });
  await client.next("accepted");
  client.send({ type: "stop", id: 3, reason: "hand in the way" });
  await client.next("accepted");
  const asked = rig.backend.audit.filter(({ who }) => who === "Ada");
  assert.deepEqual(
    asked.map((entry) => [entry.what, entry.lease, entry.detail, entry.result]),
    [
      ["control", null, "Ada took control", ""],
      ["take-control", lease, "", "accepted"],
      ["home", lease, "", "accepted"],
      ["stop", null, "reason: hand in the way", "accepted"],
    ],
  );
  assert.deepEqual(
    asked.slice(1).map((entry) => [entry.token, entry.role, entry.epoch]),
    Array.from({ length: 3 }, () => [record.id, "operator", 1]),
  );
  assert.ok(!JSON.stringify(rig.backend.audit).includes(token), "a token is never recorded");
});

test("records hold-to-run, changes of mode with their reason, tokens and connections that are turned away", async () => {
  const client = await rig.raw();
  client.send({ type: "take-control", id: 1 });
  const { lease } = await client.next("control-granted");
  for (const [sequence, held] of [true, true, false].entries()) {
    client.send({ type: "renew", id: 2, lease, sequence, seen: 1, held });
  }
  client.send({ type: "status", id: 3 });
  await client.next("status");
  const stops = [{ code: "operator-stop", detail: "Ada: hand", hint: "", at: 0, latched: true }];
  rig.backend.arm.next(calmReport({ mode: "fault", stops }));
  await assert.rejects(rig.raw({ token: "x".repeat(43) }));
  const results = (what: string) =>
    rig.backend.audit.filter((entry) => entry.what === what).map(({ detail, result }) => `${detail} ${result}`);
  assert.deepEqual(results("hold-to-run"), ["pressed accepted", "let go accepted"]);
  assert.ok(results("mode").includes("hold to fault: Ada: hand operator-stop"));
  assert.equal(results("connection").length, 1);
  assert.equal(results("token").length, 1);
});

test("of a run of equal refusals the first is recorded, and what programs ask all the time is not", async () => {
  const client = await rig.raw();
  for (let id = 1; id <= 5; id += 1) {
    await client.ask({ type: "home", id, lease: 1, sequence: id });
    client.send({ type: "status", id });
    await client.next("status");
  }
  const asked = rig.backend.audit.filter(({ role }) => role !== null);
  assert.deepEqual(
    asked.map(({ what, result }) => [what, result]),
    [["home", "lease-lapsed"]],
  );
});

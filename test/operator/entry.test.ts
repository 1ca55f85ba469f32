import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { readToken } from "../../daemon/operator/token.js";
import { FakeBackend } from "./fake-backend.js";
import { type Rig, startRig } from "./rig.js";

const HOUR = 3_600_000;
let rig: Rig;
let wallTime: number;
beforeEach(async () => {
  wallTime = Date.parse("2026-01-01T08:00:00Z");
  rig = await startRig(new FakeBackend(), 0, "127.0.0.1", () => wallTime);
});
afterEach(() => rig.close());

test("welcome says what the token allows", async () => {
  const { token } = rig.tokens.make({ name: "Sue", role: "supervisor", hours: 1 });
  const client = await rig.raw({ token });
  const welcome = await client.next("welcome");
  assert.deepEqual([welcome.role, welcome.stopOnly], ["supervisor", false]);
});

test("a token that expires ends control at once and leaves the stop", async () => {
  const { token } = rig.tokens.make({ name: "Ada", role: "operator", hours: 1 });
  const client = await rig.raw({ token });
  client.send({ type: "take-control", id: 1 });
  await client.next("control-granted");
  wallTime += HOUR;
  assert.equal((await client.next("refused")).code, "token-expired");
  assert.equal(rig.backend.count("operator-gone"), 1);
  assert.equal((await client.ask({ type: "take-control", id: 2 })).code, "token-expired");
  client.send({ type: "stop", id: 3 });
  assert.equal((await client.next("accepted")).id, 3);
  assert.equal(rig.backend.count("stop"), 1);
});

test("an expired token still gets in to stop, by handshake or by message; a revoked one does not", async () => {
  const { token, record } = rig.tokens.make({ name: "Ada", role: "operator", hours: 1 });
  wallTime += HOUR;
  const client = await rig.raw({ token });
  assert.equal((await client.next("welcome")).stopOnly, true);
  assert.equal((await client.ask({ type: "status", id: 1 })).code, "token-expired");
  client.send({ type: "stop", id: 2 });
  await client.next("accepted");
  const second = await rig.raw({ token: null });
  second.send({ type: "authenticate", id: 1, token });
  assert.equal((await second.next("welcome")).stopOnly, true);
  rig.tokens.revoke(record.id);
  await assert.rejects(rig.raw({ token }));
});

test("a token that is taken back ends its connections", async () => {
  const { token, record } = rig.tokens.make({ name: "Ada", role: "operator", hours: 1 });
  const client = await rig.raw({ token });
  rig.tokens.revoke(record.id);
  assert.equal((await client.next("refused")).code, "bad-token");
  assert.equal((await client.closed).code, 1008);
});

test("the daemon's own token is replaced when it expires", async () => {
  wallTime += 12 * HOUR;
  while (readToken(rig.tokenFile) === rig.token) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const client = await rig.raw({ token: readToken(rig.tokenFile) });
  assert.equal((await client.next("welcome")).stopOnly, false);
});

test("a supervisor takes over while somebody is in control; an operator may not", async () => {
  const ada = await rig.raw({ token: rig.tokens.make({ name: "Ada", role: "operator", hours: 1 }).token });
  ada.send({ type: "take-control", id: 1, name: "Ada" });
  const { lease } = await ada.next("control-granted");
  const ben = await rig.raw({ token: rig.tokens.make({ name: "Ben", role: "operator", hours: 1 }).token });
  assert.equal((await ben.ask({ type: "take-over", id: 1 })).code, "not-your-role");
  const sue = await rig.raw({ token: rig.tokens.make({ name: "Sue", role: "supervisor", hours: 1 }).token });
  sue.send({ type: "take-over", id: 1, name: "Sue" });
  assert.ok((await sue.next("control-granted")).lease > lease);
  assert.equal((await ada.ask({ type: "home", id: 2, lease, sequence: 1 })).code, "no-control");
  assert.deepEqual(
    rig.backend.calls.map((call) => (call.kind === "beat" ? call.role : call.kind)),
    ["operator", "operator-gone", "supervisor"],
  );
});

test("a supervisor allows motion without hold-to-run", async () => {
  const sue = await rig.raw({ token: rig.tokens.make({ name: "Sue", role: "supervisor", hours: 1 }).token });
  sue.send({ type: "allow-unattended", id: 1, allowed: true });
  assert.equal((await sue.next("accepted")).id, 1);
  assert.equal(rig.backend.calls[0]?.kind, "allow-unattended");
});

test("with 64 clients connected, one more can still stop, but nothing else", async () => {
  await Promise.all(Array.from({ length: 64 }, () => rig.raw()));
  const late = await rig.raw();
  assert.equal((await late.next("welcome")).stopOnly, true);
  assert.equal((await late.ask({ type: "status", id: 1 })).code, "full");
  late.send({ type: "stop", id: 2 });
  assert.equal((await late.next("accepted")).id, 2);
  await assert.rejects(rig.raw({ token: null }), "without a token there is no room");
});

test("handshakes without a good token are limited, others are not kept out by them", async () => {
  const strangers = await Promise.allSettled(Array.from({ length: 60 }, () => rig.raw({ token: "x".repeat(43) })));
  assert.ok(strangers.every(({ status }) => status === "rejected"));
  await assert.rejects(rig.raw({ token: null }));
  const client = await rig.raw();
  client.send({ type: "stop", id: 1 });
  await client.next("accepted");
});

import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { readToken } from "../../daemon/operator/token.js";
import { TokenStore } from "../../daemon/operator/token-store.js";
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
  // The rest goes by on the monotonic clock, which this test does not hold.
  wallTime += HOUR - 500;
  const client = await rig.raw({ token });
  client.send({ type: "take-control", id: 1 });
  await client.next("control-granted");
  assert.equal((await client.next("refused")).code, "token-expired");
  assert.equal(rig.backend.count("operator-gone"), 1);
  assert.equal((await client.ask({ type: "take-control", id: 2 })).code, "token-expired");
  client.send({ type: "stop", id: 3 });
  assert.equal((await client.next("accepted")).id, 3);
  assert.equal(rig.backend.count("stop"), 1);
});

/** Resolves once the daemon has looked at the tokens and found one to stand so, by the wall clock. */
async function untilToken(id: string, standing: string): Promise<void> {
  const found = (): string | undefined =>
    rig.backend.audit.findLast(({ what, detail }) => what === "token" && detail.startsWith(id))?.result;
  while (found() !== standing) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

test("HO-09: a wall clock that jumps by hours, by years, to 1970 and back ends no session; new ones are judged by it", async () => {
  const { token, record } = rig.tokens.make({ name: "Ada", role: "operator", hours: 1 });
  const client = await rig.raw({ token });
  const start = wallTime;
  for (const [jump, standing] of [
    [HOUR, "expired"],
    [0, "good"],
    [-HOUR, "good"],
    [400 * 24 * HOUR, "expired"],
    [-start, "good"],
    [400 * 24 * HOUR, "expired"],
    [0, "good"],
  ] as const) {
    wallTime = start + jump;
    await untilToken(record.id, standing);
    client.send({ type: "take-control", id: 1 });
    await client.next("control-granted");
    const other = await rig.raw({ token });
    assert.equal((await other.next("welcome")).stopOnly, standing === "expired");
    other.socket.close();
  }
  assert.ok(client.received.every(({ type }) => type !== "refused"));
});

test("HO-09: a session that began while the wall clock stood at 1970 lasts 12 hours at most", () => {
  const store = new TokenStore(join(dirname(rig.tokenFile), "others.json"), () => wallTime);
  const { record } = store.make({ name: "Ada", role: "operator", hours: 1 });
  wallTime = 0;
  const admitted = store.admit(record, 50);
  assert.equal(admitted.until, 50 + 12 * 3600);
  assert.equal(store.review(admitted, admitted.until - 1), admitted);
  assert.equal(store.review(admitted, admitted.until), "expired");
});

test("a session follows its token's end where somebody sets it anew, and ends where it is taken back", () => {
  const store = new TokenStore(join(dirname(rig.tokenFile), "others.json"), () => wallTime);
  const { token, record } = store.make({ name: "Ada", role: "operator", hours: 1 });
  const admitted = store.admit(record, 50);
  assert.equal(store.review(admitted, 50 + 3600), "expired");
  wallTime += HOUR / 2;
  store.make({ name: "Ada", role: "operator", hours: 1 }, token);
  const renewed = store.review(admitted, 50 + 1800);
  assert.ok(typeof renewed === "object");
  assert.equal(renewed.until, 50 + 1800 + 3600);
  store.revoke(record.id);
  assert.equal(store.review(renewed, 50 + 1800), "revoked");
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

import assert from "node:assert/strict";
import { test } from "node:test";
import { LEASE_TTL } from "../../daemon/operator/authority.js";
import { ControlDesk, type DeskClient } from "../../daemon/operator/control-desk.js";
import type { ServerMessage } from "../../daemon/operator/server-message.js";
import { StateFeed } from "../../daemon/operator/state-feed.js";
import { calmReport, FakeBackend } from "./fake-backend.js";

const ADA: DeskClient = { number: 1, name: "Ada", role: "operator" };

/** A desk on a clock that stands until the test moves it. */
function startDesk() {
  const backend = new FakeBackend();
  const clock = { at: 100, now: () => clock.at };
  const states = new StateFeed(backend.streams.arm, () => clock.at);
  const changes: (string | null)[] = [];
  const desk = new ControlDesk(backend, clock, states, (holder) => changes.push(holder?.name ?? null));
  const granted = desk.take(ADA, 1);
  assert.ok(granted.type === "control-granted");
  return { backend, clock, states, desk, changes, lease: granted.lease };
}

function codeOf(message: ServerMessage | null): string | null {
  return message?.type === "refused" ? message.code : (message?.type ?? null);
}

test("taking control counts as the first beat; lease numbers start above those of an earlier run", () => {
  const { backend, lease } = startDesk();
  assert.equal(lease, 100_001);
  assert.deepEqual(backend.calls, [{ kind: "beat", lease, role: "operator", held: false }]);
});

test("beats keep the lease; without them it lapses once, and the daemon is told once", async () => {
  const { backend, clock, desk, states, changes, lease } = startDesk();
  for (let sequence = 1; sequence <= 30; sequence += 1) {
    clock.at += 0.1;
    backend.arm.next(calmReport());
    const seen = states.latest?.sequence ?? 0;
    assert.equal(await desk.handle(ADA, { type: "renew", id: sequence, lease, sequence, seen, held: false }), null);
  }
  assert.equal(desk.holder?.name, "Ada");
  clock.at += LEASE_TTL + 0.01;
  desk.expire();
  desk.expire();
  assert.equal(desk.holder, null);
  assert.equal(backend.count("operator-gone"), 1);
  assert.deepEqual(changes, ["Ada", null]);
});

test("OP-06: whoever is in control of an arm that something else drives has to take control anew", () => {
  const { backend, desk, changes, lease } = startDesk();
  const holder = () => desk.holder?.name;
  const stop = (code: string, at: number) => ({ code, detail: "it is in move_J", hint: "", at, latched: true });
  backend.arm.next(calmReport({ stops: [stop("operator-stop", 101)] }));
  assert.equal(holder(), "Ada", "any other stop leaves control where it is");
  backend.arm.next(calmReport({ mode: "fault", stops: [stop("foreign-motion", 102)] }));
  assert.equal(holder(), undefined);
  assert.equal(backend.count("operator-gone"), 1);
  const again = desk.take(ADA, 2);
  assert.ok(again.type === "control-granted" && again.lease > lease);
  backend.arm.next(calmReport({ mode: "fault", stops: [stop("foreign-motion", 102)] }));
  assert.equal(holder(), "Ada", "once for each time");
  backend.arm.next(calmReport({ mode: "fault", stops: [stop("foreign-motion", 103)] }));
  assert.deepEqual(changes, ["Ada", null, "Ada", null]);
});

test("OP-06: what drove the arm before a daemon came takes control from nobody", () => {
  const backend = new FakeBackend();
  const foreign = { code: "foreign-motion", detail: "it is in move_J", hint: "", at: 99, latched: true };
  backend.arm.next(calmReport({ mode: "fault", stops: [foreign] }));
  const states = new StateFeed(backend.streams.arm, () => 100);
  const desk = new ControlDesk(backend, { now: () => 100 }, states, () => undefined);
  desk.take(ADA, 1);
  backend.arm.next(calmReport({ mode: "fault", stops: [foreign] }));
  assert.equal(desk.holder?.name, "Ada");
  assert.equal(backend.count("operator-gone"), 0);
});

test("a frozen view beats in vain: the beats do not pass on, and the lease lapses", async () => {
  const { backend, clock, desk, states, lease } = startDesk();
  const seen = states.latest?.sequence ?? 0;
  const codes: (string | null)[] = [];
  for (let sequence = 1; sequence <= 20; sequence += 1) {
    clock.at += 0.1;
    backend.arm.next(calmReport());
    codes.push(codeOf(await desk.handle(ADA, { type: "renew", id: sequence, lease, sequence, seen, held: false })));
  }
  // One beat from taking control, then those within half a second of the state they echo.
  assert.equal(backend.count("beat"), 1 + codes.filter((code) => code === null).length);
  assert.ok(codes.filter((code) => code === null).length <= 5);
  assert.ok(codes.includes("stale-view"));
  assert.equal(codes.at(-1), "lease-lapsed");
});

test("a daemon that does not answer is reported after five seconds", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const { backend, desk, lease } = startDesk();
  backend.onRequest = () => new Promise(() => undefined);
  const reply = desk.handle(ADA, { type: "home", id: 2, lease, sequence: 1 });
  context.mock.timers.tick(5000);
  assert.equal(codeOf(await reply), "no-answer");
});

test("letting go counts also from a frozen view; pressing does not", async () => {
  const { backend, clock, desk, states, lease } = startDesk();
  const seen = states.latest?.sequence ?? 0;
  const beat = (sequence: number, held: boolean): Promise<ServerMessage | null> =>
    desk.handle(ADA, { type: "renew", id: sequence, lease, sequence, seen, held });
  assert.equal(await beat(1, true), null);
  clock.at += 0.6;
  backend.arm.next(calmReport());
  assert.equal(codeOf(await beat(2, false)), "stale-view");
  assert.deepEqual(backend.calls.at(-1), { kind: "beat", lease, role: "operator", held: false });
  const count = backend.count("beat");
  assert.equal(codeOf(await beat(3, true)), "stale-view");
  assert.equal(backend.count("beat"), count);
});

test("a supervisor takes over: the former lease ends first, then a higher one begins", () => {
  const { backend, desk, changes, lease } = startDesk();
  const granted = desk.takeOver({ number: 2, name: "Sue", role: "supervisor" }, 9);
  assert.ok(granted.type === "control-granted" && granted.lease > lease);
  assert.deepEqual(changes, ["Ada", null, "Sue"]);
  assert.deepEqual(backend.calls.slice(1), [
    { kind: "operator-gone", reason: "Sue took control from Ada" },
    { kind: "beat", lease: granted.lease, role: "supervisor", held: false },
  ]);
});

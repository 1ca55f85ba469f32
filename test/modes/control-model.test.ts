import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isMoving, transition } from "../../daemon/modes/mode-machine.js";
import { AT_START, type ModeEvent, type ModeState, type Senses } from "../../daemon/modes/mode-state.js";
import { type Authority, admit, endLease, nobodyInControl, takeControl } from "../../daemon/operator/authority.js";

const GOOD: Senses = {
  ...{ operator: true, unattended: true, guardian: true, fresh: true },
  ...{ near: true, button: true, leader: false, ready: false },
  ...{ healthy: true, sound: true, settled: true, inside: true, still: true },
};
/** What may be on its way from the daemon to the arm process at once; a stop waits behind none of it. */
const MOST_ON_THE_WAY = 2;
/** Leases that are looked at: enough for each client to have had two. */
const MOST_LEASES = 5;

/** Two clients, the shipped authority of the daemon, the socket, and the shipped machine of the arm process. */
interface World {
  /** null while the daemon is down. */
  readonly daemon: Authority | null;
  /** The lease that each client believes in. */
  readonly clients: readonly (number | null)[];
  readonly onTheWay: readonly ModeEvent[];
  readonly arm: ModeState;
  /** The highest lease number that any daemon has given. */
  readonly given: number;
}

const START: World = { daemon: nobodyInControl(0), clients: [null, null], onTheWay: [], arm: AT_START, given: 0 };

interface Move {
  readonly name: string;
  readonly world: World;
}

/** Everything that can happen next. */
function* moves(world: World): Generator<Move> {
  const { daemon, clients, onTheWay, arm, given } = world;
  const toArm = (name: string, event: ModeEvent, rest: Partial<World> = {}): Move => ({
    name,
    world: { ...world, ...rest, arm: transition(arm, event, GOOD).state },
  });
  const send = (name: string, events: readonly ModeEvent[], rest: Partial<World> = {}): Move => ({
    name,
    world: { ...world, ...rest, onTheWay: [...onTheWay, ...events] },
  });
  const [first, ...later] = onTheWay;
  if (first !== undefined) {
    yield toArm(`${first.kind} arrives`, first, { onTheWay: later });
  }
  yield toArm("a stop", { kind: "stop", acknowledgedBy: "operator" });
  yield toArm("the link comes up", { kind: "link-up" });
  yield toArm("the operator falls silent", { kind: "rest" });
  if (daemon === null) {
    // A daemon starts above every number of an earlier run (its clock), and the arm process knows that it is another.
    yield { name: "a daemon starts", world: { ...world, daemon: nobodyInControl(given), clients: [null, null] } };
    return;
  }
  yield toArm("the daemon dies", { kind: "daemon-lost" }, { daemon: null, onTheWay: [] });
  if (onTheWay.length >= MOST_ON_THE_WAY) {
    return;
  }
  for (const [client, lease] of clients.entries()) {
    const believes = (number: number | null): World["clients"] => clients.with(client, number);
    const take = (authority: Authority, before: readonly ModeEvent[], name: string): Move | null => {
      const taken = takeControl(authority, client, `client ${client}`, 0);
      if (taken.kind === "refused" || taken.lease.number > MOST_LEASES) {
        return null;
      }
      const { number } = taken.lease;
      const beat: ModeEvent = { kind: "beat", lease: number, role: "supervisor", held: false };
      const rest = { daemon: taken.authority, clients: believes(number), given: Math.max(given, number) };
      return send(name, [...before, beat], rest);
    };
    const taking = take(daemon, [], `client ${client} takes control`);
    const over = take(endLease(daemon), [{ kind: "operator-gone" }], `client ${client} takes over`);
    yield* [taking, over].filter((move) => move !== null);
    if (daemon.lease?.client === client) {
      const lapsed = { daemon: endLease(daemon) };
      yield send(`client ${client} lapses`, [{ kind: "operator-gone" }], lapsed);
    }
    if (lease !== null) {
      // The client asks with what it believes in, be it old; only the daemon's check is in the way.
      const admission = admit(daemon, client, lease, (daemon.lease?.sequence ?? -1) + 1);
      if (admission.kind === "admitted") {
        for (const kind of ["engage", "home", "follow-policy", "hold", "acknowledge"] as const) {
          yield send(`client ${client} asks to ${kind}`, [{ kind, lease }]);
        }
        yield send(`client ${client} beats`, [{ kind: "beat", lease, role: "supervisor", held: false }]);
      }
    }
  }
}

function keyOf({ daemon, clients, onTheWay, arm }: World): string {
  const { mode, control, fence, under, latch } = arm;
  const lease = daemon === null ? "down" : `${daemon.lastNumber} ${daemon.lease?.number} ${daemon.lease?.client}`;
  const way = onTheWay.map((event) => `${event.kind} ${"lease" in event ? event.lease : ""}`).join();
  return `${lease} | ${clients.join()} | ${way} | ${mode} ${control?.lease} ${fence} ${under} ${latch}`;
}

/** What must hold of every world. */
function flawOf({ daemon, onTheWay, arm, given }: World): string | null {
  if (isMoving(arm.mode) && arm.under !== arm.control?.lease) {
    return "it moves under a lease that is not in control";
  }
  if (arm.control !== null && arm.control.lease > given) {
    return "a lease is in control that was never given";
  }
  if (isMoving(arm.mode) && onTheWay.length === 0 && arm.under !== daemon?.lease?.number) {
    return "everything has arrived, and it moves for somebody whom the daemon does not know in control";
  }
  return null;
}

describe("model check of leases across daemon, socket and arm process", () => {
  it("one lease in control in every order of messages, take-overs, stops and crashes", (context) => {
    const seen = new Set([keyOf(START)]);
    const queue: { readonly world: World; readonly way: readonly string[] }[] = [{ world: START, way: [] }];
    const moving = new Set<number>();
    let edges = 0;
    for (let at = queue.shift(); at !== undefined; at = queue.shift()) {
      for (const { name, world } of moves(at.world)) {
        edges += 1;
        const way: readonly string[] = [...at.way, name];
        assert.equal(flawOf(world), null, way.join(", "));
        if (isMoving(world.arm.mode) && typeof world.arm.under === "number") {
          moving.add(world.arm.under);
        }
        const before = at.world.arm;
        const newControl = world.arm.control?.lease !== before.control?.lease;
        assert.ok(!newControl || !isMoving(world.arm.mode), `control changes and it moves on: ${way.join(", ")}`);
        const key = keyOf(world);
        if (!seen.has(key)) {
          seen.add(key);
          queue.push({ world, way });
        }
      }
    }
    context.diagnostic(`${seen.size} states, ${edges} transitions`);
    assert.ok(moving.size >= MOST_LEASES - 1, "both clients get to move the arm, again and again");
  });
});

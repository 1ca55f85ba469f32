import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { JOINT_FAULTS, SYSTEM_FAULTS } from "../../daemon/guard/fault-codes.js";
import type { ArmState } from "../../daemon/types/arm-state.js";
import { ROLES, type Role } from "../../daemon/types/role.js";
import { LEASE, Supervised } from "./supervised.js";

const ACKNOWLEDGE = { kind: "acknowledge", reason: "looked at it" } as const;

/** A supervisor in each mode in which something may be under way, or nothing. */
const IN_MODE: Readonly<Record<string, () => Supervised>> = {
  standby: () => new Supervised().connected(),
  hold: () => new Supervised().engaged(),
  homing: () => {
    const bench = new Supervised().engaged();
    bench.request({ kind: "home" });
    return bench.pass(0.3);
  },
  policy: () => {
    const bench = new Supervised().following();
    bench.give(bench.chunk(0.02));
    return bench.pass(0.2);
  },
  align: () => {
    const bench = new Supervised({ enabling: "operator" }).engaged();
    bench.withLeader([0.2, 0, 0, 0, 0, 0, 0]);
    bench.request({ kind: "teleop", clutch: false });
    return bench.pass(0.02);
  },
  teleop: () => {
    const bench = new Supervised().engaged().withLeader();
    bench.pass(0.6).button = true;
    return bench.pass(0.1).leads(0, 3, 20);
  },
};

/** Every code of the tables and one of neither, as the arm reports it. */
const FAULTS: readonly { readonly name: string; readonly changes: Partial<ArmState>; readonly role: Role }[] = [
  ...[...SYSTEM_FAULTS].map(([code, { acknowledgedBy }]) => ({
    name: `0x${code.toString(16)}`,
    changes: { systemErrors: [code] },
    role: acknowledgedBy,
  })),
  ...[...JOINT_FAULTS].map(([bits, { acknowledgedBy }]) => ({
    name: `J4 0x${bits.toString(16)}`,
    changes: { jointErrors: [0, 0, 0, bits, 0, 0, 0] },
    role: acknowledgedBy,
  })),
  { name: "unknown", changes: { systemErrors: [0x1017] }, role: "supervisor" },
];

/** One of each role, a bit of a joint, and one that nobody knows: the guard's tests have every code in every mode. */
const SAMPLE = FAULTS.filter(({ name }) => ["0x5003", "0x100d", "0x1005", "J4 0x8", "unknown"].includes(name));

/** The arm clears its error by itself, and is believed after a second. */
function heal(bench: Supervised): Supervised {
  bench.state = { ...bench.state, systemErrors: [], jointErrors: [0, 0, 0, 0, 0, 0, 0] };
  bench.pass(0.05);
  bench.now += 1.1;
  bench.report();
  return bench;
}

describe("AR-01: an error of the arm", () => {
  for (const [mode, prepare] of Object.entries(IN_MODE)) {
    it(`in ${mode}: the stop is the next thing on the wire and nothing follows it, latched for its role`, () => {
      for (const { name, changes, role } of mode === "standby" ? FAULTS : SAMPLE) {
        const bench = prepare();
        assert.equal(bench.supervisor.mode, mode);
        const count = bench.wire.length;
        bench.report(changes);
        heal(bench);
        assert.equal(bench.supervisor.mode, "fault", name);
        assert.deepEqual(bench.wire[count], { kind: "stop", stop: "quick" }, name);
        assert.ok(
          bench.wire.slice(count).every((item) => item.kind === "stop"),
          name,
        );
        const lower = ROLES[ROLES.indexOf(role) - 1] ?? "viewer";
        bench.beat(false, LEASE + 1, lower);
        assert.match(bench.request(ACKNOWLEDGE, LEASE + 1).reason, new RegExp(`your role .* it takes a ${role}`), name);
        bench.beat(false, LEASE + 2, role);
        assert.deepEqual(bench.request(ACKNOWLEDGE, LEASE + 2).reason, "", name);
      }
    });
  }

  it("that only a fault of this program can cause is told as one, once; others are not", () => {
    const told = FAULTS.flatMap(({ name, changes }) => {
      const bench = new Supervised().engaged();
      bench.report(changes);
      bench.report(changes);
      return bench.ownFaults.map((detail) => [name, /report it as a fault of this program/.test(detail)]);
    });
    assert.deepEqual(told, [
      ["0x1007", true],
      ["0x1009", true],
      ["0x100a", true],
      ["J4 0x4000", true],
    ]);
  });

  it("that comes while a milder one is latched needs the higher role; a milder one than is latched does not change it", () => {
    const bench = new Supervised({ role: "operator" }).engaged();
    bench.report({ systemErrors: [0x5003] });
    const stopsSent = bench.wire.filter(({ kind }) => kind === "stop").length;
    bench.report({ systemErrors: [0x5003, 0x1005] });
    bench.report({ systemErrors: [0x100d] });
    assert.equal(bench.wire.filter(({ kind }) => kind === "stop").length, stopsSent, "it stands already");
    assert.deepEqual(
      bench.stops.map(({ code, detail, latched }) => [code, latched, /0x1005/.test(detail)]),
      [
        ["arm-fault", true, false],
        ["arm-fault", true, true],
      ],
    );
    heal(bench).beat();
    assert.match(bench.request(ACKNOWLEDGE).reason, /it takes a maintainer/);
    bench.beat(false, LEASE + 1, "maintainer");
    assert.equal(bench.request(ACKNOWLEDGE, LEASE + 1).ok, true);
  });

  it("may be acknowledged by whoever is in control and has the role, and by nobody else", () => {
    const bench = new Supervised({ role: "operator" }).engaged();
    assert.equal(bench.supervisor.mayAcknowledge(LEASE), true, "nothing is latched");
    bench.report({ systemErrors: [0x100d] });
    assert.equal(bench.supervisor.mayAcknowledge(LEASE), false);
    bench.beat(false, LEASE + 1, "supervisor");
    assert.equal(bench.supervisor.mayAcknowledge(LEASE), false, "an old lease");
    assert.equal(bench.supervisor.mayAcknowledge(LEASE + 1), true);
  });
});

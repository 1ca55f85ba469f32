import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { followRules } from "../../daemon/modes/follow-rules.js";
import { isEngaged, isMoving, transition, whyNot } from "../../daemon/modes/mode-machine.js";
import {
  AT_START,
  type ModeEvent,
  type ModeState,
  type RequestKind,
  type Senses,
} from "../../daemon/modes/mode-state.js";
import { type Effect, type Need, RULES, type Rules } from "../../daemon/modes/rules.js";
import type { Mode } from "../../daemon/types/mode.js";
import type { Role } from "../../daemon/types/role.js";

const MODES: readonly Mode[] = [
  ...(["disconnected", "standby", "hold", "homing", "policy", "align", "teleop", "recovery", "fault"] as const),
];
const LEASE = 7;
const GOOD: Senses = {
  ...{ operator: true, unattended: false, guardian: true, fresh: true },
  ...{ near: true, button: true, leader: true, ready: true },
  ...{ healthy: true, sound: true, settled: true, inside: true, still: true },
};

/** Everything as it should be in a mode, hold-to-run pressed. */
function inMode(mode: Mode, change: Partial<ModeState> = {}): ModeState {
  return {
    ...AT_START,
    ...{ mode, epoch: 5, fence: LEASE, control: { lease: LEASE, role: "operator", held: true }, pressed: true },
    ...{ gripHeld: true, gripped: true },
    under: mode === "teleop" ? "button" : isMoving(mode) ? LEASE : null,
    latch: mode === "fault" || mode === "recovery" ? "operator" : null,
    ...change,
  };
}

const beat = (lease: number, held: boolean, role: Role = "operator"): ModeEvent => ({
  kind: "beat",
  lease,
  role,
  held,
});
const EVENTS: Readonly<Record<string, ModeEvent>> = {
  "link-up": { kind: "link-up" },
  "link-lost": { kind: "link-lost" },
  stop: { kind: "stop", acknowledgedBy: "operator" },
  rest: { kind: "rest" },
  "home-reached": { kind: "home-reached" },
  "stream-ended": { kind: "stream-ended" },
  tick: { kind: "tick" },
  beat: beat(LEASE, true),
  "letting go": beat(LEASE, false),
  "another lease": beat(LEASE + 1, true),
  "an old lease": beat(LEASE - 1, true),
  "operator-gone": { kind: "operator-gone" },
  "daemon-lost": { kind: "daemon-lost" },
  lead: { kind: "lead" },
  grip: { kind: "grip", held: true },
  "letting loose": { kind: "grip", held: false },
  "leader-gone": { kind: "leader-gone" },
  engage: { kind: "engage", lease: LEASE },
  "follow-policy": { kind: "follow-policy", lease: LEASE },
  home: { kind: "home", lease: LEASE },
  teleop: { kind: "teleop", lease: LEASE },
  hold: { kind: "hold", lease: LEASE },
  recover: { kind: "recover", lease: LEASE },
  disengage: { kind: "disengage", lease: LEASE },
  acknowledge: { kind: "acknowledge", lease: LEASE },
};

/** The whole table: event, then the mode after it in each mode; what is not here is refused and changes nothing. */
const TABLE: Readonly<Record<string, Partial<Readonly<Record<Mode, Mode>>>>> = {
  "link-up": { disconnected: "standby" },
  "link-lost": {
    ...every(["standby", "hold", "homing", "policy", "align", "teleop"], "disconnected"),
    recovery: "fault",
  },
  stop: all("fault"),
  rest: { ...every(["homing", "policy", "align", "teleop"], "hold"), recovery: "fault" },
  "home-reached": { homing: "hold" },
  "stream-ended": { hold: "standby" },
  tick: { homing: "homing", policy: "policy", teleop: "teleop", recovery: "recovery" },
  beat: all(),
  "letting go": { ...all(), homing: "hold", policy: "hold", recovery: "fault" },
  "another lease": { ...all(), homing: "hold", policy: "hold", recovery: "fault" },
  "an old lease": {},
  "operator-gone": { ...all(), homing: "hold", policy: "hold", recovery: "fault" },
  "daemon-lost": { ...all(), homing: "hold", policy: "hold", recovery: "fault" },
  lead: { standby: "align", ...every(["hold", "homing", "policy", "align"], "teleop") },
  grip: all(),
  "letting loose": { ...all(), teleop: "hold" },
  "leader-gone": { ...all(), teleop: "hold" },
  engage: { standby: "hold" },
  "follow-policy": { hold: "policy" },
  home: { hold: "homing" },
  teleop: every(["hold", "homing", "policy", "align"], "teleop"),
  hold: { ...every(["hold", "homing", "policy", "align", "teleop"], "hold"), recovery: "fault" },
  /** Refused even in a fault, as long as the arm stands inside its limits; below. */
  recover: {},
  disengage: { hold: "hold" },
  acknowledge: { fault: "standby" },
};

function all(to?: Mode): Readonly<Record<Mode, Mode>> {
  return {
    ...{ disconnected: to ?? "disconnected", standby: to ?? "standby", hold: to ?? "hold" },
    ...{ homing: to ?? "homing", policy: to ?? "policy", fault: to ?? "fault" },
    ...{ align: to ?? "align", teleop: to ?? "teleop", recovery: to ?? "recovery" },
  };
}

function every(modes: readonly Mode[], to: Mode): Partial<Readonly<Record<Mode, Mode>>> {
  return Object.fromEntries(modes.map((mode) => [mode, to]));
}

type Lack = Exclude<keyof Senses, "unattended" | "button" | "sound"> | "lease" | "press" | "role";
/** What each request may not lack. */
const NEEDS: Readonly<Record<RequestKind, readonly Lack[]>> = {
  engage: ["operator", "lease", "role", "guardian", "fresh", "healthy", "inside", "still"],
  "follow-policy": ["operator", "lease", "role", "guardian", "fresh", "healthy", "inside", "still", "press"],
  home: ["operator", "near", "lease", "role", "guardian", "fresh", "healthy", "inside", "still", "press"],
  /** Its needs depend on where it is asked; below. */
  teleop: [],
  hold: [],
  disengage: [],
  /** Needs an arm outside its limits; below. */
  recover: [],
  acknowledge: ["operator", "lease", "role", "fresh", "healthy", "settled"],
};
const LACKS: readonly Lack[] = [
  ...(["operator", "near", "guardian", "fresh", "healthy", "settled", "inside", "still"] as const),
  ...(["lease", "press", "role"] as const),
];

function request(kind: RequestKind, lack: Lack | null, mode: Mode, senses: Partial<Senses> = {}) {
  const control = { lease: LEASE, role: lack === "role" ? "viewer" : "operator", held: true } as const;
  const state = inMode(mode, { control, pressed: lack !== "press" });
  const found = { ...GOOD, ...(lack !== null && lack in GOOD ? { [lack]: false } : {}), ...senses };
  return transition(state, { kind, lease: lack === "lease" ? LEASE + 1 : LEASE }, found);
}

describe("mode machine", () => {
  for (const mode of MODES) {
    for (const [name, event] of Object.entries(EVENTS)) {
      const expected = TABLE[name]?.[mode];
      it(`${mode} + ${name} -> ${expected ?? "refused"}`, () => {
        const before = inMode(mode);
        const { taken, state } = transition(before, event, GOOD);
        assert.equal(taken, expected !== undefined);
        assert.equal(state.mode, expected ?? mode);
        if (!taken) {
          assert.equal(state, before);
        }
      });
    }
  }

  it("streams in six modes and moves in four", () => {
    assert.deepEqual(MODES.filter(isEngaged), ["hold", "homing", "policy", "align", "teleop", "recovery"]);
    assert.deepEqual(MODES.filter(isMoving), ["homing", "policy", "teleop", "recovery"]);
  });

  for (const kind of (Object.keys(NEEDS) as RequestKind[]).filter((one) => one !== "teleop" && one !== "recover")) {
    const mode = MODES.find((one) => TABLE[kind]?.[one] !== undefined) ?? "standby";
    for (const lack of LACKS) {
      const needed = NEEDS[kind].includes(lack);
      it(`${kind} ${needed ? "needs" : "does not need"} ${lack}`, () => {
        const step = request(kind, lack, mode);
        assert.equal(step.taken, !needed);
        assert.ok(step.taken || whyNot(step, kind).length > 10);
      });
    }
  }

  it("says in which modes a request is possible", () => {
    assert.equal(
      whyNot(transition(inMode("standby"), { kind: "home", lease: LEASE }, GOOD), "home"),
      "home is possible in hold, and the mode is standby",
    );
  });
});

describe("hold-to-run", () => {
  const released = transition(inMode("policy"), beat(LEASE, false), GOOD).state;

  it("ends the motion with the first message that says so, and pressing again does not resume it", () => {
    assert.deepEqual([released.mode, released.epoch, released.under], ["hold", 6, null]);
    const again = transition(released, beat(LEASE, true), GOOD).state;
    assert.deepEqual([again.mode, again.pressed], ["hold", true]);
    assert.equal(transition(again, { kind: "home", lease: LEASE }, GOOD).state.mode, "homing");
  });

  it("has to be pressed anew after a motion was cut short by anything else", () => {
    const rested = transition(inMode("policy"), { kind: "rest" }, GOOD).state;
    const held = transition(rested, beat(LEASE, true), GOOD).state;
    assert.equal(transition(held, { kind: "follow-policy", lease: LEASE }, GOOD).missing, "deadman");
    const fresh = [beat(LEASE, false), beat(LEASE, true)].reduce(
      (state, event) => transition(state, event, GOOD).state,
      held,
    );
    assert.ok(transition(fresh, { kind: "follow-policy", lease: LEASE }, GOOD).taken);
  });

  it("goes on through a motion that reached its end", () => {
    const home = transition(inMode("homing"), { kind: "home-reached" }, GOOD).state;
    assert.ok(transition(home, { kind: "follow-policy", lease: LEASE }, GOOD).taken);
  });

  it("pressed while control changes hands counts for nothing", () => {
    const taken = transition(inMode("hold"), beat(LEASE + 1, true), GOOD).state;
    assert.equal(transition(taken, { kind: "home", lease: LEASE + 1 }, GOOD).missing, "deadman");
  });

  it("is not needed where motion is allowed without, and is again in the tick in which that ends", () => {
    const auto = { ...GOOD, unattended: true };
    const moving = request("home", "press", "hold", auto).state;
    assert.equal(moving.mode, "homing");
    assert.equal(transition(moving, { kind: "tick" }, auto).state.mode, "homing");
    assert.equal(transition(moving, beat(LEASE, false), auto).state.mode, "homing");
    assert.equal(transition(moving, { kind: "tick" }, GOOD).state.mode, "hold");
  });
});

describe("OP-07: teleoperation", () => {
  const byButton = { ...GOOD };
  const byOperator = { ...GOOD, button: false };
  const lead: ModeEvent = { kind: "lead" };
  const teleop: ModeEvent = { kind: "teleop", lease: LEASE };

  for (const mode of ["hold", "align", "homing", "policy"] as const) {
    for (const lack of ["leader", "ready", "guardian", "fresh", "healthy", "inside"] as const) {
      it(`does not begin in ${mode} without ${lack}`, () => {
        for (const event of [lead, teleop]) {
          for (const found of [byButton, byOperator]) {
            assert.notEqual(transition(inMode(mode), event, { ...found, [lack]: false }).state.mode, "teleop");
          }
        }
      });
    }
    it(`does not begin in ${mode} without the button, or the operator, that enables it`, () => {
      const loose = inMode(mode, { gripped: false });
      const unheld = inMode(mode, { pressed: false });
      for (const event of [lead, teleop]) {
        assert.notEqual(transition(loose, event, byButton).state.mode, "teleop");
        assert.notEqual(transition(unheld, event, byOperator).state.mode, "teleop");
        assert.notEqual(transition(inMode(mode), event, { ...byOperator, near: false }).state.mode, "teleop");
      }
      assert.equal(transition(unheld, teleop, byButton).state.mode, "teleop");
      assert.equal(transition(loose, teleop, byOperator).state.mode, "teleop");
    });
  }

  it("takes over from a policy and makes its epoch void; the leader's button needs nobody else", () => {
    const alone = inMode("policy", { control: null });
    const { state } = transition(alone, lead, { ...byButton, operator: false, near: false });
    assert.deepEqual([state.mode, state.epoch, state.under], ["teleop", 6, "button"]);
    assert.equal(transition(alone, lead, byOperator).taken, false);
  });

  it("a pressed button takes the arm from a policy also when the leader may not be followed", () => {
    const { state } = transition(inMode("policy"), lead, { ...byButton, ready: false });
    assert.deepEqual([state.mode, state.epoch, state.gripped], ["align", 6, false]);
  });

  it("the button has to be pressed anew after a leader came, and after a motion was cut short", () => {
    const came = transition(inMode("hold"), { kind: "leader-gone" }, GOOD).state;
    assert.deepEqual([came.gripHeld, came.gripped], [true, false]);
    const held = transition(came, { kind: "grip", held: true }, GOOD).state;
    assert.equal(held.gripped, false);
    const anew = [false, true].reduce((state, on) => transition(state, { kind: "grip", held: on }, GOOD).state, held);
    assert.equal(anew.gripped, true);
    assert.equal(transition(anew, { kind: "stop", acknowledgedBy: "operator" }, GOOD).state.gripped, false);
  });

  for (const [what, event] of [
    ["the operator gone", EVENTS["operator-gone"]],
    ["the daemon gone", EVENTS["daemon-lost"]],
    ["another lease", EVENTS["another lease"]],
    ["hold-to-run let go", EVENTS["letting go"]],
  ] as const) {
    it(`with ${what} goes on where the leader's button enables it, and ends where the operator does`, () => {
      assert.ok(event !== undefined);
      assert.equal(transition(inMode("teleop"), event, byButton).state.mode, "teleop");
      const led = inMode("teleop", { under: LEASE });
      assert.deepEqual(
        [transition(led, event, byOperator).state].map(({ mode, epoch, under }) => [mode, epoch, under]),
        [["hold", 6, null]],
      );
    });
  }

  for (const lack of ["leader", "guardian", "fresh"] as const) {
    it(`ends at a tick without ${lack}, and goes on without an operator`, () => {
      const step = transition(inMode("teleop"), { kind: "tick" }, { ...byButton, [lack]: false, operator: false });
      assert.deepEqual([step.state.mode, step.missing], ["hold", lack]);
      assert.ok(transition(inMode("teleop"), { kind: "tick" }, { ...byButton, operator: false, near: false }).taken);
    });
  }

  it("OP-01: ends at a tick when the operator who enables it was silent for 200 ms", () => {
    const led = inMode("teleop", { under: LEASE });
    assert.equal(transition(led, { kind: "tick" }, byOperator).state.mode, "teleop");
    assert.equal(transition(led, { kind: "tick" }, { ...byOperator, near: false }).missing, "enabled");
  });

  it("needs a role when an operator enables it", () => {
    const control = { lease: LEASE, role: "viewer", held: true } as const;
    assert.notEqual(transition(inMode("align", { control }), lead, byOperator).state.mode, "teleop");
  });
});

describe("ML-02: recovery", () => {
  const OUTSIDE: Senses = { ...GOOD, healthy: false, inside: false };
  const recover: ModeEvent = { kind: "recover", lease: LEASE };
  const latched = (role: Role, latch: Role = "operator"): ModeState =>
    inMode("fault", { latch, control: { lease: LEASE, role, held: true } });

  it("begins from fault with a new epoch under the lease in control, and keeps the latch", () => {
    const { taken, state } = transition(latched("supervisor"), recover, OUTSIDE);
    assert.deepEqual(
      [taken, state.mode, state.epoch, state.under, state.latch],
      [true, "recovery", 6, LEASE, "operator"],
    );
  });

  for (const mode of MODES.filter((one) => one !== "fault")) {
    it(`does not begin in ${mode}`, () => {
      const control = { lease: LEASE, role: "maintainer", held: true } as const;
      assert.equal(transition(inMode(mode, { control }), recover, OUTSIDE).taken, false);
    });
  }

  for (const lack of ["operator", "near", "guardian", "fresh", "sound", "settled", "still"] as const) {
    it(`does not begin without ${lack}`, () => {
      const step = transition(latched("supervisor"), recover, { ...OUTSIDE, [lack]: false });
      assert.equal(step.taken, false);
      assert.ok(whyNot(step, "recover").length > 10);
    });
  }

  it("does not begin inside the limits, for another lease, or with hold-to-run not pressed anew, needed or not", () => {
    assert.equal(transition(latched("supervisor"), recover, GOOD).missing, "outside");
    assert.equal(
      transition(latched("supervisor"), { kind: "recover", lease: LEASE + 1 }, OUTSIDE).missing,
      "in-control",
    );
    const unpressed = { ...latched("supervisor"), pressed: false };
    assert.equal(transition(unpressed, recover, { ...OUTSIDE, unattended: true }).missing, "pressed");
  });

  const ROLES: readonly Role[] = ["viewer", "operator", "supervisor", "maintainer"];
  for (const [rank, role] of ROLES.entries()) {
    for (const [at, latch] of ROLES.entries()) {
      const may = rank >= Math.max(at, 2);
      it(`is ${may ? "" : "not "}for a ${role} where a ${latch} acknowledges`, () => {
        const step = transition(latched(role, latch), recover, OUTSIDE);
        assert.equal(step.taken, may);
        assert.equal(step.missing, may ? null : "supervises");
      });
    }
  }

  it("is for nobody where nobody is in control", () => {
    const step = transition({ ...latched("supervisor"), control: null }, recover, { ...OUTSIDE, operator: true });
    assert.equal(step.missing, "in-control");
    const only: Rules = { ...RULES, recover: [{ from: ["fault"], needs: ["supervises"], to: "recovery", does: [] }] };
    assert.equal(
      followRules(only, { ...latched("supervisor"), control: null }, recover, OUTSIDE).missing,
      "supervises",
    );
  });

  for (const [what, event] of [
    ["hold-to-run let go", EVENTS["letting go"]],
    ["another lease", EVENTS["another lease"]],
    ["the operator gone", EVENTS["operator-gone"]],
    ["the daemon gone", EVENTS["daemon-lost"]],
    ["the link gone", EVENTS["link-lost"]],
    ["coming to rest", EVENTS.rest],
    ["a request to hold", EVENTS.hold],
  ] as const) {
    it(`${what}: fault, the same latch, a new epoch, and to be pressed anew, needed or not`, () => {
      assert.ok(event !== undefined);
      for (const unattended of [false, true]) {
        const { state } = transition(inMode("recovery", { latch: "supervisor" }), event, { ...OUTSIDE, unattended });
        const { mode, epoch, under, pressed, latch } = state;
        assert.deepEqual([mode, epoch, under, pressed, latch], ["fault", 6, null, false, "supervisor"]);
      }
    });
  }

  for (const lack of ["near", "guardian", "fresh"] as const) {
    it(`ends at a tick without ${lack}`, () => {
      const step = transition(inMode("recovery"), { kind: "tick" }, { ...OUTSIDE, [lack]: false });
      assert.deepEqual([step.state.mode, step.missing, step.state.epoch], ["fault", lack, 6]);
    });
  }

  it("goes on while hold-to-run is held", () => {
    assert.ok(transition(inMode("recovery"), { kind: "tick" }, OUTSIDE).taken);
    assert.equal(transition(inMode("recovery"), beat(LEASE, true), OUTSIDE).state.mode, "recovery");
  });

  it("a stop makes its latch heavier, never lighter", () => {
    const stop = (latch: Role, acknowledgedBy: Role) =>
      transition(inMode("recovery", { latch }), { kind: "stop", acknowledgedBy }, OUTSIDE).state;
    assert.deepEqual(
      [stop("operator", "supervisor").mode, stop("operator", "supervisor").latch],
      ["fault", "supervisor"],
    );
    assert.equal(stop("maintainer", "operator").latch, "maintainer");
  });

  it("is left by no acknowledgement", () => {
    const step = transition(inMode("recovery"), { kind: "acknowledge", lease: LEASE }, GOOD);
    assert.match(whyNot(step, "acknowledge"), /possible in fault, and the mode is recovery/);
  });
});

describe("what ends a motion", () => {
  for (const need of ["operator", "guardian", "fresh"] as const) {
    it(`${need} missing at a tick`, () => {
      const step = transition(inMode("policy"), { kind: "tick" }, { ...GOOD, [need]: false });
      assert.deepEqual([step.state.mode, step.missing, step.state.epoch], ["hold", need, 6]);
    });
  }

  for (const need of ["near", "guardian", "fresh"] as const) {
    it(`OP-01: ${need} missing at a tick of homing`, () => {
      const step = transition(inMode("homing"), { kind: "tick" }, { ...GOOD, [need]: false });
      assert.deepEqual([step.state.mode, step.missing, step.state.epoch], ["hold", need, 6]);
    });
  }

  it("OP-01: an operator who is silent for 200 ms does not end what a policy does", () => {
    const step = transition(inMode("policy"), { kind: "tick" }, { ...GOOD, near: false });
    assert.deepEqual([step.taken, step.state.mode], [true, "policy"]);
  });
});

describe("leases", () => {
  it("never come back: not after a newer one, not after they were given up", () => {
    const newer = transition(inMode("hold"), beat(LEASE + 1, false), GOOD).state;
    assert.equal(transition(newer, beat(LEASE, false), GOOD).taken, false);
    const gone = transition(inMode("hold"), { kind: "operator-gone" }, GOOD).state;
    assert.equal(transition(gone, beat(LEASE, false), GOOD).taken, false);
    assert.ok(transition(gone, beat(LEASE + 1, false), GOOD).taken);
  });

  it("are counted anew for another daemon", () => {
    const lost = transition(inMode("hold"), { kind: "daemon-lost" }, GOOD).state;
    assert.equal(transition(lost, beat(0, false), GOOD).state.control?.lease, 0);
  });
});

describe("a latch", () => {
  const latched = (latch: Role, role: Role): ModeState =>
    inMode("fault", { latch, control: { lease: LEASE, role, held: false } });
  const ROLES: readonly Role[] = ["viewer", "operator", "supervisor", "maintainer"];

  for (const [rank, latch] of ROLES.entries()) {
    for (const [at, role] of ROLES.entries()) {
      it(`of a ${latch} is ${at >= rank ? "" : "not "}acknowledged by a ${role}`, () => {
        assert.equal(transition(latched(latch, role), { kind: "acknowledge", lease: LEASE }, GOOD).taken, at >= rank);
      });
    }
  }

  it("never becomes lighter", () => {
    const stop = (state: ModeState, acknowledgedBy: Role) =>
      transition(state, { kind: "stop", acknowledgedBy }, GOOD).state;
    const heavy = stop(inMode("policy"), "supervisor");
    assert.deepEqual([heavy.mode, heavy.latch, heavy.epoch, heavy.pressed], ["fault", "supervisor", 6, false]);
    assert.equal(stop(heavy, "operator").latch, "supervisor");
    assert.equal(stop(heavy, "maintainer").latch, "maintainer");
  });
});

describe("why not, in words for the operator", () => {
  const WORDS: Readonly<Record<Need, RegExp>> = {
    "in-control": /take control first/,
    role: /your role does not allow it$/,
    supervises: /a supervisor has the arm brought back/,
    operator: /beats do not arrive/,
    near: /look at the operator's connection/,
    deadman: /press it anew and keep it pressed$/,
    pressed: /the way back always needs it/,
    guardian: /guardian process .* start it/,
    fresh: /no fresh state .* check its link/,
    healthy: /the arm itself reports a fault/,
    sound: /more is wrong than that the arm stands outside/,
    settled: /less than a second: ask again/,
    inside: /outside its soft limits: .*kinevla recover/,
    outside: /inside its limits: there is nothing to bring back/,
    still: /coming to rest: ask again/,
    enabled: /press the puppet's button, or hold-to-run/,
    button: /button does not enable teleoperation in this cell/,
    "no-button": /button enables teleoperation in this cell/,
    leader: /readings do not arrive: plug it in/,
    ready: /not at the arm's pose: bring it there/,
    "let-loose": /the puppet's button is pressed/,
    "newer-lease": /an old one/,
    "same-lease": /an old one/,
    "let-go": /hold-to-run is pressed/,
  };
  for (const [need, words] of Object.entries(WORDS)) {
    it(need, () => {
      assert.match(whyNot({ taken: false, state: inMode("hold"), missing: need as Need }, "home"), words);
    });
  }

  it("in which modes it is possible, and in which the arm is", () => {
    const step = transition(inMode("teleop"), { kind: "engage", lease: LEASE }, GOOD);
    assert.equal(whyNot(step, "follow-policy"), "follow-policy is possible in hold, and the mode is teleop");
    assert.match(whyNot(step, "hold"), /^hold is possible in \w+( or \w+)+, and the mode is teleop$/);
  });
});

it("at the start nobody is in control, nothing is pressed or latched, and a button counts only once it was let loose", () => {
  assert.deepEqual(AT_START, {
    ...{ mode: "disconnected", epoch: 0, control: null, fence: -1, under: null },
    ...{ pressed: false, gripHeld: true, gripped: false, latch: null },
  });
});

describe("a rule that fits no event", () => {
  const only = (event: ModeEvent["kind"], needs: readonly Need[], does: readonly Effect[]): Rules => ({
    ...RULES,
    [event]: [{ from: MODES, needs, to: null, does }],
  });

  for (const need of ["newer-lease", "same-lease", "let-go", "let-loose", "in-control", "role", "unheard-of"]) {
    it(`is not taken: ${need} at a tick`, () => {
      const state = inMode("hold", { control: null });
      const step = followRules(only("tick", [need as Need], []), state, { kind: "tick" }, GOOD);
      assert.deepEqual([step.taken, step.missing, step.state], [false, need, state]);
    });
  }

  it("is not taken: a lease that is newer, but asks instead of beating", () => {
    const state = inMode("hold");
    const step = followRules(only("home", ["newer-lease"], []), state, { kind: "home", lease: LEASE + 1 }, GOOD);
    assert.deepEqual([step.taken, step.missing, step.state], [false, "newer-lease", state]);
  });

  for (const effect of ["latch", "claim", "hear", "feel", "unheard-of"]) {
    it(`changes nothing: ${effect} at a tick`, () => {
      const state = inMode("hold");
      assert.deepEqual(followRules(only("tick", [], [effect as Effect]), state, { kind: "tick" }, GOOD).state, state);
    });
  }

  it("hears no beat of nobody, and begins under no lease", () => {
    const state = inMode("hold", { control: null });
    assert.deepEqual(followRules(only("beat", [], ["hear"]), state, beat(LEASE, true), GOOD).state, state);
    assert.equal(
      followRules(only("lead", [], ["lead"]), state, { kind: "lead" }, { ...GOOD, button: false }).state.under,
      null,
    );
    assert.equal(followRules(only("home", [], ["begin"]), state, { kind: "home", lease: 1 }, GOOD).state.under, null);
  });

  it("is possible in no mode when nobody has heard of it", () => {
    const step = transition(inMode("hold"), { kind: "link-up" }, GOOD);
    assert.match(whyNot({ ...step, missing: null }, "dance"), /dance is possible in no mode/);
  });
});

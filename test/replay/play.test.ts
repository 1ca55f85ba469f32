import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Observable, Subject } from "rxjs";
import type { ArmLink } from "../../daemon/loop/arm-link.js";
import { play, type ReplayEvent } from "../../daemon/replay/play.js";
import type { RecordedMotion } from "../../daemon/replay/recorded-motion.js";
import { trackAt } from "../../daemon/replay/track.js";
import type { FromArm } from "../../daemon/types/arm-link.js";
import type { Mode } from "../../daemon/types/mode.js";
import { jointPosition } from "../../daemon/types/units.js";
import { createFakeArm, type FakeArm } from "../loop/fake-arm.js";
import { START, virtually } from "../loop/virtual-time.js";
import { DEGREE, FIRST, motion } from "./episodes.js";

interface Bench {
  readonly events: readonly ReplayEvent[];
  readonly arm: FakeArm;
  readonly cancelled: Subject<string>;
  /** When it was over, s after the beginning. */
  readonly endedAfter: number;
}

interface Setting {
  readonly mode?: Mode;
  readonly refuse?: Parameters<FakeArm["refuse"]>[0];
  /** Is called at the given milliseconds. */
  readonly at?: Readonly<Record<number, (bench: Pick<Bench, "arm" | "cancelled">) => void>>;
  readonly link?: (link: ArmLink) => ArmLink;
}

const MOTION = motion();

/** Replays a motion in virtual time to its end. */
function run({ mode = "standby", refuse, at = {}, link = (same) => same }: Setting = {}): Bench {
  const events: ReplayEvent[] = [];
  let bench: Bench | null = null;
  virtually(({ cold }, clock) => {
    const over = new Subject<void>();
    const arm = createFakeArm(clock, over, mode);
    const cancelled = new Subject<string>();
    if (refuse !== undefined) {
      arm.refuse(refuse);
    }
    for (const [milliseconds, act] of Object.entries(at)) {
      const then: Observable<string> = cold(`${milliseconds}ms x`);
      then.subscribe({ next: () => act({ arm, cancelled }), complete: () => undefined });
    }
    let ids = 0;
    const ports = { link: link(arm.link), clock, nextChunkId: () => (ids += 1) };
    play(ports, MOTION, 7, cancelled).subscribe({
      next: (event) => events.push(event),
      complete: () => {
        bench = { events, arm, cancelled, endedAfter: clock.now() - START };
        over.next();
      },
    });
  });
  if (bench === null) {
    throw new Error(`it did not end: ${JSON.stringify(events)}`);
  }
  return bench;
}

function end({ events }: Bench): { readonly outcome: string; readonly reason: string } {
  const last = events.at(-1);
  return last?.kind === "finished" ? last : { outcome: "none", reason: JSON.stringify(last) };
}

describe("a replay", () => {
  it("goes to the first setpoint, then hands over every target in time, and compares at the end", () => {
    const bench = run();
    const { events, arm, endedAfter } = bench;
    assert.deepEqual(end(bench), { kind: "finished", outcome: "completed", reason: "" });
    assert.deepEqual(arm.requests, ["engage", "home", "follow-policy", "hold"]);
    assert.deepEqual(arm.homes, [FIRST]);
    const phases = events.flatMap((event) => (event.kind === "phase" ? [event.phase] : []));
    assert.deepEqual(phases, ["engaging", "homing", "acting"]);
    const targets = new Map(arm.chunks.flatMap((chunk) => chunk.targets.map(({ dueAt, q }) => [dueAt.toFixed(6), q])));
    assert.deepEqual(
      [...targets.values()],
      MOTION.targets.map(({ q }) => q),
    );
    for (const { capturedAt, targets: ahead } of arm.chunks) {
      assert.ok((ahead[0]?.dueAt ?? 0) >= capturedAt && (ahead[0]?.dueAt ?? 0) < capturedAt + 0.13);
    }
    assert.ok(endedAfter > MOTION.length && endedAfter < MOTION.length + 2, `${endedAfter} s`);
    const compared = events.find((event) => event.kind === "compared");
    // The fake arm is nowhere but at the last target, and the recorded one was 30 ms behind.
    assert.ok((compared?.differences?.poses ?? 0) > 100, JSON.stringify(compared));
    assert.ok((compared?.differences?.most[0] ?? 0) < DEGREE, JSON.stringify(compared));
  });

  it("moves nothing and says why, in no mode that may move or when it is refused", () => {
    const faulty = run({ mode: "fault" });
    assert.equal(end(faulty).outcome, "failed");
    assert.deepEqual(faulty.arm.requests, []);
    const unreachable = run({ refuse: "home" });
    assert.match(end(unreachable).reason, /refuses to home: it was told to refuse/);
    assert.deepEqual(unreachable.arm.requests, ["engage", "home"]);
    const held = run({ mode: "hold", refuse: "follow-policy" });
    assert.match(end(held).reason, /refuses to follow: it was told to refuse/);
    assert.equal(held.arm.chunks.length, 0);
  });

  it("lets the arm hold when a chunk is refused, when it is ended, and when the arm leaves the recorded way", () => {
    const refused = run({ refuse: "chunk" });
    assert.match(end(refused).reason, /refuses what comes 0\.0 s after the start: it was told to refuse/);
    const ended = run({ at: { 1500: ({ cancelled }) => cancelled.next("somebody asked to go home") } });
    assert.deepEqual(end(ended), { kind: "finished", outcome: "stopped", reason: "somebody asked to go home" });
    const astray = run({ link: shifted });
    assert.match(end(astray).reason, /^J1 is 9\.\d degrees off the recorded way \d\.\d s after the start$/);
    for (const bench of [refused, ended, astray]) {
      assert.equal(bench.arm.requests.at(-1), "hold");
      assert.equal(bench.arm.mode(), "hold");
      assert.ok(bench.events.every(({ kind }) => kind !== "compared"));
    }
  });

  it("ends with the stop that ended the motion, and asks nothing more of the arm", () => {
    const stop = { code: "operator-stop", detail: "anybody: enough", hint: "Acknowledge.", latched: true };
    const bench = run({ at: { 1500: ({ arm }) => arm.stop(stop, "fault") } });
    assert.deepEqual([end(bench).outcome, end(bench).reason], ["stopped", "anybody: enough Acknowledge."]);
    assert.deepEqual(bench.arm.requests, ["engage", "home", "follow-policy"]);
  });

  it("leaves the arm to a leader that took over", () => {
    const bench = run({
      at: {
        1500: ({ arm, cancelled }) => {
          arm.stop({ code: "taken-over", detail: "", hint: "", latched: false }, "teleop");
          cancelled.next("the leader arm took over");
        },
      },
    });
    assert.equal(end(bench).outcome, "stopped");
    assert.equal(bench.arm.mode(), "teleop");
    assert.deepEqual(bench.arm.requests, ["engage", "home", "follow-policy"]);
  });

  it("ends when the link to the arm process is away", () => {
    const bench = run({ link: (link) => ({ ...link, send: () => false }) });
    assert.deepEqual([end(bench).outcome, end(bench).reason], ["failed", "there is no link to the arm process"]);
  });
});

/** An arm that is 9 degrees off in J1 a second after it follows. */
function shifted(link: ArmLink): ArmLink {
  let following: number | null = null;
  const messages = new Subject<FromArm>();
  link.messages.subscribe((message) => {
    if (message.kind !== "state" || message.state.mode !== "policy") {
      messages.next(message);
      return;
    }
    const { at } = message.state;
    following ??= at;
    const wanted = trackPoint(MOTION, at - following - 0.1);
    const by = at > following + 1 ? 9 * DEGREE : 0;
    const q = wanted.map((angle, joint) => angle + (joint === 0 ? by : 0));
    messages.next({ ...message, state: { ...message.state, commanded: jointPosition(q) } });
  });
  return { ...link, messages };
}

function trackPoint({ setpoints, targets }: RecordedMotion, after: number): readonly number[] {
  return trackAt(setpoints, after) ?? targets[0]?.q ?? [];
}

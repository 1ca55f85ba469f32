import { riseAsAsked } from "../../daemon/arm/scheduling.js";
import { hostClock } from "../../daemon/ports/clock.js";
import type { PuppetKind } from "../../daemon/types/puppet.js";
import { type Instant, type JointVector, mapJoints } from "../../daemon/types/units.js";
import type { LeaderFaults } from "../../drivers/virtual-lab/puppet/leader-faults.js";
import type { TracePoint } from "../../drivers/virtual-lab/puppet/motion-trace.js";
import { VirtualLeader } from "../../drivers/virtual-lab/puppet/virtual-leader.js";

// Executable of tests: a virtual leader on a pseudo terminal, in a process of its own, so that a busy test does not look
// like a hand that stops.

/** What a test has the hand do. */
export type HandDeed =
  /** First of all. */
  | { readonly kind: "take"; readonly leader: PuppetKind; readonly path: string }
  /** Along a trace in the leader's own angles. */
  | { readonly kind: "move"; readonly trace: readonly TracePoint[] }
  | { readonly kind: "place"; readonly angles: JointVector; readonly gripper: number }
  /** One joint is somewhere else from one reading to the next. */
  | { readonly kind: "step"; readonly joint: number; readonly by: number }
  | { readonly kind: "button"; readonly pressed: boolean }
  | { readonly kind: "fault"; readonly faults: Partial<LeaderFaults> }
  /** Nothing is answered for so long. */
  | { readonly kind: "gap"; readonly seconds: number }
  | { readonly kind: "glitch"; readonly joint: number; readonly by: number }
  /** `rest`: once it has come to the end of its way. */
  | { readonly kind: "unplug" | "plug" | "look" | "rest" };

/** Deeds are answered one by one. */
export interface HandOrder {
  readonly id: number;
  readonly deed: HandDeed;
}

/** A deed is done. */
export interface HandAnswer {
  readonly id: number;
  /** When it could be seen on the line: of a change, its first answer; of silence, the last answer before. */
  readonly at: Instant;
  /** Where the leader is, in its own angles. */
  readonly angles: JointVector;
}

riseAsAsked();

let leader: VirtualLeader | null = null;
let underWay: Promise<void> = Promise.resolve();

function taken(): VirtualLeader {
  if (leader === null) {
    throw new Error("the hand holds no leader yet");
  }
  return leader;
}

/** The instant of the first reading that is answered from now on; looked for once a millisecond. */
async function nextReading(of: VirtualLeader): Promise<Instant> {
  const before = of.answers;
  while (of.answers === before) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  return of.answeredAt;
}

/** The same of the button, which has answers of its own. */
async function nextButton(of: VirtualLeader): Promise<Instant> {
  const before = of.buttonToldAt;
  while (of.buttonToldAt === before) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  return of.buttonToldAt;
}

function stepped(angles: JointVector, joint: number, by: number): JointVector {
  return mapJoints(angles, (angle, index) => (index === joint ? angle + by : angle));
}

async function obey(deed: HandDeed): Promise<Instant> {
  switch (deed.kind) {
    case "take":
      leader = new VirtualLeader({ kind: deed.leader, path: deed.path });
      await leader.plug();
      break;
    case "move":
      underWay = taken().play(deed.trace);
      break;
    case "place":
      taken().place({ angles: deed.angles, gripper: deed.gripper });
      break;
    case "button":
      taken().press(deed.pressed);
      return nextButton(taken());
    case "fault":
      taken().fault(deed.faults);
      // Bytes that cannot be read say as little as none.
      return deed.faults.silent === true || deed.faults.wrongBytes === 1 ? taken().answeredAt : nextReading(taken());
    case "gap": {
      taken().fault({ silent: true });
      const at = taken().answeredAt;
      setTimeout(() => taken().fault({}), deed.seconds * 1000);
      return at;
    }
    case "glitch":
      taken().glitch(deed.joint, deed.by);
      return nextReading(taken());
    case "step":
      taken().place({ angles: stepped(taken().now().angles, deed.joint, deed.by) });
      return nextReading(taken());
    case "unplug":
      await taken().unplug();
      break;
    case "plug":
      await taken().plug();
      break;
    case "rest":
      await underWay;
      break;
    case "look":
      break;
  }
  return hostClock.now();
}

process.on("message", ({ id, deed }: HandOrder) => {
  void obey(deed).then((at) => {
    const answer: HandAnswer = { id, at, angles: taken().now().angles };
    process.send?.(answer);
  });
});
process.on("disconnect", () => void leader?.unplug().then(() => process.exit()));

import { createConnection } from "node:net";
import { riseAsAsked } from "../../daemon/arm/scheduling.js";
import { hostClock } from "../../daemon/ports/clock.js";
import type { FromPuppet } from "../../daemon/types/puppet.js";
import { type JointVector, mapJoints } from "../../daemon/types/units.js";
import { DEGREE, reading } from "../teleop/leader.js";
import { SCRIPTED_LEADER } from "./rig.js";

// Executable of tests: a leader that is read 100 times a second and does as it is told; a process of its own, as the
// puppet process is, so that a busy test does not look like a leader that is away.

/** What a test has the leader do. */
export type ToLeader =
  | { readonly kind: "connect"; readonly path: string; readonly q: JointVector }
  /** Turns each joint 4 degrees there and back, one after the other, as the sign test asks. */
  | { readonly kind: "turn-each-joint" }
  /** Swings joints 1 and 5 by 6 degrees, once in 4 s, or stands still where it is. */
  | { readonly kind: "swing" | "rest" }
  | { readonly kind: "button"; readonly pressed: boolean }
  | { readonly kind: "silence"; readonly on: boolean }
  | { readonly kind: "write"; readonly text: string };

/** Between two joints of the sign test, and how long one takes. */
const TURN_EVERY = 0.65;
const TURN_TAKES = 0.25;

riseAsAsked();

let socket = createConnection({ port: 1, host: "127.0.0.1" });
socket.on("error", () => undefined);
let pose: JointVector = [0, 0, 0, 0, 0, 0, 0];
let doing: "turn-each-joint" | "swing" | "rest" = "rest";
let since = 0;
let seq = 0;
let button = false;
let silent = true;

function tell(message: FromPuppet): void {
  socket.write(`${JSON.stringify(message)}\n`);
}

function poseAt(at: number): JointVector {
  const time = at - since;
  switch (doing) {
    case "rest":
      return pose;
    case "swing":
      return mapJoints(pose, (q, joint) => (joint % 4 === 0 ? q + 6 * DEGREE * Math.sin((Math.PI / 2) * time) : q));
    case "turn-each-joint": {
      const turned = Math.floor(time / TURN_EVERY);
      const part = Math.min(Math.max(0, time - turned * TURN_EVERY - 0.3) / TURN_TAKES, 1);
      return mapJoints(pose, (q, joint) => (joint === turned ? q + 4 * DEGREE * Math.sin(Math.PI * part) : q));
    }
  }
}

process.on("message", (message: ToLeader) => {
  switch (message.kind) {
    case "connect":
      pose = message.q;
      socket = createConnection(message.path);
      socket.on("error", () => undefined);
      tell({ kind: "hello", identity: SCRIPTED_LEADER });
      silent = false;
      break;
    case "turn-each-joint":
    case "swing":
    case "rest":
      pose = poseAt(hostClock.now());
      since = hostClock.now();
      doing = message.kind;
      break;
    case "button":
      button = message.pressed;
      break;
    case "silence":
      silent = message.on;
      break;
    case "write":
      socket.write(message.text);
      break;
  }
});
process.on("disconnect", () => process.exit());
setInterval(() => {
  if (!silent) {
    seq += 1;
    const at = hostClock.now();
    tell({ kind: "sample", sample: { ...reading(poseAt(at), at, { button }), seq } });
  }
}, 10);

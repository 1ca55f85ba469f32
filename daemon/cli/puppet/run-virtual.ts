import { createWriteStream, readFileSync } from "node:fs";
import type { LeaderFaults } from "../../../drivers/virtual-lab/puppet/leader-faults.js";
import { afterKey, KEYS_HELP, type KeyedPose } from "../../../drivers/virtual-lab/puppet/leader-keys.js";
import { parseTrace, type TracePoint } from "../../../drivers/virtual-lab/puppet/motion-trace.js";
import { VirtualLeader } from "../../../drivers/virtual-lab/puppet/virtual-leader.js";
import { hostClock } from "../../ports/clock.js";
import { CliError, EXIT } from "../exit-code.js";
import type { PuppetCommandOptions } from "../puppet.js";
import { Screen } from "../screen.js";
import { poseLines } from "./bars.js";
import { untilEnd } from "./until-end.js";

const DRAW_MS = 50;
/** rad/s: 30 degrees a second. */
const PACE = Math.PI / 6;

type Place = Pick<TracePoint, "angles" | "gripper">;

const CTRL_C = "\u0003";
/** Handle of a RealMan leader: 0 to 1000 of its own unit; of a Dynamixel one: rad. */
const GRIPPER_RANGE = { "realman-leader": 1000, "dynamixel-leader": 1 } as const;

/** What each fault key does; pressed again it ends. */
const FAULT_KEYS: Readonly<Record<string, Partial<LeaderFaults>>> = {
  n: { noise: 0.003 },
  b: { lostBytes: 0.01 },
  z: { frozen: true },
  m: { silent: true },
};

/** A virtual leader until Ctrl-C, moved by keys or along a trace. */
export async function runVirtual(options: PuppetCommandOptions): Promise<void> {
  const { kind, path, jointIds, gripperId } = options;
  if (kind === undefined || path === undefined) {
    throw new CliError(
      EXIT.usage,
      "no-leader",
      "A virtual leader needs --kind and --path.",
      "See: kinevla puppet --help",
    );
  }
  const trace = options.trace === undefined ? null : readTrace(options.trace);
  const leader = new VirtualLeader({ kind, path, ids: [...jointIds, gripperId] });
  await leader.plug().catch((error: unknown) => {
    throw new CliError(
      EXIT.refused,
      "no-terminal",
      error instanceof Error ? error.message : String(error),
      "Name another --path.",
    );
  });
  process.stderr.write(
    `The virtual leader answers at ${path}; ${trace === null ? "keys move it" : "it moves along the trace"}.\n`,
  );
  const save = options.save === undefined ? null : createWriteStream(options.save);
  let pose: KeyedPose = { angles: options.at ?? [0, 0, 0, 0, 0, 0, 0], gripper: 1, buttonUntil: 0 };
  let faults: Partial<LeaderFaults> = {};
  let plugged = true;
  let seq = 0;
  const range = GRIPPER_RANGE[kind];
  leader.place({ angles: pose.angles, gripper: pose.gripper * range });
  const screen = new Screen(process.stdout);
  const onKey = (keys: string): void => {
    for (const key of keys) {
      const moved = afterKey(pose, key, hostClock.now());
      if (moved !== null) {
        pose = moved;
        void leader.play(wayTo(leader.now(), { ...pose, gripper: pose.gripper * range }));
      } else if (key === "x") {
        leader.glitch(2, Math.PI / 6);
      } else if (key === "p") {
        plugged = !plugged;
        void (plugged ? leader.plug() : leader.unplug());
      } else if (key === CTRL_C) {
        process.kill(process.pid, "SIGINT");
      } else if (FAULT_KEYS[key] !== undefined) {
        const toggled = FAULT_KEYS[key];
        faults = Object.keys(toggled).some((name) => name in faults)
          ? Object.fromEntries(Object.entries(faults).filter(([name]) => !(name in toggled)))
          : { ...faults, ...toggled };
        leader.fault(faults);
      }
    }
  };
  const draw = setInterval(() => {
    const now = hostClock.now();
    leader.press(now < pose.buttonUntil);
    const place = leader.now();
    save?.write(`${JSON.stringify({ seq: seq++, at: now, ...place })}\n`);
    const wrong = Object.keys(faults).join(", ");
    screen.draw(
      [
        ...KEYS_HELP,
        ...poseLines(place.angles, place.gripper, place.button),
        `${leader.answers} readings answered${plugged ? "" : ", UNPLUGGED"}${wrong === "" ? "" : `, faults: ${wrong}`}`,
      ],
      now,
    );
  }, DRAW_MS);
  process.stdin.setEncoding("utf8");
  if (process.stdin.isTTY) {
    process.stdin.setRawMode(true);
  }
  process.stdin.on("data", onKey);
  const over = untilEnd(options.seconds);
  await (trace === null ? over : Promise.race([over, leader.play(trace)]));
  clearInterval(draw);
  if (process.stdin.isTTY) {
    process.stdin.setRawMode(false);
  }
  process.stdin.off("data", onKey);
  process.stdin.pause();
  await leader.unplug();
  save?.end();
}

/** From one place to another at a hand's pace: a key is a wish, not a jump. */
function wayTo(from: Place, to: Place): readonly TracePoint[] {
  const way = Math.max(...to.angles.map((angle, joint) => Math.abs(angle - (from.angles[joint] ?? angle))));
  return [
    { at: 0, angles: from.angles, gripper: from.gripper, button: false },
    { at: Math.max(way / PACE, 0.05), angles: to.angles, gripper: to.gripper, button: false },
  ];
}

function readTrace(file: string): readonly TracePoint[] {
  try {
    return parseTrace(readFileSync(file, "utf8"));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CliError(EXIT.refused, "bad-trace", `${file}: ${why}`, "Make one with: kinevla puppet --save FILE");
  }
}

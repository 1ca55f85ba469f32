import { basename } from "node:path";
import type { PuppetCalibration } from "../../daemon/types/puppet.js";
import { type JointVector, jointAt, mapJoints, type Seconds } from "../../daemon/types/units.js";
import type { TracePoint } from "../../drivers/virtual-lab/puppet/motion-trace.js";
import { VIRTUAL_BUTTON, VirtualLeader } from "../../drivers/virtual-lab/puppet/virtual-leader.js";
import type { Waypoint } from "./expert-path.js";

const DEGREE = Math.PI / 180;
/** A leader with some joints mounted the other way round and zeros anywhere, so that calibration matters. */
const SIGNS: JointVector = [1, -1, 1, 1, -1, 1, -1];
const ZEROS: JointVector = mapJoints([10, -25, 3.7, 60, -44, 90, 12.3], (angle) => angle * DEGREE);
/** Of the handle, rad. */
const HANDLE = { closed: 0.1, open: 0.9 } as const;
const JOINT_IDS = [1, 2, 3, 4, 5, 6, 7] as const;
const HANDLE_ID = 8;

/** How fast a hand brings the leader to the arm: far below the 200 deg/s at which readings count as torn (OP-08). */
const CALM = 30 * DEGREE;
/** Of the sign test: how far each joint is turned, how long it rests before, and how long each way takes. */
const TURN = 4 * DEGREE;
const TURN_REST: Seconds = 0.3;
const TURN_TAKES: Seconds = 0.15;

/** A person's hand on a virtual leader, by script; poses are the arm's, rad. */
export class ScriptedHand {
  readonly leader: VirtualLeader;

  /** On a leader that will answer at `path` once it is plugged in, and stands as the arm would at `q`. */
  constructor(path: string, q: JointVector) {
    this.leader = new VirtualLeader({ kind: "dynamixel-leader", path });
    this.leader.place({ angles: raw(q), gripper: HANDLE.open, button: false });
  }

  /** The section `puppet` of a configuration for this leader, with its calibration in `file`. */
  config(file: string) {
    return {
      ...{ kind: "dynamixel-leader", path: this.leader.path, baud: 1_000_000, calibration: file },
      ...{ joint_ids: JOINT_IDS, gripper_id: HANDLE_ID, button: VIRTUAL_BUTTON },
    };
  }

  /** What `kinevla calibrate puppet` would find; the serial is that of drivers/puppet for a port without an adapter. */
  get calibration(): PuppetCalibration {
    const ids = [...JOINT_IDS, HANDLE_ID, VIRTUAL_BUTTON.id].join("-");
    return {
      puppet: { kind: "dynamixel-leader", serial: `${basename(this.leader.path)}/${ids}`, joints: 7 },
      joints: ZEROS.map((zero, joint) => ({ sign: jointAt(SIGNS, joint) > 0 ? 1 : -1, zero, scale: 1 })),
      gripper: HANDLE,
    };
  }

  /** Turns each joint a little to plus and back, as the sign test asks (OP-10). */
  async turnEachJoint(): Promise<void> {
    const rest = { ...this.leader.now(), at: 0 };
    const points: TracePoint[] = [rest];
    for (let turned = 0; turned < JOINT_IDS.length; turned++) {
      const at = turned * (TURN_REST + 2 * TURN_TAKES) + TURN_REST;
      const angles = mapJoints(rest.angles, (angle, joint) =>
        joint === turned ? angle + TURN * jointAt(SIGNS, joint) : angle,
      );
      points.push({ ...rest, at }, { ...rest, at: at + TURN_TAKES, angles }, { ...rest, at: at + 2 * TURN_TAKES });
    }
    await this.leader.play(points);
  }

  /** Opens the handle, and brings the leader calmly to where the arm is. */
  async bringTo(q: JointVector): Promise<void> {
    const from = { ...this.leader.now(), at: 0 };
    const angles = raw(q);
    const farthest = Math.max(...angles.map((angle, joint) => Math.abs(angle - jointAt(from.angles, joint))));
    await this.leader.play([from, { ...from, at: farthest / CALM, angles, gripper: HANDLE.open }]);
  }

  /** Presses the button, or lets it go; the leader stays where it is. */
  async press(button: boolean): Promise<void> {
    await this.leader.play([{ ...this.leader.now(), at: 0, button }]);
  }

  /** Moves along a path in real time with the button pressed; resolves at its end, or when the hand does something else. */
  async follow(path: readonly Waypoint[]): Promise<void> {
    await this.leader.play(
      path.map(({ at, q, gripper }) => ({
        ...{ at, angles: raw(q), button: true },
        gripper: HANDLE.closed + gripper * (HANDLE.open - HANDLE.closed),
      })),
    );
  }
}

/** What the leader's encoders say when it stands as the arm at `q`. */
function raw(q: JointVector): JointVector {
  return mapJoints(q, (angle, joint) => jointAt(ZEROS, joint) + jointAt(SIGNS, joint) * angle);
}

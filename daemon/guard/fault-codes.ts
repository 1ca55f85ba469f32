import type { Role } from "../types/role.js";

// Interlocks: AR-01, AR-07.

/** What one error of the arm means. */
export interface FaultCode {
  readonly words: string;
  /** Who may acknowledge it. */
  readonly acknowledgedBy: Role;
  /** The arm was driven beyond what it takes, which this program must not: a fault of its own, to be reported. */
  readonly isOurs: boolean;
}

/** The most severe of what is not known: the vendor's lists lack codes that were seen on real arms (0x1017). */
export const UNKNOWN_FAULT: FaultCode = {
  words: "in no list of the vendor",
  acknowledgedBy: "supervisor",
  isOurs: false,
};

const by =
  (acknowledgedBy: Role) =>
  (words: string): FaultCode => ({ words, acknowledgedBy, isOurs: false });
/** What the catalogue ends with a protective stop. */
const operator = by("operator");
/** What it ends with a quick stop, and what is put right by moving the arm back or by its settings. */
const supervisor = by("supervisor");
/** What has to be repaired first. */
const maintainer = by("maintainer");
const ours = (words: string): FaultCode => ({
  ...supervisor(`${words} (not to be reached: report it as a fault of this program)`),
  isOurs: true,
});

/**
 * The arm's system errors (vendor's list: reference/realman.md 7.1; who acknowledges: safety catalogue, AR-01 code
 * table). Each is answered by a quick stop, also where the catalogue has a ramp first (README.md, "Errors of the arm").
 */
export const SYSTEM_FAULTS: ReadonlyMap<number, FaultCode> = new Map([
  [0x1001, maintainer("no communication with a joint")],
  [0x1002, supervisor("a target beyond a joint's limit")],
  [0x1003, operator("a pose out of reach or singular")],
  [0x1004, maintainer("no communication with the real-time kernel")],
  [0x1005, maintainer("the joints' bus")],
  [0x1006, maintainer("the planning kernel")],
  [0x1007, ours("a joint too fast")],
  [0x1008, operator("no communication with the tool board")],
  [0x1009, ours("over the speed limit")],
  [0x100a, ours("over the acceleration limit")],
  [0x100b, maintainer("a brake did not open")],
  [0x100c, operator("dragged too fast")],
  [0x100d, supervisor("collision")],
  [0x100e, supervisor("unknown work frame")],
  [0x100f, supervisor("unknown tool frame")],
  [0x1010, maintainer("a joint lost its enable")],
  [0x1011, supervisor("an arc that cannot be planned")],
  [0x1012, supervisor("collision with itself")],
  [0x1013, supervisor("the electronic fence")],
  [0x1014, supervisor("beyond a joint's soft limit")],
  [0x2001, operator("the gripper")],
  [0x2002, operator("the hand")],
  [0x2003, operator("the six-axis force sensor")],
  [0x2004, operator("the one-axis force sensor")],
  [0x2005, operator("too much current in the tool's supply")],
  [0x5003, operator("the controller is too hot")],
  [0x5005, operator("too much current in the controller")],
  [0x5006, operator("too little current in the controller")],
  [0x5007, operator("supply voltage too high")],
  [0x5008, operator("supply voltage too low")],
  [0x5009, maintainer("no communication with the real-time layer")],
]);

/** The bits of a joint's error word (reference/realman.md 7.2); what has several bits stands before each of them. */
export const JOINT_FAULTS: ReadonlyMap<number, FaultCode> = new Map([
  [0xf000, maintainer("frames lost")],
  [0x0001, maintainer("motor control too slow")],
  [0x0002, operator("voltage too high")],
  [0x0004, operator("voltage too low")],
  [0x0008, operator("too hot")],
  [0x0010, supervisor("did not start up")],
  [0x0020, maintainer("encoder")],
  [0x0040, operator("too much current")],
  [0x0080, maintainer("software")],
  [0x0100, maintainer("temperature sensor")],
  [0x0200, supervisor("beyond its limit")],
  [0x0400, maintainer("wrong identity")],
  [0x0800, supervisor("does not follow")],
  [0x1000, maintainer("current sensing")],
  [0x2000, maintainer("its brake did not open")],
  [0x4000, ours("a step in its command")],
  [0x8000, maintainer("lost count of its turns")],
]);

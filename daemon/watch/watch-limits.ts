import type { Limits } from "../guard/limits.js";
import type { JointVector, Seconds } from "../types/units.js";
import type { LeaderLimits } from "./leader-limits.js";

/** A quantity that is told above (or below) the first bound and acted upon beyond the next. */
export interface Graded {
  readonly note: number;
  readonly stop: number;
}

/** What is watched while the arm is connected; every number stands in the file of limits with its source. */
export interface WatchLimits {
  /** Beyond the soft limits, measured, rad (ML-02). */
  readonly outside: number;
  /** Beyond where a joint stood when it began to be brought back, rad (ML-02). */
  readonly outward: number;
  /** Measured joint speed, in parts of what a policy may ask for (ML-04). */
  readonly speed: { readonly part: number; readonly lasting: Seconds; readonly most: number };
  /** Measured speed of a control point, in parts of the cell's (ML-08). */
  readonly cartesianSpeed: { readonly part: number; readonly lasting: Seconds };
  /** Between parts of the arm, measured, m (ML-11). */
  readonly leastClearance: number;
  /** A fingertip may be this far under the table, measured, m (ML-10). */
  readonly underTable: number;
  /** Of the measured pose from every command of the last `lag`, rad (ML-13). */
  readonly behind: { readonly error: number; readonly lag: Seconds };
  /** A joint whose command went `commanded` within `within` and that went less than `measured`, rad (ML-14). */
  readonly stuck: { readonly commanded: number; readonly measured: number; readonly within: Seconds };
  /** While the arm should stand: rad from where it stood once `settled`, and rad/s (ML-15). */
  readonly standstill: { readonly distance: number; readonly speed: number; readonly settled: Seconds };
  /** More turns a second than `turns`, each of more than `swing` rad, for `lasting` (ML-16). */
  readonly oscillation: { readonly turns: number; readonly swing: number; readonly lasting: Seconds };
  /** Part of the ticks of `within` in which a policy asked for more than there is (ML-17). */
  readonly clamping: { readonly part: number; readonly within: Seconds };
  /** Of each joint, degrees Celsius; an arm that was too hot is again well below `cool` (AR-03). */
  readonly temperature: Graded & { readonly slow: number; readonly cool: number; readonly risePerMinute: number };
  /** Of each joint in free motion, A, and the parts of it that slow down and stop (AR-04). */
  readonly current: {
    readonly free: JointVector;
    readonly slow: { readonly part: number; readonly lasting: Seconds };
    readonly stop: { readonly part: number; readonly lasting: Seconds };
  };
  /** Supply of each joint, V (AR-05). */
  readonly voltage: { readonly low: Graded; readonly high: Graded; readonly lasting: Seconds };
  /** Of the controller, degrees Celsius (AR-06). */
  readonly controller: Graded;
  /** No answer of the gripper, and too little opening, parts of its stroke (AR-08). */
  readonly gripper: { readonly answer: Seconds; readonly error: number; readonly lasting: Seconds };
  /** Age of the arm's state that is told, and that slows down (AR-09). */
  readonly stateAge: { readonly note: Seconds; readonly slow: Seconds };
  /** Reports that say the same for `lasting` while the command went `commanded` rad (AR-10). */
  readonly frozen: { readonly lasting: Seconds; readonly commanded: number };
  /**
   * What a report may differ from the one before: part of the joints' rated speed, what a joint that turns round can do,
   * rad/s^2, and rad besides (AR-11).
   */
  readonly jump: {
    readonly rated: JointVector;
    readonly part: number;
    readonly acceleration: number;
    readonly slack: number;
    readonly most: number;
    readonly within: Seconds;
  };
  /** Datagrams a second that are not the arm's (AR-12). */
  readonly foreign: Graded;
  /** An unanswered question (AR-13). */
  readonly answer: Seconds;
  /** Nothing begins to move on an arm whose own detection of collisions was read back longer ago. */
  readonly collisionRead: Seconds;
  /**
   * Setpoints wait on their way when every joint that was told to go `commanded` rad went less than `part` of its way within
   * `lasting` (AR-13).
   */
  readonly stalled: { readonly commanded: number; readonly part: number; readonly lasting: Seconds };
  /** Lines within a second that are no messages (AR-14). */
  readonly garbled: number;
  /** The arm still moves so long after a stop (AR-16). */
  readonly stopObeyed: Seconds;
  /** A tick that is later is too late; one in a thousand of a minute may be (HO-15). */
  readonly lateness: Seconds;
  /** Of the pictures by which a policy moves the arm (PO-13). */
  readonly pictureAge: Seconds;
  /**
   * Parts of what a process may use, and what arm process and daemon may use of memory by themselves, bytes; its event loop
   * may be busy for a while (HO-08).
   */
  readonly resources: {
    readonly memory: number;
    readonly descriptors: number;
    readonly busy: { readonly part: number; readonly lasting: Seconds };
    readonly armMemory: number;
    readonly daemonMemory: number;
  };
  /** Part of its pace at which a slowed motion goes, and how long it goes on so once nothing asks for it any more. */
  readonly slow: { readonly pace: number; readonly lasting: Seconds };
}

/** What chunks of a policy are held against before they are followed. */
export interface ChunkLimits {
  /** Age in parts of its own length (PO-05). */
  readonly age: number;
  /** From this age, in parts of its length, it is followed at half pace (PO-06). */
  readonly slowAge: number;
  /** Of a target beyond the soft limits, rad (PO-02). */
  readonly outside: number;
  /** Of a target beyond the cell, m (PO-02). */
  readonly outsideCell: number;
  /** Of the first target from the command, rad (PO-04). */
  readonly jump: number;
  /** The same of the first chunk of a motion (PO-03). */
  readonly firstJump: number;
  /** Of a chunk, extended back to now, from the motion, rad: gone to slowly beyond it (PO-04). */
  readonly slowJump: number;
  /** Between two targets, in parts of the permitted speed (ML-03). */
  readonly haste: number;
  /** Chunks in a row beyond the limits (PO-02). */
  readonly outsideInRow: number;
  /** Chunks in a row that jump (PO-04). */
  readonly jumpsInRow: number;
  /** A second chunk that is no chunk within this time (PO-01). */
  readonly garbageWithin: Seconds;
  /** A policy that has given no chunk for this long after its last target is left (PO-07). */
  readonly starved: Seconds;
  /** A policy may move the arm this long (PO-19). */
  readonly longest: Seconds;
}

/** Every limit of the arm process: what the guard holds setpoints against, and what is watched besides. */
export interface ArmLimits extends Limits {
  readonly watch: WatchLimits;
  readonly chunks: ChunkLimits;
  readonly leader: LeaderLimits;
}

import { isJointVector, type JointVector, type Seconds } from "../../../daemon/types/units.js";

/** Up and down for J1 to J7, as the keys lie on a keyboard. */
const UP = "qwertyu";
const DOWN = "asdfghj";
/** One press, rad: 1 degree; with shift 5 degrees. */
const STEP = Math.PI / 180;
const LARGE = 5;
/** A terminal tells no release: the first repetition comes 0.25 to 0.7 s after the press. */
const BUTTON_FOR: Seconds = 0.8;

/** What the keys have set. */
export interface KeyedPose {
  readonly angles: JointVector;
  /** 0 closed to 1 open. */
  readonly gripper: number;
  /** The button is pressed until then; Infinity once Enter has pressed it. */
  readonly buttonUntil: number;
}

/** What the keys do, for the screen. */
export const KEYS_HELP = [
  "q w e r t y u / a s d f g h j: J1 to J7 up / down by 1 degree, with shift by 5",
  "o / l: handle open / closed     Enter: press the button or let it go, SPACE: for a moment     0: all to zero",
  "n noise  b lost bytes  x glitch  z frozen  m silent  p unplug or plug  Ctrl-C end",
] as const;

/** The pose after a key; null where the key is none that moves the leader. */
export function afterKey(pose: KeyedPose, key: string, now: number): KeyedPose | null {
  const small = key.toLowerCase();
  const size = small === key ? STEP : LARGE * STEP;
  const [up, down] = [UP.indexOf(small), DOWN.indexOf(small)];
  if (up >= 0 || down >= 0) {
    const angles = pose.angles.map((angle, joint) => angle + (joint === up ? size : joint === down ? -size : 0));
    return isJointVector(angles) ? { ...pose, angles } : null;
  }
  switch (key) {
    case "o":
      return { ...pose, gripper: Math.min(1, pose.gripper + 0.1) };
    case "l":
      return { ...pose, gripper: Math.max(0, pose.gripper - 0.1) };
    case " ":
      return { ...pose, buttonUntil: now + BUTTON_FOR };
    case "\r":
      return { ...pose, buttonUntil: pose.buttonUntil > now ? -Infinity : Infinity };
    case "0":
      return { ...pose, angles: [0, 0, 0, 0, 0, 0, 0] };
    default:
      return null;
  }
}

import { elementAt, type JointVector, jointAt } from "../../daemon/types/units.js";

/** One 0.001 degree, the unit of joint angles on the wire, in rad. */
export const MILLI_DEGREE = Math.PI / 180_000;

/** Largest joint limit of an RM75: J7, 360 degrees (vendor parameter page). */
const LARGEST_MILLI_DEG = 360_000;
/** Rounding to 0.001 degree, and a bit for the arithmetic. */
const ROUNDING = 0.5 * MILLI_DEGREE + 1e-12;

const HEAD = '{"command":"movej_canfd","joint":[';
/** High follow, raw: the vendor's trajectory modes 1 and 2 add lag, `expand` is an external axis we do not have. */
const TAIL = '],"follow":true,"expand":0,"trajectory_mode":0,"radio":0}\r\n';
/** Seven times a sign, six digits and a comma. */
const LONGEST = HEAD.length + 7 * 8 + TAIL.length;

const MINUS = 0x2d;
const COMMA = 0x2c;
const ZERO = 0x30;
const CLOSING_BRACKET = 0x5d;

/** Writes `movej_canfd` frames into one buffer; encoding and checking a frame allocates nothing. */
export class JointTargetEncoder {
  readonly #buffer = Buffer.alloc(LONGEST);
  /** A view of each length, made once. */
  readonly #frames = Array.from({ length: LONGEST + 1 }, (_, length) => this.#buffer.subarray(0, length));
  readonly #decoded = new Float64Array(7);

  constructor() {
    this.#buffer.write(HEAD, "latin1");
  }

  /**
   * The frame for joint angles in rad, valid until the next call. Decodes what it wrote and throws Error when that is
   * not what it was given; throws RangeError for angles that no RM75 has.
   */
  encode(q: JointVector): Buffer {
    let end = HEAD.length;
    for (let joint = 0; joint < 7; joint += 1) {
      const milliDeg = Math.round(jointAt(q, joint) / MILLI_DEGREE);
      if (!(Math.abs(milliDeg) <= LARGEST_MILLI_DEG)) {
        throw new RangeError(`joint ${joint + 1} cannot go to ${q[joint]} rad`);
      }
      if (joint > 0) {
        this.#buffer[end] = COMMA;
        end += 1;
      }
      end = this.#writeInteger(milliDeg, end);
    }
    end += this.#buffer.write(TAIL, end, "latin1");
    const frame = this.#frames[end] ?? this.#buffer.subarray(0, end);
    this.#check(frame, q);
    return frame;
  }

  #writeInteger(value: number, at: number): number {
    let end = at;
    if (value < 0) {
      this.#buffer[end] = MINUS;
      end += 1;
    }
    let rest = Math.abs(value);
    let divisor = 1;
    while (divisor * 10 <= rest) {
      divisor *= 10;
    }
    for (; divisor >= 1; divisor /= 10) {
      const digit = Math.floor(rest / divisor);
      this.#buffer[end] = ZERO + digit;
      rest -= digit * divisor;
      end += 1;
    }
    return end;
  }

  #check(frame: Buffer, q: JointVector): void {
    const read = decodeJointTarget(frame, this.#decoded);
    for (let joint = 0; joint < 7; joint += 1) {
      const error = Math.abs(elementAt(this.#decoded, joint) - jointAt(q, joint));
      if (!read || !(error <= ROUNDING)) {
        throw new Error(`a frame for [${q.join(", ")}] rad came out as ${frame.toString("latin1")}`);
      }
    }
  }
}

/** Reads the joint angles in rad of a frame into `q`, written without regard to the encoder; false when it is none. */
export function decodeJointTarget(frame: Uint8Array, q: Float64Array): boolean {
  let position = HEAD.length;
  for (let joint = 0; joint < 7; joint += 1) {
    const negative = frame[position] === MINUS;
    position += negative ? 1 : 0;
    const first = position;
    let milliDeg = 0;
    for (;;) {
      const digit = (frame[position] ?? 0) - ZERO;
      if (digit < 0 || digit > 9) {
        break;
      }
      milliDeg = milliDeg * 10 + digit;
      position += 1;
    }
    if (position === first || frame[position] !== (joint < 6 ? COMMA : CLOSING_BRACKET)) {
      return false;
    }
    q[joint] = (negative ? -milliDeg : milliDeg) * MILLI_DEGREE;
    position += 1;
  }
  return true;
}

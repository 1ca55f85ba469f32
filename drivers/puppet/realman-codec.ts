// Frames of RealMan's serial leader: 55 AA 02 00 00 N, then N bytes of fields (an id counted from 1, int32 little endian), then
// one checksum byte. The last field is the handle, the others are joints in 0.0001 degree. Six joints: N = 35, 42 bytes in
// all; seven: N = 40, 47 bytes. Source: public programs that read it (drivers/puppet/README.md); not checked on a device.

const HEAD = Buffer.from([0x55, 0xaa, 0x02, 0x00, 0x00]);
const LENGTH_AT = HEAD.length;
const FIELD_BYTES = 5;
const PER_RADIAN = (180 / Math.PI) * 10_000;

/** Fields of the leaders that are known: six or seven joints and the handle. */
const FIELDS: readonly number[] = [7, 8];

/** Asks for one reading. */
export const REALMAN_POLL: Uint8Array = Buffer.from([...HEAD, 0x67]);

/** One reading of a serial leader: joints in rad, handle in its own unit. */
export interface RealmanReading {
  readonly joints: readonly number[];
  readonly gripper: number;
}

/**
 * CRC-8 with polynomial 0x31, start 0. A guess: it gives the documented poll's last byte, 0x67, from the bytes before it, and of
 * 648 variants tried about as many do so as chance alone would let. To be confirmed with one captured answer.
 */
export function realmanChecksum(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) {
      crc = (crc & 0x80) === 0 ? crc << 1 : ((crc << 1) ^ 0x31) & 0xff;
    }
  }
  return crc;
}

/** The frame of one reading, as a leader sends it. */
export function encodeRealmanReading({ joints, gripper }: RealmanReading): Uint8Array {
  const raw = [...joints.map((angle) => Math.round(angle * PER_RADIAN)), Math.round(gripper)];
  const length = raw.length * FIELD_BYTES;
  const frame = Buffer.alloc(LENGTH_AT + 1 + length + 1);
  HEAD.copy(frame);
  frame[LENGTH_AT] = length;
  for (const [index, value] of raw.entries()) {
    const at = LENGTH_AT + 1 + index * FIELD_BYTES;
    frame[at] = index + 1;
    frame.writeInt32LE(value, at + 1);
  }
  frame[frame.length - 1] = realmanChecksum(frame.subarray(0, -1));
  return frame;
}

/** Finds readings in bytes that arrive cut anywhere, with anything between them. */
export class RealmanDecoder {
  #rest: Buffer = Buffer.alloc(0);
  #rejected = 0;

  /** Frames with the right head whose length, ids or checksum were wrong. */
  get rejected(): number {
    return this.#rejected;
  }

  push(bytes: Uint8Array, onReading: (reading: RealmanReading) => void): void {
    let rest = this.#rest.length === 0 ? Buffer.from(bytes) : Buffer.concat([this.#rest, bytes]);
    for (;;) {
      const head = rest.indexOf(HEAD);
      if (head < 0) {
        // What may be the beginning of a head stays.
        rest = rest.subarray(Math.max(0, rest.length - HEAD.length + 1));
        break;
      }
      rest = rest.subarray(head);
      const length = rest[LENGTH_AT];
      if (length === undefined) {
        break;
      }
      const whole = LENGTH_AT + 1 + length + 1;
      if (!FIELDS.includes(length / FIELD_BYTES)) {
        this.#rejected++;
        rest = rest.subarray(1);
      } else if (rest.length < whole) {
        break;
      } else {
        const reading = decode(rest.subarray(0, whole));
        this.#rejected += reading === null ? 1 : 0;
        // A frame that lost bytes has the head of the next one inside: go on right after this head.
        rest = rest.subarray(reading === null ? 1 : whole);
        if (reading !== null) {
          onReading(reading);
        }
      }
    }
    this.#rest = Buffer.from(rest);
  }

  /** Forgets an unfinished frame. */
  clear(): void {
    this.#rest = Buffer.alloc(0);
  }
}

function decode(frame: Buffer): RealmanReading | null {
  if (frame.at(-1) !== realmanChecksum(frame.subarray(0, -1))) {
    return null;
  }
  const values: number[] = [];
  for (let at = LENGTH_AT + 1; at < frame.length - 1; at += FIELD_BYTES) {
    if (frame[at] !== values.length + 1) {
      return null;
    }
    values.push(frame.readInt32LE(at + 1));
  }
  const gripper = values.pop();
  return gripper === undefined ? null : { joints: values.map((raw) => raw / PER_RADIAN), gripper };
}

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import {
  encodeRealmanReading,
  REALMAN_POLL,
  RealmanDecoder,
  type RealmanReading,
  realmanChecksum,
} from "../../drivers/puppet/realman-codec.js";

const DEGREE = Math.PI / 180;
/** Head, length 35, seven fields of an id and an int32, checksum: joints 1, -1, 90, -90, 180, 0.0001 degree, handle 500. */
const SIX = Buffer.from(
  "55aa020000230110270000" +
    "02f0d8ffff" +
    "03a0bb0d00" +
    "046044f2ff" +
    "0540771b00" +
    "0601000000" +
    "07f4010000" +
    "00",
  "hex",
);
SIX[SIX.length - 1] = realmanChecksum(SIX.subarray(0, -1));
const SEVEN_READING: RealmanReading = { joints: [0.1, -0.2, 0.3, 1.5, -3, 7, -0.0001].map(rounded), gripper: 812 };
const SEVEN = Buffer.from(encodeRealmanReading(SEVEN_READING));

function rounded(angle: number): number {
  return Math.round((angle / DEGREE) * 10_000) / ((180 / Math.PI) * 10_000);
}

function decoded(...chunks: readonly Uint8Array[]): readonly RealmanReading[] {
  const decoder = new RealmanDecoder();
  const readings: RealmanReading[] = [];
  for (const chunk of chunks) {
    decoder.push(chunk, (reading) => readings.push(reading));
  }
  return readings;
}

describe("frames of RealMan's serial leader", () => {
  it("the checksum gives the last byte of the documented poll", () => {
    assert.equal(Buffer.from(REALMAN_POLL).toString("hex"), "55aa02000067");
    assert.equal(realmanChecksum(REALMAN_POLL.subarray(0, -1)), 0x67);
  });

  it("six joints, 42 bytes, byte by byte as documented", () => {
    assert.equal(SIX.length, 42);
    const [reading] = decoded(SIX);
    assert.ok(reading !== undefined);
    const degrees = reading.joints.map((angle) => Math.round((angle / DEGREE) * 10_000) / 10_000);
    assert.deepEqual(degrees, [1, -1, 90, -90, 180, 0.0001]);
    assert.equal(reading.gripper, 500);
  });

  it("seven joints, 47 bytes", () => {
    assert.equal(SEVEN.length, 47);
    assert.equal(SEVEN[5], 40);
    assert.deepEqual(decoded(SEVEN), [SEVEN_READING]);
  });

  it("split at each byte, and one byte at a time", () => {
    for (let at = 1; at < SEVEN.length; at++) {
      assert.deepEqual(decoded(SEVEN.subarray(0, at), SEVEN.subarray(at)), [SEVEN_READING], `split at ${at}`);
    }
    assert.deepEqual(decoded(...[...SEVEN].map((byte) => Uint8Array.of(byte))), [SEVEN_READING]);
  });

  it("merged with others and with garbage between", () => {
    const garbage = Buffer.from([0x55, 0x55, 0xaa, 0x02, 0x00, 0x01, 0xff]);
    assert.equal(decoded(Buffer.concat([SIX, SEVEN, garbage, SEVEN])).length, 3);
  });

  it("every changed bit and every lost byte costs that frame alone", () => {
    for (let at = 0; at < SEVEN.length; at++) {
      for (let bit = 0; bit < 8; bit++) {
        const wrong = Buffer.from(SEVEN);
        wrong[at] = (wrong[at] ?? 0) ^ (1 << bit);
        assert.deepEqual(decoded(wrong, SEVEN, SEVEN).slice(-1), [SEVEN_READING], `bit ${bit} of byte ${at}`);
        assert.ok(decoded(wrong, SEVEN, SEVEN).length <= 2);
      }
      const short = Buffer.concat([SEVEN.subarray(0, at), SEVEN.subarray(at + 1)]);
      assert.deepEqual(decoded(short, SEVEN), [SEVEN_READING], `without byte ${at}`);
    }
  });

  it("whatever is sent is read, in whatever pieces, after whatever garbage", () => {
    const raw = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
    const cuts = fc.array(fc.nat(200), { maxLength: 6 });
    const readings = fc.tuple(
      fc.oneof(fc.array(raw, { minLength: 6, maxLength: 6 }), fc.array(raw, { minLength: 7, maxLength: 7 })),
      raw,
    );
    fc.assert(
      fc.property(readings, fc.uint8Array({ maxLength: 30 }), cuts, ([joints, gripper], garbage, places) => {
        const frame = encodeRealmanReading({ joints: joints.map((value) => (value / 10_000) * DEGREE), gripper });
        // Garbage may begin a frame that swallows one; the second always comes through.
        const bytes = Buffer.concat([garbage, frame, frame]);
        const sorted = [0, ...[...places].sort((a, b) => a - b), bytes.length];
        const pieces = sorted.map((from, index) => bytes.subarray(from, sorted[index + 1] ?? bytes.length));
        const found = decoded(...pieces);
        const last = found.at(-1);
        assert.ok(last !== undefined);
        assert.deepEqual(
          last.joints.map((angle) => Math.round((angle / DEGREE) * 10_000)),
          joints.map((value) => value + 0),
        );
        assert.equal(last.gripper, gripper);
      }),
    );
  });
});

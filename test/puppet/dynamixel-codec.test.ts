import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import {
  DYNAMIXEL_PING,
  DynamixelDecoder,
  encodePosition,
  encodeReadByte,
  encodeStatus,
  encodeSyncReadPosition,
  type Request,
  readPosition,
  type StatusPacket,
} from "../../drivers/puppet/dynamixel-codec.js";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

function decoded(...chunks: readonly Uint8Array[]): readonly StatusPacket[] {
  const decoder = new DynamixelDecoder();
  const packets: StatusPacket[] = [];
  for (const chunk of chunks) {
    decoder.pushStatus(chunk, (packet) => packets.push(packet));
  }
  return packets;
}

function requests(bytes: Uint8Array): readonly Request[] {
  const found: Request[] = [];
  new DynamixelDecoder().pushRequest(bytes, (request) => found.push(request));
  return found;
}

/** FF FF FD inside, so that it is stuffed. */
const STATUS = encodeStatus(3, 0, [0xff, 0xff, 0xfd, 0x00]);

describe("packets of Dynamixel protocol 2.0", () => {
  // Packets of the e-Manual, "DYNAMIXEL Protocol 2.0": Ping, Sync Read.
  it("requests are those of the manual, byte by byte", () => {
    assert.equal(hex(DYNAMIXEL_PING), "fffffd00fe0300013142");
    assert.equal(hex(encodeSyncReadPosition([1, 2])), "fffffd00fe090082840004000102cefa");
    assert.deepEqual(requests(encodeSyncReadPosition([1, 2, 8])), [{ kind: "sync-read", ids: [1, 2, 8] }]);
    assert.deepEqual(requests(encodeReadByte(20, 128)), [{ kind: "read", id: 20, address: 128 }]);
    assert.deepEqual(requests(DYNAMIXEL_PING), [{ kind: "ping", id: 0xfe }]);
  });

  it("a status packet of the manual: position 166 of device 1, no error", () => {
    const [packet] = decoded(Buffer.from("fffffd000108005500a60000008cc0", "hex"));
    assert.ok(packet !== undefined);
    assert.deepEqual([packet.id, packet.error, packet.alert], [1, 0, false]);
    assert.ok(Math.abs((readPosition(packet) ?? 0) - (166 * 2 * Math.PI) / 4096) < 1e-12);
  });

  it("FF FF FD among the parameters is stuffed, and read as it was", () => {
    assert.equal(hex(STATUS.subarray(0, -2)), "fffffd000309005500fffffdfd00");
    assert.deepEqual([...(decoded(STATUS)[0]?.parameters ?? [])], [0xff, 0xff, 0xfd, 0x00]);
  });

  it("error numbers and the alert bit are kept apart", () => {
    const [packet] = decoded(encodeStatus(3, 0x83, []));
    assert.deepEqual([packet?.error, packet?.alert], [3, true]);
  });

  it("split at each byte, merged, one byte at a time", () => {
    for (let at = 1; at < STATUS.length; at++) {
      assert.equal(decoded(STATUS.subarray(0, at), STATUS.subarray(at)).length, 1, `split at ${at}`);
    }
    assert.equal(decoded(...[...STATUS].map((byte) => Uint8Array.of(byte))).length, 1);
    assert.equal(decoded(Buffer.concat([STATUS, STATUS, Uint8Array.of(0xff, 0xff, 0xfd), STATUS])).length, 3);
  });

  it("every changed bit and every lost byte is noticed, and the packets after it are read", () => {
    const good = encodeStatus(4, 0, encodePosition(1));
    const after = Buffer.concat(Array.from({ length: 12 }, () => good));
    for (let at = 0; at < STATUS.length; at++) {
      for (let bit = 0; bit < 8; bit++) {
        const wrong = Buffer.from(STATUS);
        wrong[at] = (wrong[at] ?? 0) ^ (1 << bit);
        const found = decoded(wrong, after);
        assert.ok(found.length > 0 && found.every(({ id }) => id === 4), `bit ${bit} of byte ${at}`);
      }
      const found = decoded(Buffer.concat([STATUS.subarray(0, at), STATUS.subarray(at + 1)]), after);
      assert.ok(found.length > 0 && found.every(({ id }) => id === 4), `without byte ${at}`);
    }
  });

  it("positions of many turns, and any parameters, come through in any pieces", () => {
    const parameters = fc.array(fc.constantFrom(0xff, 0xfd, 0x00, 0x12), { maxLength: 12 });
    fc.assert(
      fc.property(parameters, fc.nat(40), (bytes, at) => {
        const packet = encodeStatus(9, 0, bytes);
        const [found] = decoded(packet.subarray(0, at), packet.subarray(at));
        assert.deepEqual([...(found?.parameters ?? [])], bytes);
      }),
    );
    for (const angle of [-40, -0.0015, 0, 3, 100]) {
      const [packet] = decoded(encodeStatus(9, 0, encodePosition(angle)));
      assert.ok(packet !== undefined && Math.abs((readPosition(packet) ?? 99) - angle) <= Math.PI / 4096);
    }
  });
});

import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { after, describe, it } from "node:test";
import { hostClock } from "../../daemon/ports/clock.js";
import { altered, flipped } from "../../drivers/virtual-lab/impair/alter-datagram.js";
import { DatagramImpairer } from "../../drivers/virtual-lab/impair/datagram-impairer.js";
import { ImpairedSocket } from "../../drivers/virtual-lab/impair/impaired-socket.js";
import {
  type DatagramFaults,
  HEALTHY_DATAGRAMS,
  HEALTHY_LINE,
  impairmentFrom,
  type Toxics,
} from "../../drivers/virtual-lab/impair/impairment.js";
import { spoilPicture } from "../../drivers/virtual-lab/impair/spoil-picture.js";
import { ToxicPipe } from "../../drivers/virtual-lab/impair/toxic-pipe.js";

const PUSH = Buffer.from(
  '{"state":"realtime_arm_joint_state","arm_err":0,"joint_status":{"joint_position":[1,2,3,4,5,6,7]}}\r\n',
);

function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 20));
}

/** What comes out of a pipe, as text; "." stands for its end. */
function pipe(toxics: () => Toxics): { readonly pipe: ToxicPipe; text(): string; readonly pieces: string[] } {
  const pieces: string[] = [];
  const one = new ToxicPipe(toxics, () => 0.5, {
    deliver: (bytes) => pieces.push(bytes.toString()),
    end: () => pieces.push("."),
  });
  return { pipe: one, text: () => pieces.join(""), pieces };
}

describe("a line with faults", () => {
  it("hands on at once, in order, and its end, when it is healthy", () => {
    const line = pipe(() => HEALTHY_LINE);
    line.pipe.push(Buffer.from("ab"));
    line.pipe.push(Buffer.from("c"));
    line.pipe.finish();
    assert.equal(line.text(), "abc.");
  });

  it("holds everything while it is down and delivers it when it is back", () => {
    let toxics: Toxics = { ...HEALTHY_LINE, down: true };
    const line = pipe(() => toxics);
    line.pipe.push(Buffer.from("held"));
    assert.equal(line.text(), "");
    toxics = HEALTHY_LINE;
    line.pipe.flush();
    assert.equal(line.text(), "held");
  });

  it("delivers nothing of a sender that was reset while it was down", () => {
    let toxics: Toxics = { ...HEALTHY_LINE, down: true };
    const line = pipe(() => toxics);
    line.pipe.push(Buffer.from("lost"));
    line.pipe.abandon();
    toxics = HEALTHY_LINE;
    line.pipe.flush();
    assert.equal(line.text(), "");
  });

  it("keeps the order through latency and jitter", async () => {
    let draw = 0;
    const pieces: string[] = [];
    const toxics = { ...HEALTHY_LINE, latency: 0.005, jitter: 0.005 };
    const one = new ToxicPipe(
      () => toxics,
      () => [0.9, 0.1, 0.5][draw++ % 3] ?? 0,
      {
        deliver: (bytes) => pieces.push(bytes.toString()),
        end: () => pieces.push("."),
      },
    );
    for (const letter of "abcdef") {
      one.push(Buffer.from(letter));
    }
    one.finish();
    while (!pieces.includes(".")) {
      await turn();
    }
    assert.equal(pieces.join(""), "abcdef.");
  });

  it("cuts into pieces, limits the rate, and ends after so many bytes", async () => {
    const sliced = pipe(() => ({ ...HEALTHY_LINE, slice: 1 }));
    sliced.pipe.push(Buffer.from("abc"));
    assert.deepEqual(sliced.pieces, ["a", "b", "c"]);
    const limited = pipe(() => ({ ...HEALTHY_LINE, limitBytes: 3 }));
    limited.pipe.push(Buffer.from("abcd"));
    limited.pipe.push(Buffer.from("e"));
    assert.equal(limited.text(), "abcd.");
    const slow = pipe(() => ({ ...HEALTHY_LINE, bytesPerSecond: 1000 }));
    slow.pipe.push(Buffer.from("x".repeat(20)));
    assert.equal(slow.text(), "");
    while (slow.text() === "") {
      await turn();
    }
    assert.equal(slow.text().length, 20);
  });
});

describe("a socket over such a line", () => {
  const server = createServer();
  after(() => server.close());

  it("carries both ways, and forgets what a reset peer had sent while the line was down", async () => {
    let toxics: Toxics = HEALTHY_LINE;
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    const accepted = once(server, "connection");
    const client = connect({ host: "127.0.0.1", port: typeof address === "object" ? (address?.port ?? 0) : 0 });
    const [raw] = (await accepted) as [Socket];
    const socket = new ImpairedSocket(
      raw,
      () => toxics,
      () => 0.5,
    );
    let heard = "";
    socket.on("data", (bytes: Buffer) => {
      heard += bytes.toString();
    });
    client.write("one ");
    while (heard === "") {
      await turn();
    }
    socket.write("reply");
    assert.equal(String((await once(client, "data"))[0]), "reply");
    toxics = { ...HEALTHY_LINE, down: true };
    client.write("two");
    await turn();
    const gone = once(socket, "close");
    client.resetAndDestroy();
    await gone;
    toxics = HEALTHY_LINE;
    socket.flush();
    assert.equal(heard, "one ");
  });
});

describe("the line of the state push", () => {
  /** How many of 100 datagrams come out at once. */
  function count(faults: Partial<DatagramFaults>): number {
    let emitted = 0;
    const line = new DatagramImpairer(() => {
      emitted += 1;
    });
    line.set({ ...HEALTHY_DATAGRAMS, ...faults });
    for (let n = 0; n < 100; n += 1) {
      line.send(PUSH, n, 0.005);
    }
    line.close();
    return emitted;
  }

  it("loses, doubles and drops as it is told, by its seed", () => {
    assert.equal(count({}), 100);
    assert.equal(count({ drop: { count: 7, seconds: 0 } }), 93);
    assert.equal(count({ drop: { count: null, seconds: 0 } }), 0);
    const lost = count({ loss: 0.3, seed: 5 });
    assert.ok(lost > 50 && lost < 90);
    assert.equal(count({ loss: 0.3, seed: 5 }), lost);
    assert.ok(count({ duplicate: 0.5 }) > 120);
  });

  it("is silent for as long as it is told, however many it loses meanwhile", () => {
    const emitted: number[] = [];
    const line = new DatagramImpairer(() => emitted.push(hostClock.now()));
    const before = hostClock.now();
    line.send(PUSH, 0, 0.005);
    line.set({ ...HEALTHY_DATAGRAMS, drop: { count: 3, seconds: 0.02 } });
    for (let n = 1; emitted.length < 2; n += 1) {
      line.send(PUSH, n, 0.005);
    }
    line.close();
    assert.ok((emitted[1] ?? 0) - before >= 0.02);
  });

  it("lets datagrams overtake each other", async () => {
    const order: number[] = [];
    const line = new DatagramImpairer((_, sampledAt) => order.push(sampledAt));
    line.set({ ...HEALTHY_DATAGRAMS, reorder: 10 });
    for (let n = 0; n < 50; n += 1) {
      line.send(PUSH, n, 0.005);
    }
    while (order.length < 50) {
      await turn();
    }
    assert.notDeepEqual(
      order,
      [...order].sort((a, b) => a - b),
    );
  });

  it("makes exactly the promised part of a datagram wrong", () => {
    const joints = (how: Parameters<typeof altered>[1]): unknown =>
      JSON.parse(altered(PUSH, how, 0.5).toString()).joint_status.joint_position;
    assert.deepEqual(joints("jump"), [1, 5002, 3, 4, 5, 6, 7]);
    assert.deepEqual(joints("six-joints"), [1, 2, 3, 4, 5, 6]);
    assert.deepEqual(joints("strings"), ["1", "2", "3", "4", "5", "6", "7"]);
    assert.deepEqual(joints("infinite"), [Number.POSITIVE_INFINITY, 2, 3, 4, 5, 6, 7]);
    assert.deepEqual(joints("drift"), [1001, 2, 3, 4, 5, 6, 7]);
    assert.ok(!altered(PUSH, "no-errors", 0).toString().includes("arm_err"));
    assert.notDeepEqual(flipped(PUSH, 0.3), PUSH);
  });
});

describe("a spoiled picture", () => {
  const rgb = Uint8Array.from({ length: 3 * 64 * 64 }, (_, index) => index % 251);

  it("leaves the given one as it is and has the promised size", () => {
    const before = rgb.slice();
    for (const how of ["black", "white", "half-black", "noise", "blur"] as const) {
      const { picture, size } = spoilPicture(rgb, 64, how);
      assert.equal(size, 64);
      assert.equal(picture.length, rgb.length);
      assert.notDeepEqual(picture, rgb);
    }
    const small = spoilPicture(rgb, 64, "resize");
    assert.equal(small.size, 32);
    assert.equal(small.picture.length, 3 * 32 * 32);
    assert.deepEqual(rgb, before);
  });

  it("is blurred as by a lens: an edge becomes a ramp of seventeen pixels, along and across", () => {
    const along = Uint8Array.from({ length: 3 * 64 * 64 }, (_, at) => (Math.floor(at / 3) % 64 < 32 ? 0 : 170));
    const across = Uint8Array.from({ length: 3 * 64 * 64 }, (_, at) => (Math.floor(at / 3 / 64) < 32 ? 0 : 170));
    const ramp = Array.from({ length: 64 }, (_, x) => Math.min(170, Math.max(0, 10 * (x - 23))));
    const row = spoilPicture(along, 64, "blur").picture.subarray(3 * 64 * 5, 3 * 64 * 6);
    assert.deepEqual(
      [...row],
      ramp.flatMap((value) => [value, value, value]),
    );
    const { picture } = spoilPicture(across, 64, "blur");
    assert.deepEqual(
      ramp.map((_, y) => picture[3 * 64 * y + 1]),
      ramp,
    );
  });
});

describe("an impairment that is asked for", () => {
  it("is filled up with what is healthy, or refused in words", () => {
    assert.deepEqual(impairmentFrom({ target: "tcp", latency: 0.3 }), { ...HEALTHY_LINE, target: "tcp", latency: 0.3 });
    for (const wrong of [{}, { target: "tcp", latency: -1 }, { target: "udp", loss: 2 }, { target: "tcp", speed: 1 }]) {
      assert.throws(() => impairmentFrom(wrong), RangeError);
    }
  });
});

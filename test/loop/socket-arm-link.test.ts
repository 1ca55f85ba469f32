import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, afterEach, before, beforeEach, describe, it } from "node:test";
import { filter, firstValueFrom, timeout } from "rxjs";
import type { ArmLink, ArmLinkStatus } from "../../daemon/loop/arm-link.js";
import { createSocketArmLink } from "../../daemon/loop/socket-arm-link.js";
import { hostClock } from "../../daemon/ports/clock.js";
import type { FromArm } from "../../daemon/types/arm-link.js";
import { armReport } from "./samples.js";

/** Only a failing test waits this long. */
const PATIENCE_MS = 10_000;

describe("the line to the arm process", () => {
  let folder: string;
  let path: string;
  let server: Server;
  let link: ArmLink;
  let sockets: Socket[];
  let lines: string[];
  let answer: (line: string, socket: Socket) => void;

  const listen = async (): Promise<void> => {
    server = createServer((socket) => {
      sockets.push(socket);
      createInterface({ input: socket }).on("line", (line) => {
        lines.push(line);
        answer(line, socket);
      });
    }).listen(path);
    await once(server, "listening");
  };
  const hangUp = async (): Promise<void> => {
    const closed = once(server, "close");
    server.close();
    for (const socket of sockets) {
      socket.destroy();
    }
    await closed;
  };
  const status = (kind: ArmLinkStatus["kind"]): Promise<ArmLinkStatus> =>
    firstValueFrom(
      link.status.pipe(
        filter((present) => present.kind === kind),
        timeout(PATIENCE_MS),
      ),
    );
  const message = (): Promise<FromArm> => firstValueFrom(link.messages.pipe(timeout(PATIENCE_MS)));
  const write = (text: string): void => {
    sockets.at(-1)?.write(text);
  };

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "arm-link-"));
    path = join(folder, "arm.sock");
  });
  after(() => rm(folder, { recursive: true }));
  beforeEach(async () => {
    sockets = [];
    lines = [];
    answer = () => undefined;
    await listen();
    link = createSocketArmLink(path, hostClock);
    await status("connected");
    const arrived = hostClock.now() + PATIENCE_MS / 1000;
    while (sockets.length === 0 && hostClock.now() < arrived) {
      await new Promise(setImmediate);
    }
  });
  afterEach(async () => {
    link.close();
    await hangUp();
  });

  it("gives every message, also when lines are cut or joined", async () => {
    const state = JSON.stringify({ kind: "state", state: armReport({ epoch: 3 }) });
    const received: FromArm[] = [];
    link.messages.subscribe((one) => received.push(one));
    write(`${state}\n${state.slice(0, 40)}`);
    assert.deepEqual(await message(), { kind: "state", state: armReport({ epoch: 3 }) });
    write(`${state.slice(40)}\n`);
    await message();
    assert.equal(received.length, 2);
  });

  it("asks and answers by id", async () => {
    answer = (line, socket) => {
      const { id } = JSON.parse(line) as { id: number };
      socket.write(`${JSON.stringify({ kind: "result", id: id + 1000, ok: false, reason: "not yours", epoch: 0 })}\n`);
      socket.write(`${JSON.stringify({ kind: "result", id, ok: true, reason: "", epoch: 5 })}\n`);
    };
    const result = await firstValueFrom(link.request({ kind: "engage" }, 7));
    assert.deepEqual(result, { ok: true, reason: "", epoch: 5 });
    assert.deepEqual(JSON.parse(lines[0] ?? ""), { kind: "request", id: 1, lease: 7, request: { kind: "engage" } });
  });

  it("answers a request itself when the arm process goes away", async () => {
    answer = (_, socket) => socket.destroy();
    const result = await firstValueFrom(link.request({ kind: "home" }, 7));
    assert.equal(result.ok, false);
    assert.match(result.reason, /closed the connection/);
  });

  it("connects again, and says that nothing was sent meanwhile", async () => {
    await hangUp();
    const lost = await status("disconnected");
    assert.match(lost.kind === "disconnected" ? lost.reason : "", /arm process/);
    assert.equal(link.send({ kind: "stop", reason: "test", by: "test" }), false);
    await listen();
    await status("connected");
    assert.equal(link.send({ kind: "stop", reason: "test", by: "test" }), true);
  });

  for (const [name, text] of [
    ["is not JSON", "nonsense\n"],
    ["has an unknown kind", '{"kind":"dance"}\n'],
    ["has a joint too few", `${JSON.stringify({ kind: "state", state: { ...armReport(), measured: [1, 2, 3] } })}\n`],
    ["has a number that is none", `${JSON.stringify({ kind: "state", state: { ...armReport(), at: Number.NaN } })}\n`],
    ["never ends", "x".repeat(70_000)],
  ] as const) {
    it(`drops an arm process whose line ${name}`, async () => {
      let messages = 0;
      link.messages.subscribe(() => {
        messages += 1;
      });
      const lost = status("disconnected");
      write(text);
      const present = await lost;
      assert.match(present.kind === "disconnected" ? present.reason : "", /the arm process sent a/);
      assert.equal(messages, 0);
    });
  }

  it("says what to do when nobody listens", async () => {
    const nobody = createSocketArmLink(join(folder, "nobody.sock"), hostClock);
    const present = await firstValueFrom(
      nobody.status.pipe(
        filter((one) => one.kind === "disconnected" && one.reason.includes("is it running?")),
        timeout(PATIENCE_MS),
      ),
    );
    assert.equal(present.kind, "disconnected");
    assert.deepEqual((await firstValueFrom(nobody.request({ kind: "hold" }, 1))).ok, false);
    nobody.close();
  });
});

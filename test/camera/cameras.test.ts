import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { filter, firstValueFrom, type Observable, timeout } from "rxjs";
import type { Cameras } from "../../daemon/ports/camera.js";
import { hostClock } from "../../daemon/ports/clock.js";
import { projectPath } from "../../daemon/ports/project-path.js";
import { DriverError } from "../../daemon/types/driver-error.js";
import type { CameraFault, CameraRole, Frame } from "../../daemon/types/frame.js";
import { createCameras } from "../../drivers/camera/cameras.js";
import { loadOpenCv } from "../../drivers/camera/opencv.js";
import type { CameraSource } from "../../drivers/camera/options.js";
import { type MjpegServer, startMjpegServer, testPictures } from "./mjpeg-server.js";

const pictures = testPictures(64, 48);
const picture = { size: 16, crop: 1, rotate180: false };
/** Longer than anything here may take on a loaded machine; only a failing test waits for it. */
const PATIENCE_MS = 60_000;
/** A fault must have its name after 0.3 s; the rest is for a test machine that is busy with other things. */
const NAMED_WITHIN = 1;

/** What the present test has opened; closed after it, whatever its outcome. */
const open: (() => unknown)[] = [];
afterEach(() => closeAll(open.splice(0)));

async function closeAll(opened: typeof open): Promise<void> {
  for (const close of opened.reverse()) {
    await close();
  }
}

function camerasOf(front: CameraSource, wrist: CameraSource): Cameras {
  const cameras = createCameras({
    cameras: {
      front: { source: front, width: 64, height: 48 },
      wrist: { source: wrist, width: 64, height: 48 },
    },
    pictures: { front: picture, wrist: picture },
  });
  open.push(() => cameras.close());
  return cameras;
}

async function serve(shown = pictures, port = 0): Promise<MjpegServer> {
  const server = await startMjpegServer(shown, port);
  open.push(() => server.close());
  return server;
}

/** Writes the pictures as a video of 25 a second. */
function video(path: string): string {
  const cv = loadOpenCv();
  const writer = new cv.VideoWriter(path, cv.VideoWriter.fourcc("MJPG"), 25, new cv.Size(64, 48));
  for (const jpeg of pictures) {
    const mat = cv.imdecode(jpeg);
    writer.write(mat);
    mat.release();
  }
  writer.release();
  return path;
}

const next = <T>(stream: Observable<T>, wanted: (value: T) => boolean): Promise<T> =>
  firstValueFrom(stream.pipe(filter(wanted), timeout(PATIENCE_MS)));

const fault = (cameras: Cameras, kind: CameraFault["kind"], role: CameraRole = "front"): Promise<unknown> =>
  next(cameras.faults, (faults) => faults.some((one) => one.kind === kind && one.role === role));

const well = (cameras: Cameras): Promise<unknown> => next(cameras.faults, (faults) => faults.length === 0);

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

/** Process ids of the vision processes that a process has started. */
async function visionPids(parent: number): Promise<readonly number[]> {
  const children = (await readFile(`/proc/${parent}/task/${parent}/children`, "utf8")).trim().split(" ");
  const commands = await Promise.all(children.map((pid) => readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")));
  return children.map(Number).filter((_, index) => commands[index]?.includes("camera/process.js"));
}

describe("two cameras over HTTP", () => {
  let server: MjpegServer;
  let cameras: Cameras;
  let shared: typeof open;
  before(async () => {
    server = await serve();
    cameras = camerasOf({ kind: "url", url: server.url }, { kind: "url", url: (await serve()).url });
    shared = open.splice(0);
  });
  after(() => closeAll(shared));

  it("give frames at the model's size, as RGB, with rising sequence and fresh capture instants", async () => {
    await well(cameras);
    const wrist = await next(cameras.frames, (frame) => frame.role === "wrist");
    const first = await next(cameras.frames, (frame) => frame.role === "front");
    const second = await next(cameras.frames, (frame) => frame.role === "front");
    assert.equal(wrist.rgb.length, 16 * 16 * 3);
    assert.deepEqual([first.width, first.height], [16, 16]);
    assert.ok(second.sequence > first.sequence);
    assert.ok(second.capturedAt > first.capturedAt && hostClock.now() - second.capturedAt < 1);
    const [red, , blue] = second.rgb.subarray(8 * 16 * 3);
    assert.ok((red ?? 0) > 200 && (blue ?? 255) < 60, "the left half is red");
  });

  it("give the newest picture as JPEG at the camera's own size", async () => {
    const cv = loadOpenCv();
    const decoded = cv.imdecode(Buffer.from(await cameras.jpeg("wrist")));
    assert.deepEqual([decoded.cols, decoded.rows], [64, 48]);
    decoded.release();
  });

  it("have a name within 0.3 s when frozen or silent, deliver nothing then, and are taken back", async () => {
    await well(cameras);
    let frames = 0;
    const counting = cameras.frames.pipe(filter(({ role }) => role === "front")).subscribe(() => {
      frames += 1;
    });
    server.behave("frozen");
    const frozenAt = hostClock.now();
    await fault(cameras, "camera-frozen");
    assert.ok(hostClock.now() - frozenAt < NAMED_WITHIN);
    const framesWhenFrozen = frames;
    server.behave("silent");
    await fault(cameras, "camera-stale");
    assert.equal(frames, framesWhenFrozen);
    server.behave("moving");
    await well(cameras);
    counting.unsubscribe();
  });

  it("have a name within 0.3 s when killed, and are taken back when they return", async () => {
    await well(cameras);
    const killedAt = hostClock.now();
    await server.close();
    await next(cameras.faults, (faults) => faults.some(({ role }) => role === "front"));
    assert.ok(hostClock.now() - killedAt < NAMED_WITHIN);
    await fault(cameras, "camera-absent");
    await serve(pictures, server.port);
    await well(cameras);
  });
});

describe("one camera of two", () => {
  it("names a wrong picture size", async () => {
    const server = await serve();
    const large = await serve(testPictures(80, 48));
    const cameras = camerasOf({ kind: "url", url: large.url }, { kind: "url", url: server.url });
    await fault(cameras, "camera-wrong-size");
    await next(cameras.frames, (frame) => frame.role === "wrist");
    await assert.rejects(cameras.jpeg("front"), DriverError);
  });

  it("keeps delivering while the other hangs in opening", async () => {
    const accepted: Socket[] = [];
    const mute = createServer((socket) => accepted.push(socket.on("error", () => undefined)));
    mute.listen(0, "127.0.0.1");
    await once(mute, "listening");
    open.push(() => {
      for (const socket of accepted) {
        socket.destroy();
      }
      mute.close();
    });
    const server = await serve();
    const { port } = mute.address() as AddressInfo;
    const cameras = camerasOf({ kind: "url", url: `http://127.0.0.1:${port}/` }, { kind: "url", url: server.url });
    await next(cameras.faults, (faults) => faults.every(({ role }) => role === "front"));
    const captured: number[] = [];
    const watching = cameras.frames.subscribe(({ capturedAt }) => captured.push(capturedAt));
    await next(cameras.faults, (faults) => faults.some(({ detail }) => detail.includes("does not open")));
    watching.unsubscribe();
    const gaps = captured.slice(1).map((at, index) => at - (captured[index] ?? 0));
    assert.ok(Math.max(...gaps) < 0.9, "opening blocks for a second, and only its own process");
  });
});

describe("a camera that is sharp and then blurred", () => {
  it("is blind to the daemon and gives no frames for as long as it is blurred", async () => {
    const server = await serve();
    const cameras = camerasOf({ kind: "url", url: server.url }, { kind: "url", url: (await serve()).url });
    await next(cameras.frames, ({ role, sequence }) => role === "front" && sequence > 100);
    await well(cameras);
    server.show(testPictures(64, 48, 6));
    const faults = await next(cameras.faults, (present) => present.length > 0);
    assert.deepEqual(
      faults.map(({ kind, role }) => [kind, role]),
      [["camera-blind", "front"]],
    );
    assert.match(faults[0]?.detail ?? "", /blurred against what they were/);
    let frames = 0;
    const counting = cameras.frames.pipe(filter(({ role }) => role === "front")).subscribe(() => {
      frames += 1;
    });
    await delay(500);
    counting.unsubscribe();
    assert.equal(frames, 0);
    server.show(pictures);
    await well(cameras);
  });
});

describe("a stream with damaged pictures", () => {
  it("goes on with the sound ones and counts the others as missed", async () => {
    const [one = Buffer.alloc(0), two = Buffer.alloc(0)] = pictures;
    const server = await serve([one, Buffer.alloc(0), Buffer.from("no picture"), two]);
    const cameras = camerasOf({ kind: "url", url: server.url }, { kind: "url", url: server.url });
    await well(cameras);
    const front = cameras.frames.pipe(filter(({ role }) => role === "front"));
    const first = await next(front, () => true);
    const later = await next(front, ({ sequence }) => sequence >= first.sequence + 12);
    assert.ok(later.capturedAt - first.capturedAt < 5, "it was opened anew");
  });
});

describe("the exposure of a picture", () => {
  it("is what a camera on this machine tells, where that can be; else nothing", async () => {
    const stamps: number[] = [];
    const telling = await startMjpegServer(pictures, 0, () => {
      stamps.push(Math.round((hostClock.now() - 0.02) * 1e6) / 1e6);
      return stamps.at(-1) ?? null;
    });
    const ahead = await startMjpegServer(pictures, 0, () => hostClock.now() + 3600);
    open.push(() => telling.close());
    open.push(() => ahead.close());
    const cameras = camerasOf({ kind: "url", url: telling.url }, { kind: "url", url: ahead.url });
    const of = (role: CameraRole) => next(cameras.pictures, (taken) => taken.role === role);
    const [front, wrist] = await Promise.all([of("front"), of("wrist")]);
    assert.ok(front.exposedAt !== null && stamps.includes(front.exposedAt), `${front.exposedAt}`);
    assert.ok(front.capturedAt - front.exposedAt >= 0.02);
    assert.equal(wrist.exposedAt, null);
  });
});

describe("an address that serves no JPEG pictures", () => {
  it("is opened by FFmpeg", async () => {
    const folder = await mkdtemp(join(tmpdir(), "camera-"));
    open.push(() => rm(folder, { recursive: true }));
    const bytes = await readFile(video(join(folder, "front.avi")));
    const server = createHttpServer((_, response) => response.setHeader("content-type", "video/x-msvideo").end(bytes));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    open.push(() => server.close().closeAllConnections());
    const { port } = server.address() as AddressInfo;
    const source = { kind: "url", url: `http://127.0.0.1:${port}/front` } as const;
    const frame = await next(camerasOf(source, source).frames, () => true);
    assert.deepEqual([frame.width, frame.height], [16, 16]);
  });
});

describe("cameras that are not there", () => {
  it("are named, with what to do, and give no JPEG", async () => {
    const cameras = camerasOf(
      { kind: "device", device: "/dev/video-none", fps: 30 },
      { kind: "file", path: "/nowhere/wrist.avi" },
    );
    const faults = await next(cameras.faults, (present) =>
      present.every(({ detail }) => !detail.includes("being opened")),
    );
    assert.deepEqual(
      faults.map(({ kind, role }) => [kind, role]),
      [
        ["camera-absent", "front"],
        ["camera-absent", "wrist"],
      ],
    );
    assert.match(faults[0]?.detail ?? "", /video-none does not open\. Check/);
    await assert.rejects(cameras.jpeg("front"), DriverError);
  });
});

describe("a video file", () => {
  it("plays at its own rate, again and again", async () => {
    const folder = await mkdtemp(join(tmpdir(), "camera-"));
    open.push(() => rm(folder, { recursive: true }));
    const path = video(join(folder, "front.avi"));
    const cameras = camerasOf({ kind: "file", path }, { kind: "file", path });
    const front = cameras.frames.pipe(filter((frame: Frame) => frame.role === "front"));
    const first = await next(front, () => true);
    const later = await next(front, (frame) => frame.sequence > first.sequence + pictures.length + 4);
    const period = (later.capturedAt - first.capturedAt) / (later.sequence - first.sequence);
    assert.ok(period > 0.035, `a picture every ${period} s`);
  });
});

describe("vision processes", () => {
  it("are started again when they die, and none is left when the cameras are closed", async () => {
    const server = await serve();
    const cameras = camerasOf({ kind: "url", url: server.url }, { kind: "url", url: server.url });
    await well(cameras);
    const pids = await visionPids(process.pid);
    assert.equal(pids.length, 2);
    process.kill(pids[0] ?? 0, "SIGKILL");
    await next(cameras.faults, (faults) => faults.some(({ detail }) => detail.includes("process ended (SIGKILL)")));
    await well(cameras);
    const born = (await visionPids(process.pid)).filter((pid) => !pids.includes(pid));
    assert.equal(born.length, 1);
    await cameras.close();
    assert.deepEqual([...pids, ...born].filter(isAlive), []);
  });

  it("are killed when they hang, and started again", async () => {
    const server = await serve();
    const cameras = camerasOf({ kind: "url", url: server.url }, { kind: "url", url: server.url });
    await well(cameras);
    const [front] = await visionPids(process.pid);
    process.kill(front ?? 0, "SIGSTOP");
    await fault(cameras, "camera-stale");
    await next(cameras.faults, (present) => present.some(({ detail }) => detail.includes("process ended (SIGKILL)")));
    await well(cameras);
  });

  it("end when their parent is killed", async () => {
    const script = `
      import { createCameras } from "${projectPath("dist", "drivers", "camera", "cameras.js")}";
      const camera = { source: { kind: "file", path: "/nowhere" }, width: 64, height: 48 };
      const picture = ${JSON.stringify(picture)};
      createCameras({ cameras: { front: camera, wrist: camera }, pictures: { front: picture, wrist: picture } })
        .faults.subscribe((faults) => console.log(JSON.stringify(faults)));`;
    const parent = spawn(process.execPath, ["--input-type=module", "--eval", script], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    open.push(() => {
      parent.kill("SIGKILL");
    });
    for await (const text of parent.stdout.setEncoding("utf8")) {
      if (String(text).includes("does not open")) {
        break;
      }
    }
    const pids = await visionPids(parent.pid ?? 0);
    assert.equal(pids.length, 2);
    parent.kill("SIGKILL");
    const givenUpAt = hostClock.now() + PATIENCE_MS / 1000;
    while (pids.some(isAlive) && hostClock.now() < givenUpAt) {
      await delay(20);
    }
    assert.deepEqual(pids.filter(isAlive), []);
  });
});

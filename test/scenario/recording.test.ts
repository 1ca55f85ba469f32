import assert from "node:assert/strict";
import { watch } from "node:fs/promises";
import { join } from "node:path";
import { it } from "node:test";
import { need } from "../../daemon/cli/operator-link.js";
import { readIndex } from "../../daemon/recorder/episode-index.js";
import { inspectEpisode, readEpisode } from "../../daemon/recorder/read-episode.js";
import { CAMERA_ROLES, type CameraRole } from "../../daemon/types/frame.js";
import type { Instant } from "../../daemon/types/units.js";
import { ExposureWitness, offExposure } from "../bench/exposures.js";
import { quantile } from "../bench/statistics.js";
import { startRig } from "./rig.js";

it("records a policy run by itself: pictures, setpoints, texts and codes with their own instants", async () => {
  const rig = await startRig();
  const folder = rig.system.config.recording?.directory ?? "";
  const witnesses = await Promise.all(
    CAMERA_ROLES.map((role) => ExposureWitness.watch(cameraUrl(rig.system.config.cameras[role]))),
  );
  try {
    const chunk = rig.next("chunk");
    await rig.startMoving();
    await chunk;
    const stopped = rig.next("progress", ({ phase }) => phase === "stopped" || phase === "failed");
    await need(rig.client.stop("enough"), "accepted");
    await stopped;
    await untilClosed(folder);
    await check(folder);
    const [front, wrist] = witnesses.map(({ exposures }) => exposures);
    await checkStamps(folder, { front: front ?? [], wrist: wrist ?? [] });
  } finally {
    for (const witness of witnesses) {
      witness.close();
    }
    await rig.close();
  }
});

function cameraUrl(camera: object): string {
  assert.ok("url" in camera && typeof camera.url === "string");
  return camera.url;
}

/** The index is written anew when an episode is closed. */
async function untilClosed(folder: string): Promise<void> {
  const watcher = watch(folder, { signal: AbortSignal.timeout(20_000) });
  if (readIndex(folder) !== null) {
    return;
  }
  for await (const _ of watcher) {
    if (readIndex(folder) !== null) {
      return;
    }
  }
}

async function check(folder: string): Promise<void> {
  const [entry] = readIndex(folder) ?? [];
  assert.equal(entry?.kind, "policy");
  assert.equal(entry?.operator, "scenario");
  const path = join(folder, `${entry?.name}.mcap`);
  const { messages, metadata } = await readEpisode(path);
  assert.deepEqual(await inspectEpisode(path).then(({ wrong }) => wrong), null);
  assert.match(metadata.get("kinevla.episode")?.get("config_sha256") ?? "", /^[0-9a-f]{64}$/);
  for (const topic of ["/policy/reasoning", "/policy/chunk", "/policy/chunk_report", "/arm/stop", "/task", "/faults"]) {
    assert.ok(
      messages.some((message) => message.topic === topic),
      topic,
    );
  }
  const on = (topic: string): readonly number[] =>
    messages.filter((message) => message.topic === topic).map(({ logTime }) => Number(logTime) / 1e9);
  // A setpoint a tick, each once.
  const due = on("/arm/setpoint");
  const gaps = due.slice(1).map((at, index) => at - (due[index] ?? Number.NaN));
  assert.ok(due.length > 20 && gaps.every((gap) => gap > 0.009), `${due.length} setpoints, ${Math.min(...gaps)} s`);
  // The very instants at which the pictures of a chunk were in hand.
  const captured = messages.flatMap(({ topic, value }) =>
    topic === "/policy/chunk" && typeof value === "object" && value !== null && "capturedAt" in value
      ? [Number(value.capturedAt)]
      : [],
  );
  const pictures = messages.flatMap(({ topic, publishTime }) =>
    topic.startsWith("/camera/") ? [Number(publishTime) / 1e9] : [],
  );
  assert.ok(captured.length > 0);
  for (const at of captured.filter((instant) => instant >= Math.min(...pictures))) {
    const nearest = Math.min(...pictures.map((picture) => Math.abs(picture - at)));
    assert.ok(nearest <= 0.001, `a chunk's picture of ${at} s is ${nearest * 1000} ms off`);
  }
}

/** Pictures are stamped with when the lab says that it exposed them. */
async function checkStamps(folder: string, exposures: Readonly<Record<CameraRole, readonly Instant[]>>): Promise<void> {
  const [entry] = readIndex(folder) ?? [];
  const { messages } = await readEpisode(join(folder, `${entry?.name}.mcap`));
  for (const role of CAMERA_ROLES) {
    const stamps = messages.flatMap(({ topic, logTime }) =>
      topic === `/camera/${role}` ? [Number(logTime) / 1e9] : [],
    );
    // Half of a handful: the watcher beside the daemon may itself miss a picture, whose stamp has no exposure here then.
    const off = quantile(offExposure(stamps, exposures[role]), 0.5);
    assert.ok(stamps.length > 0 && off <= 0.001, `${role}: ${stamps.length} pictures, half stamped ${off} s off`);
  }
}

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { afterEach, beforeEach, describe, it } from "node:test";
import { pathToFileURL } from "node:url";
import { CompressedImage, JointStates } from "@foxglove/schemas/jsonschema.js";
import { z } from "zod";
import { projectPath } from "../../daemon/ports/project-path.js";
import { CLOSED, OPEN } from "../../daemon/recorder/episode-file.js";
import { episodesOf } from "../../daemon/recorder/episode-index.js";
import { Recorder } from "../../daemon/recorder/recorder.js";
import { repairFolder } from "../../daemon/recorder/repair.js";
import { closing, folderApart, opening, picture, report, setpoint } from "./samples.js";

const read = z.object({
  library: z.string(),
  count: z.int(),
  messages: z.array(
    z.object({
      topic: z.string(),
      schema: z.string(),
      encodings: z.array(z.string()),
      described: z.record(z.string(), z.unknown()),
      log_time: z.int(),
      publish_time: z.int(),
      sequence: z.int(),
      value: z.unknown(),
      picture: z.string(),
    }),
  ),
  metadata: z.record(z.string(), z.record(z.string(), z.string())),
  attachments: z.record(z.string(), z.int()),
});

type JsonSchema = Exclude<Parameters<typeof z.fromJSONSchema>[0], boolean>;

/** What Foxglove itself says of its schemas. */
const FOXGLOVE: ReadonlyMap<string, unknown> = new Map(
  [CompressedImage, JointStates].map((schema) => [schema.title, schema]),
);

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === "object" && value !== null && "properties" in value;
}

/** The Python that has the package mcap; `npm test` has made it before. */
function python(): string {
  const url = JSON.stringify(pathToFileURL(projectPath("systemd", "setup.mjs")).href);
  const script = `import(${url}).then((m) => m.setUpMcap()).then((python) => process.stdout.write(python))`;
  return execFileSync(process.execPath, ["-e", script], { encoding: "utf8" });
}

function readForeign(path: string): z.infer<typeof read> {
  const program = projectPath("test", "recorder", "read_mcap.py");
  return read.parse(JSON.parse(execFileSync(python(), [program, path], { encoding: "utf8", maxBuffer: 1e9 })));
}

describe("a recording in the Python package mcap", () => {
  let apart: ReturnType<typeof folderApart>;
  let recorder: Recorder;
  beforeEach(async () => {
    apart = folderApart();
    recorder = new Recorder({ folder: apart.folder, mostBytes: 1e9, leastFreeBytes: 0 }, () => undefined);
    await recorder.handle(opening({ startedAt: 100 }));
    await recorder.handle(picture("front", 100.01, 41));
    await recorder.handle(picture("wrist", 100.02, 7));
    await recorder.handle(report(100.03, 0.004));
    await recorder.handle(setpoint(100.04));
  });
  afterEach(() => apart.remove());

  const only = (ending: string): string => episodesOf(apart.folder, ending)[0] ?? "";

  it("has every message with its instants, records and attachments", async () => {
    await recorder.handle(closing({ success: true }));
    const { library, count, messages, metadata, attachments } = readForeign(only(CLOSED));
    assert.equal(library, "kinevla");
    assert.equal(count, 5);
    assert.deepEqual(
      messages.map(({ topic, schema, log_time, sequence }) => [topic, schema, log_time, sequence]),
      [
        ["/camera/front", "foxglove.CompressedImage", 100_010_000_000, 41],
        ["/camera/wrist", "foxglove.CompressedImage", 100_020_000_000, 7],
        ["/joint_states", "foxglove.JointStates", 100_026_000_000, 1],
        ["/arm/report", "kinevla.ArmReport", 100_030_000_000, 1],
        ["/arm/setpoint", "kinevla.Setpoint", 100_040_000_000, 1],
      ],
    );
    assert.ok(messages.every(({ encodings }) => encodings.join() === "json,jsonschema"));
    assert.equal(metadata["kinevla.end"]?.success, "true");
    assert.deepEqual(attachments, { "start-front.jpg": 30_000, "start-wrist.jpg": 30_000 });
  });

  it("has pictures and joint states that Foxglove's own schemas of these names accept", async () => {
    await recorder.handle(closing());
    const { messages } = readForeign(only(CLOSED));
    const foxglove = messages.filter(({ schema }) => schema.startsWith("foxglove."));
    assert.deepEqual(new Set(foxglove.map(({ schema }) => schema)), new Set(FOXGLOVE.keys()));
    for (const { schema, value, described } of foxglove) {
      const theirs = FOXGLOVE.get(schema);
      assert.ok(isSchema(theirs));
      z.fromJSONSchema(theirs).parse(value);
      // A viewer that goes by the file's own schema finds nothing there that Foxglove does not know.
      const known = Object.keys(theirs.properties ?? {});
      assert.deepEqual(Object.keys(described.properties ?? {}).sort(), known.sort());
    }
    const sent = createHash("sha256").update(new Uint8Array(30_000).fill(41)).digest("hex");
    assert.equal(messages[0]?.picture, sent);
  });

  it("opens as well when repair has closed it", async () => {
    for (let n = 1; n <= 40; n++) {
      await recorder.handle(picture("front", 101 + n / 20, 41 + n));
    }
    // Nobody closes it: a chunk and a half are in it.
    assert.notEqual(only(OPEN), "");
    await repairFolder(apart.folder, () => undefined);
    const { count, messages, metadata } = readForeign(only(CLOSED));
    assert.ok(count >= 26 && count === messages.length, `${count} and ${messages.length}`);
    assert.equal(metadata["kinevla.end"]?.outcome, "crashed");
  });
});

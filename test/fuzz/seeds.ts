const JOINTS = [0.1, -0.2, 0.3, 1, -0.1, 1, 0.2] as const;
const stop = { code: "operator-stop", detail: "button", hint: "acknowledge", at: 3.5, latched: true };
const held = { id: 1, lease: 4, sequence: 9 };

/** What a client may send, one of each type. */
export const CLIENT_SEEDS: readonly string[] = [
  { type: "authenticate", id: 0, token: "secret", name: "Ada" },
  { type: "take-control", id: 1, name: "Ada" },
  { type: "take-over", id: 1 },
  { type: "renew", ...held, seen: 12, held: true },
  { type: "release-control", ...held },
  { type: "instruct", ...held, instruction: "pick up the bread", homeFirst: true, confirm: false },
  { type: "pause", ...held },
  { type: "resume", ...held },
  { type: "record", ...held, action: "keep", task: "", success: true },
  { type: "home", ...held },
  { type: "recover", ...held },
  { type: "acknowledge", ...held, reason: "looked" },
  { type: "stop", id: 7, reason: "button" },
  { type: "allow-unattended", id: 7, allowed: true },
  { type: "subscribe", id: 3, topics: ["state", "chunks"], rateHz: 20 },
  { type: "status", id: 2 },
].map((message) => JSON.stringify(message));

/** What the daemon says to the arm process. */
export const TO_ARM_SEEDS: readonly string[] = [
  { kind: "stop", reason: "button", by: "anna" },
  { kind: "operator-beat", lease: 4, role: "operator", held: true },
  { kind: "allow-unattended", allowed: true, by: "Ada" },
  { kind: "pictures", capturedAt: 12.5 },
  { kind: "unfamiliar", detail: "commanded 3 is 6.1 standard deviations away" },
  { kind: "no-chunk", detail: "step 3 is not seven finite numbers" },
  { kind: "resources", pid: 4711, used: { memory: 0.3, descriptors: 0.01, busy: 0.2 } },
  { kind: "operator-gone", reason: "released" },
  { kind: "request", id: 1, lease: 4, request: { kind: "engage" } },
  { kind: "request", id: 2, lease: 4, request: { kind: "recover" } },
  { kind: "request", id: 2, lease: 4, request: { kind: "acknowledge", reason: "looked" } },
  {
    kind: "chunk",
    chunk: {
      ...{ id: 3, epoch: 2, capturedAt: 10, period: 0.1 },
      targets: [1, 2, 3].map((count) => ({ dueAt: 10 + count / 10, q: JOINTS, gripper: 0.5 })),
    },
  },
].map((message) => JSON.stringify(message));

/** What the arm process says to the daemon. */
export const FROM_ARM_SEEDS: readonly string[] = [
  { kind: "hello", periodMs: 10, scheduling: "SCHED_FIFO 60", arm: "RM75-B 1.7.1" },
  {
    kind: "state",
    state: {
      ...{ at: 5, mode: "policy", epoch: 3, source: "policy", holdToRun: "pressed" },
      ...{ measured: JOINTS, measuredAge: 0.004, commanded: JOINTS, reference: JOINTS },
      gripper: { commanded: 1, measured: 0.9, receivedAt: 4.9 },
      ...{ pendingTargets: 3, stops: [stop], armStatus: "idle" },
      stream: { ticks: 9, lateTicks: 0, skippedTicks: 0, refusals: 0, latenessP99Ms: 0.3, latenessMaxMs: 1.2 },
    },
  },
  { kind: "stopped", stop },
  { kind: "chunk-result", id: 4, accepted: false, reason: "too-old", receivedAt: 5.1 },
  { kind: "result", id: 4, ok: true, reason: "", epoch: 4 },
].map((message) => JSON.stringify(message));

/** What the policy process says. */
export const POLICY_SEEDS: readonly string[] = [
  { kind: "stage", stage: "reading the bundle" },
  { kind: "unusable", reason: "no such folder" },
  { kind: "failed", id: 3, failure: { kind: "deadline", detail: "late" } },
  {
    kind: "inferred",
    id: 3,
    inference: {
      ...{ reasoning: { coarse: "goal", fine: "motion", generatedAt: 3 }, fresh: true },
      tokens: { coarse: [1, 2], fine: [3], probability: [0.9, 0.8, 0.7] },
      ...{ deltas: [1, 2, 3, 4, 5].map(() => JOINTS), grippers: [1, 1, 0.5, 0, -0.04] },
      phases: { preprocess: 0, vision: 0.001, decode: 0 },
    },
  },
].map((message) => JSON.stringify(message));

/** Small files of configuration in YAML's ways to write the same. */
export const YAML_SEEDS: readonly string[] = [
  'version: 1\nname: Ada\njoints:\n  value: [0.5, -2e-3]\n  source: "[V] by hand"\ncamera:\n  url: http://127.0.0.1:8/front\n',
  "{version: 1, name: \"A\\u0064a\", joints: {value: [1, 2], source: 'it''s'}, camera: {device: 0}}",
  "# a remark\nversion: 0x1\nname: &who >-\n  Ada\n  Lovelace\njoints: {source: *who, value: &both [.5, 0o7]}\n",
  "%YAML 1.2\n---\n? version\n: !!int 1\nname: |\n  Ada\njoints:\n  value:\n  - 1\n  - +2.\n  source: !!str 3\n...\n",
];

import type { Topic } from "./recorder-messages.js";

/** How a channel's messages are described in the file. */
export interface ChannelSchema {
  readonly name: string;
  readonly schema: object;
}

const time = {
  type: "object",
  title: "time",
  properties: { sec: { type: "integer", minimum: 0 }, nsec: { type: "integer", minimum: 0, maximum: 999_999_999 } },
};
const joints = { type: "array", items: { type: "number" }, minItems: 7, maxItems: 7 };
const instant = { type: "number", description: "host-monotonic seconds" };
const text = { type: "string" };

/** foxglove.dev/docs/sdk/schemas: CompressedImage, as JSON. */
export const COMPRESSED_IMAGE: ChannelSchema = {
  name: "foxglove.CompressedImage",
  schema: object({
    timestamp: time,
    frame_id: text,
    data: { type: "string", contentEncoding: "base64" },
    format: text,
  }),
};

/** foxglove.dev/docs/sdk/schemas: JointStates, as JSON. */
export const JOINT_STATES: ChannelSchema = {
  name: "foxglove.JointStates",
  schema: object({
    timestamp: time,
    joints: { type: "array", items: object({ name: text, position: { type: "number" } }) },
  }),
};

/** The schemas of our own channels; types with the same names in `daemon/types` and `daemon/ports` say more. */
export const SCHEMAS: Readonly<Record<Topic, ChannelSchema>> = {
  "/arm/report": ours("ArmReport", { at: instant, mode: text, epoch: { type: "integer" } }),
  "/arm/setpoint": ours("Setpoint", { dueAt: instant, source: text, epoch: { type: "integer" }, q: joints }),
  "/arm/stop": ours("Stop", { code: text, detail: text, hint: text, at: instant, latched: { type: "boolean" } }),
  "/puppet/sample": ours("PuppetSample", { seq: { type: "integer" }, at: instant, angles: joints }),
  "/policy/reasoning": ours("Reasoning", {
    ...{ instruction: text, coarse: text, fine: text, generatedAt: instant },
    ...{ fresh: { type: "boolean" }, age: { type: "number", description: "s" } },
  }),
  "/policy/chunk": ours("Chunk", { id: { type: "integer" }, epoch: { type: "integer" }, capturedAt: instant }),
  "/policy/chunk_report": ours("ChunkReport", { id: { type: "integer" }, accepted: { type: "boolean" } }),
  "/policy/chunk_result": ours("ChunkResult", { id: { type: "integer" }, receivedAt: instant }),
  "/task": ours("TaskProgress", { id: { type: "integer" }, instruction: text, phase: text, detail: text }),
  "/faults": ours("Faults", { faults: { type: "array" } }),
  "/mark": ours("Mark", { at: instant, kind: text, detail: text }),
};

function ours(name: string, properties: object): ChannelSchema {
  return { name: `kinevla.${name}`, schema: object(properties) };
}

function object(properties: object): object {
  return { type: "object", properties };
}

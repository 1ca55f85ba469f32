import type { Instant } from "../types/units.js";
import type { NewsMessage, PictureMessage } from "./recorder-messages.js";
import { type ChannelSchema, COMPRESSED_IMAGE, JOINT_STATES, SCHEMAS } from "./schemas.js";

/** One message of one channel, ready to be written. */
export interface ChannelMessage {
  readonly topic: string;
  readonly schema: ChannelSchema;
  readonly logTime: bigint;
  readonly publishTime: bigint;
  /** null: counted by the channel. */
  readonly sequence: number | null;
  readonly json: string;
}

/** Host-monotonic nanoseconds; exact to 0.1 us for a host that has been up for a month. */
export function nanoseconds(at: Instant): bigint {
  return BigInt(Math.round(at * 1e9));
}

/** What one thing that was heard becomes in the file; a report of the arm becomes two. */
export function channelMessages(heard: NewsMessage | PictureMessage): readonly ChannelMessage[] {
  const publishTime = nanoseconds(heard.publishedAt);
  const logTime = nanoseconds(heard.at);
  if (heard.kind === "picture") {
    const { role, jpeg, sequence } = heard;
    const data = Buffer.from(jpeg.buffer, jpeg.byteOffset, jpeg.byteLength).toString("base64");
    const json = JSON.stringify({ timestamp: stamp(logTime), frame_id: role, format: "jpeg", data });
    return [{ topic: `/camera/${role}`, schema: COMPRESSED_IMAGE, logTime, publishTime, sequence, json }];
  }
  const { topic, value } = heard;
  const own = { topic, schema: SCHEMAS[topic], logTime, publishTime, sequence: null, json: JSON.stringify(value) };
  return topic === "/arm/report" ? [...jointStates(value, heard.at, publishTime), own] : [own];
}

function jointStates(report: object, at: Instant, publishTime: bigint): readonly ChannelMessage[] {
  const measured: unknown = "measured" in report ? report.measured : null;
  const age: unknown = "measuredAge" in report ? report.measuredAge : null;
  if (!Array.isArray(measured) || typeof age !== "number") {
    return [];
  }
  const logTime = nanoseconds(at - age);
  const joints = measured.map((position: unknown, joint) => ({ name: `joint${joint + 1}`, position }));
  const json = JSON.stringify({ timestamp: stamp(logTime), joints });
  return [{ topic: "/joint_states", schema: JOINT_STATES, logTime, publishTime, sequence: null, json }];
}

function stamp(time: bigint): object {
  return { sec: Number(time / 1_000_000_000n), nsec: Number(time % 1_000_000_000n) };
}

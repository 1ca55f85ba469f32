import { z } from "zod";
import { CAMERA_ROLES } from "../../../daemon/types/frame.js";

const seconds = z.number().min(0).max(600);
const part = z.number().min(0).max(1);

const toxics = z.strictObject({
  /** Every byte arrives this much later, in both directions, in order. */
  latency: seconds.default(0),
  /** Up to this much more or less, drawn anew for each piece. */
  jitter: seconds.default(0),
  /** Of each direction; null for no limit. */
  bytesPerSecond: z.number().positive().nullable().default(null),
  /** Nothing arrives; what is under way is delivered when the line is back, unless its sender is gone by then. */
  down: z.boolean().default(false),
  /** Largest piece in which bytes are handed on; null for whole pieces. */
  slice: z.int().min(1).nullable().default(null),
  /** After so many further bytes from the arm a connection is ended; null for no limit. */
  limitBytes: z.int().min(0).nullable().default(null),
  /** An end of a connection arrives this much later. */
  slowClose: seconds.default(0),
});

const alteration = z.enum([
  "jump",
  "six-joints",
  "eight-joints",
  "strings",
  "null-joints",
  "infinite",
  "no-errors",
  "corrupt",
  /** J3 warms up from 60 by 17 degrees a second to 95, or reports -1 or nothing. */
  "temperature-ramp",
  "temperature-negative",
  "temperature-null",
  /** Every joint's supply falls from 24 to 19 V within 0.2 s. */
  "voltage-sag",
  /** J2 draws 2.5 times what it did, and 3 A more. */
  "current-surge",
  /** J3 is reported to go 72 degrees a second faster than it goes; J1 2. */
  "overspeed",
  "drift",
  /** J2 is reported 10 degrees from where it is. */
  "offset",
]);

const datagrams = z.strictObject({
  /** Part of the datagrams that get lost, come twice, or have one byte flipped. */
  loss: part.default(0),
  duplicate: part.default(0),
  corrupt: part.default(0),
  /** Each datagram is held up to so many push periods, so that they overtake each other. */
  reorder: z.int().min(0).max(100).default(0),
  delay: seconds.default(0),
  /** Rewrites the next `count` datagrams; all of them when `count` is null. */
  alter: z
    .strictObject({ how: alteration, count: z.int().min(1).nullable() })
    .nullable()
    .default(null),
  /**
   * The next `count` datagrams get lost, all of them when null, and every further one until nothing got through for `seconds`: a lab
   * that was held up sends several at once, and their number says little of the silence.
   */
  drop: z
    .strictObject({ count: z.int().min(1).nullable(), seconds: z.number().min(0).max(10).default(0) })
    .nullable()
    .default(null),
  seed: z.int().default(1),
});

/** How a camera's pictures are spoiled; `none` ends it. */
const spoiling = z.enum([
  "none",
  "stop",
  "close",
  "freeze",
  "black",
  "white",
  "half-black",
  "blur",
  "noise",
  "swap",
  "skew",
  "resize",
]);

const schema = z.discriminatedUnion("target", [
  /** The lines to the controller: all connections, present and later. What is left out is as it should be. */
  toxics.extend({ target: z.literal("tcp") }),
  /** Raw bytes to every connection, base64, so often in a row. */
  z.strictObject({
    target: z.literal("tcp-bytes"),
    base64: z.string().max(2 ** 15),
    repeat: z.int().min(1).max(4096).default(1),
  }),
  datagrams.extend({ target: z.literal("udp") }),
  z.strictObject({ target: z.literal("camera"), role: z.enum([...CAMERA_ROLES]), how: spoiling }),
  /** Ends every impairment. */
  z.strictObject({ target: z.literal("clear") }),
]);

/** What the line between arm and host does to bytes; latencies in s. */
export type Toxics = Readonly<z.output<typeof toxics>>;
/** What the line does to datagrams of the state push. */
export type DatagramFaults = Readonly<z.output<typeof datagrams>>;
/** How one datagram's content is made wrong. */
export type Alteration = z.output<typeof alteration>;
/** How a camera's pictures are spoiled. */
export type Spoiling = z.output<typeof spoiling>;
/** One impairment of the lab's network, checked. */
export type Impairment = z.output<typeof schema>;
/** The same as it is asked for: what is left out is as it should be. */
export type ImpairmentRequest = z.input<typeof schema>;

/** A line without faults. */
export const HEALTHY_LINE: Toxics = toxics.parse({});
/** A push without faults. */
export const HEALTHY_DATAGRAMS: DatagramFaults = datagrams.parse({});

/** Checks an impairment that came as JSON; throws RangeError that says what is wrong. */
export function impairmentFrom(value: unknown): Impairment {
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    throw new RangeError(z.prettifyError(parsed.error));
  }
  return parsed.data;
}

import { z } from "zod";

/** Name of the WebSocket sub-protocol. */
export const PROTOCOL = "kinevla.v1";

/** A client may offer this prefix and its token as a second sub-protocol. */
export const TOKEN_PROTOCOL_PREFIX = "kinevla.token.";

/** What clients can follow. */
export const topic = z.enum(["state", "reasoning", "chunks", "faults", "progress"]);

const id = z.int().min(0).meta({ description: "Request id, chosen by the client; the reply carries it." });
const lease = z.int().min(1).meta({ description: "Number of the lease that control-granted gave." });
const sequence = z.int().min(0).meta({ description: "Grows with every message of the same lease." });
const name = z
  .string()
  .regex(/^[\p{L}\p{N}][\p{L}\p{N} ._-]{0,39}$/u)
  .optional()
  .meta({ description: "How the client is called when it is in control." });
const words = z.string().max(200);
const held = { id, lease, sequence };

const authenticate = z
  .strictObject({
    type: z.literal("authenticate"),
    id,
    token: z.string().min(1).max(128),
    name,
  })
  .meta({ description: "First message, within 2 s, unless the token came as a sub-protocol." });

const takeControl = z
  .strictObject({ type: z.literal("take-control"), id, name })
  .meta({ description: "Ask for control; one client has it at a time." });

const takeOver = z
  .strictObject({ type: z.literal("take-over"), id, name })
  .meta({ description: "Take control from whoever has it; a moving arm ramps to hold. For supervisors." });

const renew = z
  .strictObject({
    type: z.literal("renew"),
    ...held,
    seen: z.int().min(0).meta({ description: "Sequence of the newest state message received." }),
    held: z.boolean().default(false).meta({ description: "Hold-to-run is pressed; sent at once when it changes." }),
  })
  .meta({ description: "The beat of whoever is in control, every 50 ms; answered only when refused." });

const releaseControl = z
  .strictObject({ type: z.literal("release-control"), ...held })
  .meta({ description: "Give control back; a moving arm ramps to hold." });

const instruct = z
  .strictObject({
    type: z.literal("instruct"),
    ...held,
    instruction: z.string(),
    homeFirst: z.boolean().default(true).meta({ description: "Go to the home pose before the task." }),
    confirm: z.boolean().default(false).meta({ description: "Run it although it is no trained wording." }),
  })
  .meta({ description: "Start a task; at most 400 characters." });

const pause = z
  .strictObject({ type: z.literal("pause"), ...held })
  .meta({ description: "Ramp to hold and keep the task." });

const resume = z
  .strictObject({ type: z.literal("resume"), ...held })
  .meta({ description: "Go on with a paused task." });

const replay = z
  .strictObject({
    type: z.literal("replay"),
    ...held,
    episode: z
      .string()
      .max(200)
      .regex(/^[\w.-]+\.mcap$/, "a file name that ends in .mcap, without a folder")
      .meta({ description: "File of the episode in the daemon's folder of recordings." }),
  })
  .meta({ description: "Move the arm as in a recorded episode, after a slow way to its first pose." });

const record = z
  .strictObject({
    type: z.literal("record"),
    ...held,
    action: z.enum(["begin", "keep", "discard"]),
    task: z.string().max(400).default("").meta({ description: "What is shown, in words; for begin." }),
    success: z.boolean().nullable().default(null).meta({ description: "Label of the episode; for keep." }),
  })
  .meta({ description: "Begin a demonstration, or end it: keep its recording with a label, or throw it away." });

const home = z.strictObject({ type: z.literal("home"), ...held }).meta({ description: "Go to the home pose." });

const teleop = z
  .strictObject({
    type: z.literal("teleop"),
    ...held,
    clutch: z
      .boolean()
      .default(false)
      .meta({ description: "Engage also from another pose; the offset decays slowly." }),
  })
  .meta({ description: "Let the leader arm take over, from a policy too; until it may be followed the arm stands." });

const endTeleop = z
  .strictObject({ type: z.literal("end-teleop"), ...held })
  .meta({ description: "Take the arm from the leader; it ramps to hold." });

const recover = z.strictObject({ type: z.literal("recover"), ...held }).meta({
  description: "Bring joints back that stand outside their limits, while hold-to-run is held. For supervisors.",
});

const acknowledge = z
  .strictObject({ type: z.literal("acknowledge"), ...held, reason: words })
  .meta({ description: "Clear a latched stop whose cause is gone; nothing moves by it." });

const stop = z
  .strictObject({ type: z.literal("stop"), id, reason: words.default("operator stop") })
  .meta({ description: "Stop the arm at once and latch; needs no control and is never limited." });

const allowUnattended = z
  .strictObject({ type: z.literal("allow-unattended"), id, allowed: z.boolean() })
  .meta({ description: "Allow motion without hold-to-run for two hours, or no longer. For supervisors." });

const subscribe = z
  .strictObject({
    type: z.literal("subscribe"),
    id,
    topics: z.array(topic).max(topic.options.length),
    rateHz: z.number().min(1).max(50).default(20).meta({ description: "How often state is sent at most." }),
  })
  .meta({ description: "Replaces the topics of this connection; their present values follow at once." });

const status = z
  .strictObject({ type: z.literal("status"), id })
  .meta({ description: "Ask for the state of the whole system." });

/** Everything that a client may send. */
export const clientMessage = z.discriminatedUnion("type", [
  authenticate,
  takeControl,
  takeOver,
  renew,
  releaseControl,
  instruct,
  pause,
  resume,
  replay,
  record,
  home,
  teleop,
  endTeleop,
  recover,
  acknowledge,
  stop,
  allowUnattended,
  subscribe,
  status,
]);

/** A checked message of a client, defaults filled in. */
export type ClientMessage = z.output<typeof clientMessage>;

/** A message as a client writes it, defaults left out. */
export type ClientMessageText = z.input<typeof clientMessage>;

/** Names of the topics. */
export type Topic = z.output<typeof topic>;

/** Every message type that a client may send. */
export const CLIENT_MESSAGE_TYPES: readonly string[] = clientMessage.options.map((option) => option.shape.type.value);

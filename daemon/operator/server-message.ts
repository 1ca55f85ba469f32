import { z } from "zod";
import { ROLES } from "../types/role.js";
import { REFUSAL_CODES } from "./refusal.js";
import { SLOTS } from "./slots.js";

const id = z.int().min(0);
const instant = z.number().meta({ description: "Seconds on the daemon's monotonic clock." });
const seconds = z.number();
const joints = z.array(z.number()).length(7).meta({ description: "rad, J1 to J7" });

const jointLimits = z.strictObject({ minimum: joints, maximum: joints });

const stopReport = z.strictObject({
  code: z.string(),
  detail: z.string(),
  hint: z.string(),
  at: instant,
  latched: z.boolean(),
});

const fault = z.strictObject({
  code: z.string(),
  part: z.string(),
  detail: z.string(),
  hint: z.string(),
  since: instant,
  latched: z.boolean(),
});

const holder = z.string().nullable().meta({ description: "Who is in control; null when nobody is." });

const hello = z
  .strictObject({
    type: z.literal("hello"),
    protocol: z.literal("kinevla.v1"),
    version: z.string(),
    authenticated: z.boolean(),
    now: instant,
  })
  .meta({ description: "First message of the daemon." });

const welcome = z
  .strictObject({
    type: z.literal("welcome"),
    id: id.nullable(),
    client: z.int(),
    name: z.string(),
    role: z.enum(ROLES).meta({ description: "What the token allows." }),
    stopOnly: z.boolean().meta({ description: "True when this connection can only stop: token expired, or no room." }),
    holder,
    instructions: z.array(z.string()).meta({ description: "Wordings that the policy was trained on." }),
    limits: jointLimits,
  })
  .meta({ description: "The client is authenticated." });

const accepted = z
  .strictObject({ type: z.literal("accepted"), id, detail: z.string() })
  .meta({ description: "What was asked for is under way." });

const refused = z
  .strictObject({
    type: z.literal("refused"),
    id: id.nullable().meta({ description: "null when the message had none that could be read." }),
    code: z.enum(REFUSAL_CODES),
    message: z.string().meta({ description: "What is wrong." }),
    hint: z.string().meta({ description: "What to do about it." }),
    nearest: z.string().nullable().meta({ description: "Nearest trained instruction, for instruction-unknown." }),
    differences: z
      .array(z.strictObject({ slot: z.enum(SLOTS), said: z.string().nullable(), trained: z.string().nullable() }))
      .meta({ description: "What the instruction says otherwise than the nearest; null where nothing is said." }),
  })
  .meta({ description: "What was asked for is not done, and nothing moves by it." });

const controlGranted = z
  .strictObject({
    type: z.literal("control-granted"),
    id,
    lease: z.int().min(1),
    ttlMs: z.number(),
    beatMs: z.number(),
  })
  .meta({ description: "The client is in control as long as it renews." });

const control = z
  .strictObject({ type: z.literal("control"), holder, yours: z.boolean(), reason: z.string() })
  .meta({ description: "Control has changed hands; sent to every client." });

const teleop = z.strictObject({
  enabling: z
    .enum(["button", "operator"])
    .meta({ description: "What is hold-to-run: the leader's button, or the operator's." }),
  leader: z
    .string()
    .nullable()
    .meta({ description: "Kind and serial number of the leader; null while there is none." }),
  phase: z.enum(["no-leader", "refused", "sign-test", "misaligned", "ready", "leading"]),
  detail: z.string().meta({ description: "What to do next." }),
  differences: joints.nullable().meta({ description: "Leader less arm, rad, J1 to J7." }),
  offset: joints.meta({ description: "What the clutch still adds to the leader, rad." }),
  button: z.boolean(),
  latencyP99Ms: z.number().nullable().meta({ description: "From a reading to its setpoint on the wire." }),
});

const state = z
  .strictObject({
    type: z.literal("state"),
    sequence: z.int().min(1).meta({ description: "To be echoed by renew." }),
    at: instant,
    mode: z.enum(["disconnected", "standby", "hold", "homing", "policy", "align", "teleop", "recovery", "fault"]),
    epoch: z.int(),
    source: z.enum(["hold", "policy", "home", "teleop", "recover", "stop"]).nullable(),
    holdToRun: z.enum(["not-needed", "waived", "pressed", "released", "stale"]).meta({
      description: "waived: a supervisor allows motion without; stale: to be pressed anew before the next motion.",
    }),
    measured: joints.nullable(),
    measuredAge: seconds.nullable(),
    commanded: joints.nullable(),
    gripper: z.strictObject({ commanded: z.number(), measured: z.number() }),
    teleop: teleop.nullable().meta({ description: "The leader arm; null for a cell without one." }),
    pendingTargets: z.int(),
    stops: z.array(stopReport),
    armStatus: z.string(),
    stream: z.strictObject({
      ticks: z.int(),
      lateTicks: z.int(),
      skippedTicks: z.int(),
      refusals: z.int(),
      latenessP99Ms: z.number(),
      latenessMaxMs: z.number(),
    }),
  })
  .meta({ description: "Topic state: the arm process at one instant; changes of mode are sent at once." });

const reasoning = z
  .strictObject({
    type: z.literal("reasoning"),
    instruction: z.string(),
    coarse: z.string().meta({ description: "Goal level." }),
    fine: z.string().meta({ description: "Kinematics level." }),
    generatedAt: instant,
    fresh: z.boolean().meta({ description: "False when text generated earlier was used again." }),
  })
  .meta({ description: "Topic reasoning: what the model understood, before the arm moves by it." });

const phases = z.strictObject({
  grab: seconds,
  preprocess: seconds,
  vision: seconds,
  prefill: seconds,
  text: seconds,
  codes: seconds,
  decode: seconds,
  handOver: seconds,
});

const chunk = z
  .strictObject({
    type: z.literal("chunk"),
    chunk: z.int(),
    epoch: z.int(),
    capturedAt: instant,
    period: seconds,
    steps: z.int(),
    accepted: z.boolean(),
    reason: z.string(),
    forced: z.boolean(),
    codes: z.strictObject({ coarse: z.array(z.int()), fine: z.array(z.int()) }),
    probability: z.array(z.number()).meta({ description: "Of each code inside its band, coarse then fine." }),
    phases,
  })
  .meta({ description: "Topic chunks: one chunk of motion, taken or refused by the arm process." });

const faults = z
  .strictObject({ type: z.literal("faults"), faults: z.array(fault) })
  .meta({ description: "Topic faults: everything that is wrong now; an empty list when nothing is." });

const replayDifferences = z
  .strictObject({ poses: z.int(), median: joints, p99: joints, most: joints })
  .meta({ description: "Measured then and now, each joint, without sign." });

const replay = z.strictObject({
  episode: z.string(),
  length: seconds.nullable().meta({ description: "null until it is read." }),
  differences: replayDifferences.nullable().meta({ description: "null unless it came to its end." }),
});

const progress = z
  .strictObject({
    type: z.literal("progress"),
    task: z.int(),
    instruction: z.string(),
    phase: z.enum(["homing", "thinking", "acting", "paused", "finished", "stopped", "failed"]),
    detail: z.string(),
    startedAt: instant,
    changedAt: instant,
    chunks: z.int(),
    replay: replay.nullable().meta({ description: "The episode that is replayed; null for an instruction." }),
  })
  .meta({ description: "Topic progress: the present or last task." });

const status = z
  .strictObject({
    type: z.literal("status"),
    id,
    now: instant,
    version: z.string(),
    ready: z.boolean(),
    reasons: z.array(z.string()),
    holder,
    clients: z.int(),
    arm: z.strictObject({ identity: z.string(), scheduling: z.string(), periodMs: z.number() }).nullable(),
    policy: z
      .strictObject({
        bundleId: z.string(),
        horizon: z.int(),
        period: seconds,
        provider: z.enum(["cpu", "cuda"]),
        instructions: z.array(z.string()),
      })
      .nullable(),
    state: state.nullable(),
    faults: z.array(fault),
    progress: progress.nullable(),
  })
  .meta({ description: "Reply to status." });

/** Everything that the daemon may send. */
export const serverMessage = z.discriminatedUnion("type", [
  hello,
  welcome,
  accepted,
  refused,
  controlGranted,
  control,
  state,
  reasoning,
  chunk,
  faults,
  progress,
  status,
]);

/** A message of the daemon. */
export type ServerMessage = z.output<typeof serverMessage>;

/** One type of message of the daemon. */
export type ServerMessageOf<Type extends ServerMessage["type"]> = Extract<ServerMessage, { readonly type: Type }>;

/** Every message type that the daemon may send. */
export const SERVER_MESSAGE_TYPES: readonly string[] = serverMessage.options.map((option) => option.shape.type.value);

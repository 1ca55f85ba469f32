import { z } from "zod";

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const names = z.array(z.string().min(1));
const ids = z.array(z.int().min(0));

/** One proprioceptive feature, in the order in which the model takes them. */
export const proprioFeature = z.enum([
  /** 7 values: commanded joint position, rad. */
  "commanded",
  /** 7 values: measured joint position, rad. */
  "measured",
  /** 1 value: commanded gripper opening, 0 closed to 1 open. */
  "gripper-commanded",
  /** 1 value: measured gripper opening, 0 closed to 1 open. */
  "gripper-measured",
  /** 7 values: commanded position minus the position at the last close of this task, rad; zeros before the first. */
  "since-grasp",
  /** 1 value: 1 after the first close of this task, else 0. */
  "has-grasped",
  /** 1 value: exp(-t/0.5 s), t since the gripper command last changed; 0 before that. */
  "gripper-recency",
]);

/** `bundle.json`: everything about an exported KineVLA that is data, not code. Written by models/training. */
export const manifestSchema = z.strictObject({
  schema: z.literal("kinevla.bundle.v1"),
  id: z.string().regex(/^[a-z0-9][a-z0-9.-]{0,63}$/),
  profile: z.enum(["split", "fused"]),
  precision: z.enum(["fp32", "fp16", "int4"]),
  /** ISO 8601, UTC. */
  created: z.string(),
  files: z.array(z.strictObject({ path: z.string().min(1), sha256, bytes: z.int().positive() })),
  tokenizer: z.strictObject({ kind: z.literal("huggingface-json"), path: z.string() }),
  vocabulary: z.strictObject({
    /** Bounds what is checked code by code; the largest vocabularies in use have a quarter of this. */
    size: z.int().positive().max(1_000_000),
    bos: z.int(),
    eos: z.int(),
    pad: z.int(),
    /** Ids put between prompt and `<coarse>`; Llama-2 needs its lone space here. */
    trailing: ids,
    delimiters: z.strictObject({
      coarse: z.tuple([z.int(), z.int()]),
      coarseAction: z.tuple([z.int(), z.int()]),
      fine: z.tuple([z.int(), z.int()]),
      fineAction: z.tuple([z.int(), z.int()]),
    }),
    /** `id = base[level][depth] - code`; level 0 coarse, 1 fine. */
    base: z.tuple([ids, ids]),
    codebookSize: z.int().positive(),
    depth: z.strictObject({ coarse: z.int().positive(), fine: z.int().positive() }),
    /** Both texts and then the codes of both levels, or each level's codes behind its own text. */
    sequence: z.enum(["texts-first", "by-level"]).default("by-level"),
  }),
  /** `{instruction}` is replaced by the lower-cased instruction. */
  prompt: z.string().includes("{instruction}"),
  /** Most tokens that a text may have. */
  budget: z.strictObject({ coarse: z.int().positive(), fine: z.int().positive() }),
  images: z.strictObject({
    order: z.tuple([z.literal("front"), z.literal("wrist")]),
    /** Pixels, square. */
    size: z.int().positive(),
    /** Side of the centre crop taken before resizing, as part of the shorter side. */
    crop: z.number().positive().max(1),
    rotate180: z.strictObject({ front: z.boolean(), wrist: z.boolean() }),
    resize: z.enum(["area", "lanczos"]),
  }),
  chunk: z.strictObject({
    horizon: z.int().positive(),
    dimensions: z.literal(8),
    /** Seconds between two steps. */
    period: z.number().positive(),
    target: z.literal("delta-from-commanded"),
    /** Steps meant to be executed before the next chunk takes over. */
    execute: z.int().positive(),
  }),
  /** Un-normalisation: 0.5 (x + 1)(q99 - q01) + q01 where mask, else x; inputs outside +-clip are refused. */
  normalisation: z.strictObject({
    /** horizon x 8 */
    q01: z.array(z.array(z.number()).length(8)),
    /** horizon x 8 */
    q99: z.array(z.array(z.number()).length(8)),
    mask: z.array(z.boolean()).length(8),
    clip: z.number().positive(),
  }),
  proprio: z.strictObject({
    features: z.array(proprioFeature),
    /** Per value: (x - mean) / std. */
    mean: z.array(z.number()),
    std: z.array(z.number().positive()),
  }),
  joints: z.strictObject({ names: names.length(7), unit: z.literal("rad") }),
  gripper: z.strictObject({
    open: z.literal(1),
    closed: z.literal(0),
    threshold: z.number().min(0).max(1),
    hysteresis: z.number().min(0).max(0.5),
  }),
  /** Instructions trained on, exact wording of the training set; the nearest is named when another arrives. */
  instructions: names,
  /** When a task counts as finished by the policy's own account. */
  completion: z.strictObject({
    /** Chunk period count for which no joint is asked to move more than `stillness` after the gripper has reopened. */
    stillChunks: z.int().positive(),
    /** rad over a whole chunk */
    stillness: z.number().positive(),
  }),
  /** Inputs and expected outputs, checked at load. */
  golden: z.strictObject({ path: z.string(), chunkTolerance: z.number().positive() }),
  runtime: z.strictObject({ minimumOrt: z.string(), opset: z.int() }),
  /** Free-form: commit, seeds, data set, metrics. */
  provenance: z.record(z.string(), z.unknown()),
});

/** A checked manifest. */
export type Manifest = z.infer<typeof manifestSchema>;

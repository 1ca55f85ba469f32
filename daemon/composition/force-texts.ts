import { readFileSync } from "node:fs";
import { map, throwError } from "rxjs";
import { z } from "zod";
import { ConfigError } from "../config/yaml-file.js";
import type { Policy } from "../ports/policy.js";
import type { Reasoning } from "../types/chunk.js";
import type { Instant } from "../types/units.js";

const forcedTextsSchema = z.record(
  z.string(),
  z.array(z.strictObject({ coarse: z.string().min(1), fine: z.string().min(1) })).min(1),
);

/** Texts of both levels. */
export type Texts = Pick<Reasoning, "coarse" | "fine">;

/** For each instruction the texts of one task after the other, from the beginning again when they are used up. */
export type ForcedTexts = Readonly<Record<string, readonly Texts[]>>;

/** Reads a file of forced texts; throws ConfigError. */
export function readForcedTexts(file: string): ForcedTexts {
  try {
    return forcedTextsSchema.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch (error) {
    throw new ConfigError(`${file} holds no texts to force: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/**
 * A policy that never writes its own texts: those given are forced, whatever the pictures show. For evaluation alone
 * (does the text matter?); the daemon takes it as an argument that no configuration and no operator can set.
 */
export function forceTexts(policy: Policy, texts: ForcedTexts, now: Instant): Policy {
  const begun = new Map<string, number>();
  return {
    status: policy.status.pipe(
      map((status) =>
        status.kind === "ready"
          ? { ...status, notice: "Its texts are not its own: they are forced for an evaluation." }
          : status,
      ),
    ),
    infer: (request) => {
      const { instruction, text } = request;
      const own = texts[instruction] ?? [];
      // Only the first inference of a task has neither a draft nor a text.
      const tasks = (begun.get(instruction) ?? 0) + (text.kind === "generated" && text.draft === null ? 1 : 0);
      begun.set(instruction, tasks);
      const forced = own[(tasks - 1) % own.length];
      return forced === undefined
        ? throwError(() => new Error(`there is no text to force for "${instruction}"`))
        : policy.infer({ ...request, text: { kind: "forced", text: { ...forced, generatedAt: now } } });
    },
    altered: () => policy.altered(),
    close: () => policy.close(),
  };
}

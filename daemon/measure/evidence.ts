import { createHash, createPublicKey, type KeyObject, sign, verify } from "node:crypto";
import { z } from "zod";

/** One measured figure. */
export interface Figure {
  readonly name: string;
  readonly value: number | string | boolean | null;
  readonly unit: string;
}

const schema = z.strictObject({
  format: z.literal("kinevla-evidence-1"),
  /** H-1 to H-20 */
  id: z.string().regex(/^H-\d{1,2}$/),
  question: z.string(),
  /** What the program takes for granted as long as nothing else was measured. */
  assumed: z.string(),
  outcome: z.enum(["as-assumed", "differs", "noted", "not-measured"]),
  words: z.string(),
  figures: z
    .array(
      z.strictObject({
        name: z.string(),
        value: z.union([z.number(), z.string(), z.boolean(), z.null()]),
        unit: z.string(),
      }),
    )
    .readonly(),
  /** Measured in the virtual lab: proves the procedure, says nothing of an arm. */
  virtual: z.boolean(),
  arm: z.strictObject({ model: z.string(), serial: z.string(), firmware: z.string() }),
  operator: z.string(),
  /** Wall time, ISO 8601. */
  measuredAt: z.iso.datetime(),
  program: z.string(),
  /** SHA-256 of the file of limits that held while measuring. */
  limits: z.string().regex(/^[0-9a-f]{64}$/),
});

/** One measurement of an arm, as it is kept. */
export type Evidence = z.infer<typeof schema>;

const signedSchema = z.strictObject({
  evidence: schema,
  /** SHA-256 of the evidence in its canonical text, hexadecimal. */
  digest: z.string(),
  /** Ed25519 over the canonical text, base64. */
  signature: z.string(),
  /** The installation's public key, base64 of its DER form. */
  key: z.string(),
});

/** Evidence with the signature of the installation that measured it. */
export type SignedEvidence = z.infer<typeof signedSchema>;

/** Signs evidence with the installation's key. */
export function signEvidence(evidence: Evidence, key: KeyObject): SignedEvidence {
  const text = canonical(evidence);
  return {
    evidence,
    digest: createHash("sha256").update(text).digest("hex"),
    signature: sign(null, Buffer.from(text), key).toString("base64"),
    key: createPublicKey(key).export({ type: "spki", format: "der" }).toString("base64"),
  };
}

/** Reads signed evidence; gives it, or why it is not to be believed. `key` is the installation's public key. */
export function readEvidence(text: string, key: KeyObject): Evidence | string {
  let parsed: z.ZodSafeParseResult<SignedEvidence>;
  try {
    parsed = signedSchema.safeParse(JSON.parse(text));
  } catch {
    return "it is no JSON";
  }
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    return `it is no evidence: ${issue?.path.join(".") ?? ""} ${issue?.message ?? ""}`;
  }
  const { evidence, digest, signature, key: signer } = parsed.data;
  const signed = canonical(evidence);
  if (createHash("sha256").update(signed).digest("hex") !== digest) {
    return "its digest does not fit: it was changed";
  }
  if (signer !== key.export({ type: "spki", format: "der" }).toString("base64")) {
    return "another installation has signed it";
  }
  return verify(null, Buffer.from(signed), key, Buffer.from(signature, "base64"))
    ? evidence
    : "its signature does not fit: it was changed";
}

/** JSON with sorted keys and no spaces: the same evidence always gives the same bytes. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) {
    return `[${value.map(canonical).join(",")}]`;
  }
  if (typeof value === "object" && value !== null) {
    const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${fields.map(([key, field]) => `${JSON.stringify(key)}:${canonical(field)}`).join(",")}}`;
  }
  return JSON.stringify(value);
}

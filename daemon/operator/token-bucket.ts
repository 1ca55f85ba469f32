import type { Instant } from "../types/units.js";

/** How often something may happen: a steady rate and a burst on top. */
export interface RateLimit {
  /** Per second. */
  readonly rate: number;
  readonly burst: number;
}

/** Level of a bucket at an instant. */
export interface TokenBucket {
  readonly level: number;
  readonly at: Instant;
}

/** A full bucket. */
export function fullBucket(limit: RateLimit, now: Instant): TokenBucket {
  return { level: limit.burst, at: now };
}

/** Takes one token; `taken` is false when there was none. */
export function takeToken(
  bucket: TokenBucket,
  limit: RateLimit,
  now: Instant,
): { readonly taken: boolean; readonly bucket: TokenBucket } {
  const level = Math.min(limit.burst, bucket.level + (now - bucket.at) * limit.rate);
  return level >= 1
    ? { taken: true, bucket: { level: level - 1, at: now } }
    : { taken: false, bucket: { level, at: now } };
}

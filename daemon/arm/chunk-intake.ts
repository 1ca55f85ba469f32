import type { Limits } from "../guard/limits.js";
import type { Chunk } from "../types/chunk.js";
import type { Instant, Seconds } from "../types/units.js";
import { refuseChunk } from "./chunk-admission.js";
import type { MotionStream } from "./motion-stream.js";

/** A policy that has given no chunk for this long after its last target is left. */
const STARVED: Seconds = 2;
/** The first chunk may take longer: the policy writes its reasoning first, and nothing moves meanwhile. */
const FIRST_CHUNK: Seconds = 10;

/** Takes the chunks of one daemon, in order, and knows when the policy has fallen silent. */
export class ChunkIntake {
  readonly #limits: Limits;
  #lastId = -Infinity;
  #starvesAt: Instant = Infinity;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  /** The policy was asked for chunks. */
  begin(now: Instant): void {
    this.#starvesAt = now + FIRST_CHUNK;
  }

  /** No chunks are expected any more. */
  end(): void {
    this.#starvesAt = Infinity;
  }

  /** The next daemon counts its chunks anew. */
  forget(): void {
    this.#lastId = -Infinity;
  }

  /** True when no usable chunk has come in time. */
  isStarved(now: Instant): boolean {
    return now > this.#starvesAt;
  }

  /** Lets the stream follow a chunk of the present epoch, not before `notBefore`; returns why not, in words. */
  take(chunk: Chunk, stream: MotionStream, epoch: number, notBefore: Instant, now: Instant): string | null {
    const reason = refuseChunk(chunk, {
      ...{ now, epoch, lastId: this.#lastId, commanded: stream.commanded, limits: this.#limits },
    });
    if (reason !== null) {
      return reason;
    }
    if (now < notBefore) {
      return "not-yet: the pose is held first";
    }
    if (!stream.follow(chunk, now)) {
      return "ramp: coming to rest, the next chunk will be followed";
    }
    this.#lastId = chunk.id;
    this.#starvesAt = (chunk.targets.at(-1)?.dueAt ?? now) + STARVED;
    return null;
  }
}

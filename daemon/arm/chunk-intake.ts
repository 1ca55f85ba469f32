import type { Chunk } from "../types/chunk.js";
import type { Instant, Seconds } from "../types/units.js";
import type { Finding } from "../watch/finding.js";
import { chunkJudged, garbageCame, NO_REFUSALS, type RefusalRun } from "../watch/refusal-run.js";
import type { ArmLimits } from "../watch/watch-limits.js";
import { type ChunkRefusal, refuseChunk } from "./chunk-admission.js";
import type { MotionStream } from "./motion-stream.js";

// Interlocks: PO-07.

/** The first chunk may take longer: the policy writes its reasoning first, and nothing moves meanwhile. */
const FIRST_CHUNK: Seconds = 10;

/** Takes the chunks of one daemon, in order, and knows when the policy has fallen silent. */
export class ChunkIntake {
  readonly #limits: ArmLimits;
  #lastId = -Infinity;
  #starvesAt: Instant = Infinity;
  /** None has been followed since the policy was asked for them. */
  #first = true;
  #run: RefusalRun = NO_REFUSALS;

  constructor(limits: ArmLimits) {
    this.#limits = limits;
  }

  /** The policy was asked for chunks. */
  begin(now: Instant): void {
    this.#starvesAt = now + FIRST_CHUNK;
    this.#first = true;
    this.#run = { ...NO_REFUSALS, garbageAt: this.#run.garbageAt };
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

  /** Something came as a chunk that is none; says what that amounts to. */
  garbage(now: Instant): Finding | null {
    const [run, finding] = garbageCame(this.#run, now, this.#limits.chunks);
    this.#run = run;
    return finding;
  }

  /** Lets the stream follow a chunk of the present epoch, not before `notBefore`; returns why not, and what that amounts to. */
  take(chunk: Chunk, stream: MotionStream, epoch: number, notBefore: Instant, now: Instant): Taken {
    const refusal = this.#refusal(chunk, stream, epoch, notBefore, now);
    const [run, finding] = chunkJudged(this.#run, refusal?.code ?? null, this.#limits.chunks);
    this.#run = run;
    if (refusal === null) {
      this.#lastId = chunk.id;
      this.#first = false;
      this.#starvesAt = (chunk.targets.at(-1)?.dueAt ?? now) + this.#limits.chunks.starved;
    }
    return { refusal, finding };
  }

  #refusal(chunk: Chunk, stream: MotionStream, epoch: number, notBefore: Instant, now: Instant): ChunkRefusal | null {
    const { commanded } = stream;
    const refusal = refuseChunk(chunk, {
      ...{ now, epoch, lastId: this.#lastId, commanded, first: this.#first },
      limits: this.#limits,
    });
    if (refusal !== null) {
      return refusal;
    }
    if (now < notBefore) {
      return { code: "not-yet", detail: "the pose is held first" };
    }
    return stream.follow(chunk, now)
      ? null
      : { code: "ramp", detail: "coming to rest, the next chunk will be followed" };
  }
}

/** What became of a chunk. */
export interface Taken {
  /** null when it is followed. */
  readonly refusal: ChunkRefusal | null;
  /** What refusals in a row demand. */
  readonly finding: Finding | null;
}

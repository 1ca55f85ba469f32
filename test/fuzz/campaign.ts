import { randomSource } from "../random-source.js";
import { BlockCoverage } from "./coverage.js";
import { mutate } from "./mutate.js";
import type { Target } from "./targets.js";

/** An input that must not be: it threw what it may not, was taken though wrong, or took too long. */
export interface Finding {
  readonly input: string;
  readonly what: string;
}

/** What a campaign did. */
export interface Campaign {
  readonly inputs: number;
  readonly accepted: number;
  /** Blocks of our code reached, and kinds of answers seen. */
  readonly blocks: number;
  readonly answers: number;
  readonly slowestMs: number;
  /** Inputs that reached a block first; worth keeping. */
  readonly kept: readonly string[];
  readonly findings: readonly Finding[];
}

/** Inputs between two looks at the coverage; which of them was new is found by running them again. */
const BATCH = 500;
/** Longer inputs are not kept to go on from. */
const MOST_LENGTH = 20_000;
/** So many inputs are gone on from at most, newest last. */
const MOST_POOL = 2000;
const MOST_FINDINGS = 10;

/**
 * Mutates inputs of a growing pool: what reaches a new block of our code, or a new kind of answer, joins it. Ends after
 * `inputs`, when `isOver` says so, which is told how many are done, or after ten findings.
 */
export function runCampaign(
  target: Target,
  corpus: readonly string[],
  inputs: number,
  seed: number,
  isOver: (done: number) => boolean = () => false,
): Campaign {
  const coverage = new BlockCoverage();
  const random = randomSource(seed);
  const pool = [...target.seeds, ...corpus];
  const answers = new Set<string>();
  const kept: string[] = [];
  const findings: Finding[] = [];
  let accepted = 0;
  let slowestMs = 0;
  let done = 0;

  /** Runs one input; true when its kind of answer is new. */
  const attempt = (input: string): boolean => {
    const [answer, ms] = timed(target, input);
    if (answer.kind === "threw") {
      findings.push({ input, what: answer.what });
      return false;
    }
    // What waited for a processor is not slow: the fastest of three counts.
    const least = ms > target.longestMs ? Math.min(ms, timed(target, input)[1], timed(target, input)[1]) : ms;
    slowestMs = Math.max(slowestMs, least);
    if (least > target.longestMs) {
      findings.push({ input, what: `took ${least.toFixed(0)} ms` });
    }
    accepted += /\baccepted\b/.test(answer.what) ? 1 : 0;
    const kind = answer.what.replace(/"[^"]*"?|\d+/g, "_").slice(0, 120);
    const isNew = answers.size < MOST_POOL && !answers.has(kind);
    if (isNew) {
      answers.add(kind);
    }
    return isNew;
  };
  for (const input of pool) {
    attempt(input);
  }
  const seen = new Set(coverage.reached());

  while (done < inputs && findings.length < MOST_FINDINGS && !isOver(done)) {
    const batch = Array.from({ length: Math.min(BATCH, inputs - done) }, () => {
      // Half of them start from a valid input: what was refused once is mostly refused again.
      const begin = random() < 0.5 ? target.seeds : pool;
      const one = begin[Math.floor(random() * begin.length)] ?? "";
      const other = pool[Math.floor(random() * pool.length)] ?? "";
      return mutate(one, other, random);
    });
    const telling = batch.filter(attempt);
    const reached = without(coverage.reached(), seen);
    if (reached.size > 0) {
      const first = whoReaches(batch, reached, target, coverage);
      kept.push(...first);
      telling.push(...first);
    }
    for (const block of reached) {
      seen.add(block);
    }
    pool.push(...telling.filter(({ length }) => length <= MOST_LENGTH).slice(0, MOST_POOL - pool.length));
    done += batch.length;
  }
  coverage.close();
  return { inputs: done, accepted, blocks: seen.size, answers: answers.size, slowestMs, kept, findings };
}

/** The inputs of a batch that reach the wanted blocks, found by halves. */
function whoReaches(
  batch: readonly string[],
  wanted: ReadonlySet<string>,
  target: Target,
  coverage: BlockCoverage,
): readonly string[] {
  if (batch.length <= 1 || wanted.size === 0) {
    return wanted.size === 0 ? [] : batch;
  }
  const half = batch.slice(0, batch.length / 2);
  coverage.reached();
  for (const input of half) {
    timed(target, input);
  }
  const reached = coverage.reached();
  const here = new Set([...wanted].filter((block) => reached.has(block)));
  return [
    ...whoReaches(half, here, target, coverage),
    ...whoReaches(batch.slice(batch.length / 2), without(wanted, here), target, coverage),
  ];
}

function without(blocks: ReadonlySet<string>, others: ReadonlySet<string>): ReadonlySet<string> {
  return new Set([...blocks].filter((block) => !others.has(block)));
}

type Answer = { readonly kind: "answered" | "threw"; readonly what: string };

/** The answer to one input, and the processor time that it took. */
function timed(target: Target, input: string): readonly [Answer, number] {
  const began = process.cpuUsage();
  let answer: Answer;
  try {
    answer = { kind: "answered", what: target.run(input) };
  } catch (error) {
    answer = { kind: "threw", what: error instanceof Error ? `${error.name}: ${error.message}` : String(error) };
  }
  const { user, system } = process.cpuUsage(began);
  return [answer, (user + system) / 1000];
}

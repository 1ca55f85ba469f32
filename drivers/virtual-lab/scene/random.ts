/** A repeatable stream of random numbers; the same seed gives the same stream everywhere. */
export interface Random {
  /** Uniform in [0, 1). */
  unit(): number;
  /** Uniform in [low, high). */
  between(low: number, high: number): number;
  /** One of 0..count-1. */
  index(count: number): number;
  /** True with this probability. */
  chance(probability: number): boolean;
}

/** Starts the stream of a seed (integer); mulberry32 over a scrambled seed. */
export function createRandom(seed: number): Random {
  let state = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) >>> 0;
  const unit = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  // The first values of neighbouring seeds are alike.
  for (let i = 0; i < 8; i += 1) {
    unit();
  }
  return {
    unit,
    between: (low, high) => low + (high - low) * unit(),
    index: (count) => Math.floor(unit() * count),
    chance: (probability) => unit() < probability,
  };
}

/** What is wrong with a virtual leader; all zero is a sound one. */
export interface LeaderFaults {
  /** Standard deviation of every joint, rad. */
  readonly noise: number;
  /** Probability that a byte on the way to the host is lost, or changed. */
  readonly lostBytes: number;
  readonly wrongBytes: number;
  /** So many bytes of garbage come before each answer. */
  readonly garbageBytes: number;
  /** Nothing is answered. */
  readonly silent: boolean;
  /** The same reading is answered again and again. */
  readonly frozen: boolean;
  /** These joints (0 to 6) have encoders that start again at each turn, at 0. */
  readonly wrapped: readonly number[];
  /** Dynamixel: error number that every status packet has. */
  readonly statusError: number;
}

/** A sound leader. */
export const NO_FAULTS: LeaderFaults = {
  noise: 0,
  lostBytes: 0,
  wrongBytes: 0,
  garbageBytes: 0,
  silent: false,
  frozen: false,
  wrapped: [],
  statusError: 0,
};

/** What the line does to an answer on its way. */
export function spoil(answer: Uint8Array, faults: LeaderFaults, random: () => number): Uint8Array {
  const { lostBytes, wrongBytes, garbageBytes } = faults;
  if (lostBytes === 0 && wrongBytes === 0 && garbageBytes === 0) {
    return answer;
  }
  const byte = (): number => Math.floor(random() * 256);
  const sent = [...answer].filter(() => random() >= lostBytes).map((value) => (random() < wrongBytes ? byte() : value));
  return Uint8Array.from([...Array.from({ length: garbageBytes }, byte), ...sent]);
}

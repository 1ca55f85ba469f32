import { BEAT_PERIOD, LEASE_TTL } from "./authority.js";
import { MAXIMUM_INSTRUCTION } from "./instruction.js";

/** Largest message in bytes (reference/safety.md §5, item 7). */
export const MAXIMUM_MESSAGE_BYTES = 64 * 1024;

/** Machine-readable reasons of refusals. */
export const REFUSAL_CODES = [
  "malformed",
  "unknown-type",
  "oversized",
  "too-fast",
  "not-authenticated",
  "bad-token",
  "token-expired",
  "full",
  "not-your-role",
  "not-in-mode",
  "control-held",
  "no-control",
  "lease-lapsed",
  "out-of-order",
  "stale-view",
  "instruction-empty",
  "instruction-too-long",
  "instruction-characters",
  "instruction-unknown",
  "not-ready",
  "not-possible",
  "no-answer",
] as const;

/** Machine-readable reason of a refusal. */
export type RefusalCode = (typeof REFUSAL_CODES)[number];

/** What an operator should do about each refusal. */
export const REFUSAL_HINT: Readonly<Record<RefusalCode, string>> = {
  malformed: "Send JSON that fits protocol.schema.json: exact keys, no repeated keys, at most 8 levels deep.",
  "unknown-type": "Use one of the message types in PROTOCOL.md.",
  oversized: `Send messages of at most ${MAXIMUM_MESSAGE_BYTES / 1024} KiB.`,
  "too-fast": "Send at most 200 messages a second; stop is never limited.",
  "not-authenticated": "Send authenticate with the token first, or offer it as sub-protocol kinevla.token.<token>.",
  "bad-token": "Use the token in the daemon's token file; its path is printed when the daemon starts.",
  "token-expired":
    "Use the token that stands in the token file now, or have one made: kinevla token make. On the page: reload, then log in.",
  full: "Too many clients are connected; this connection can only stop the arm. Close one of the others.",
  "not-your-role": "Have somebody with the right role do it, or have a token made for you: kinevla token make.",
  "not-in-mode": "See the mode; a latched stop has to be acknowledged first.",
  "control-held": "Wait until control is released, or ask its holder to release it. Stop works without control.",
  "no-control": "Take control first.",
  "lease-lapsed": `Take control again, and send renew every ${BEAT_PERIOD * 1000} ms; a lease lapses after ${LEASE_TTL} s.`,
  "out-of-order": "Number the messages of a lease upwards; what came late is dropped, send it again if still wanted.",
  "stale-view": "Subscribe to state at 5 Hz or more and echo the newest sequence in renew; is the client overloaded?",
  "instruction-empty": "Write what the arm should do, for example one of the trained instructions.",
  "instruction-too-long": `Shorten it to at most ${MAXIMUM_INSTRUCTION} characters; the trained instructions are one sentence.`,
  "instruction-characters": "Write plain words; remove control characters and broken symbols.",
  "instruction-unknown": "Use the nearest trained instruction, or send it again with confirm to run it all the same.",
  "not-ready": "Mend what the message names; status and the doctor command say more.",
  "not-possible": "See the message.",
  "no-answer": "Look at the daemon's log; if the arm moves unexpectedly, stop it.",
};

import type { Seconds } from "../types/units.js";

/** A count that grows while a server answers. */
export interface Answers {
  count(): number;
  close(): void;
}

/** Asks a URL every `period` and counts the good answers; one question at a time. */
export function countAnswers(url: string, period: Seconds): Answers {
  let answered = 0;
  let asking = false;
  const ask = async (): Promise<void> => {
    if (!asking) {
      asking = true;
      try {
        const response = await fetch(url, { signal: AbortSignal.timeout(5000) });
        await response.arrayBuffer();
        answered += response.ok ? 1 : 0;
      } catch {
        // No answer is what the count then shows.
      }
      asking = false;
    }
  };
  const timer = setInterval(ask, period * 1000);
  return { count: () => answered, close: () => clearInterval(timer) };
}

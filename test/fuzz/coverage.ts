import { type Profiler, Session } from "node:inspector";

/** Blocks of our own code that have run, as V8 counts them; without a package, since none installs without a download. */
export class BlockCoverage {
  readonly #session = new Session();

  constructor() {
    this.#session.connect();
    this.#session.post("Profiler.enable");
    this.#session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
  }

  /** Blocks that ran since the last call. */
  reached(): ReadonlySet<string> {
    const blocks = new Set<string>();
    for (const { url, functions } of this.#take()) {
      if (/\/dist\/(daemon|drivers|models)\//.test(url)) {
        for (const { startOffset, endOffset, count } of functions.flatMap(({ ranges }) => ranges)) {
          if (count > 0) {
            blocks.add(`${url} ${startOffset} ${endOffset}`);
          }
        }
      }
    }
    return blocks;
  }

  close(): void {
    this.#session.post("Profiler.stopPreciseCoverage");
    this.#session.disconnect();
  }

  #take(): readonly Profiler.ScriptCoverage[] {
    let taken: readonly Profiler.ScriptCoverage[] = [];
    this.#session.post("Profiler.takePreciseCoverage", (error, coverage) => {
      if (error !== null) {
        throw error;
      }
      taken = coverage.result;
    });
    return taken;
  }
}

import { makeRealTime, SHORT_COLLECTIONS } from "../../../daemon/ports/real-time.js";
import type { Instant, JointPosition } from "../../../daemon/types/units.js";
import type { Impairment } from "../impair/impairment.js";
import { AskedProcess } from "../world/asked-process.js";
import type { Arrivals } from "./arrivals.js";
import type { ControllerProcessOptions, ControllerQuestions } from "./controller-questions.js";
import type { Fault } from "./fault.js";
import type { History } from "./history-record.js";

/** Room that makes full collections (5 ms, measured) rare. */
const COLLECTOR = [...SHORT_COLLECTIONS, "--initial-old-space-size=64"];

/** The virtual controller in a process of its own: like a real one it has nothing else to do and may be real-time. */
export class ControllerProcess {
  /** TCP. */
  readonly port: number;
  /** Resolves when the process has ended, however that came. */
  readonly ended: Promise<void>;
  readonly #process: AskedProcess<ControllerQuestions>;

  private constructor(process: AskedProcess<ControllerQuestions>, port: number) {
    this.#process = process;
    this.port = port;
    this.ended = process.ended;
  }

  /**
   * Starts the process, under SCHED_FIFO where `priority` is given; rejects when its port is taken. Without the
   * privilege it is an ordinary one, and standard error says so.
   */
  static async start(options: ControllerProcessOptions, priority: number | null): Promise<ControllerProcess> {
    const asked = new AskedProcess<ControllerQuestions>({
      script: new URL("./child.js", import.meta.url),
      options,
      flags: COLLECTOR,
    });
    try {
      const port = await asked.ask("start", null);
      if (priority !== null) {
        // All threads: the main one waits for the engine's own at every collection of garbage.
        makeRealTime(asked.pid, priority, "all", "virtual controller runs");
      }
      return new ControllerProcess(asked, port);
    } catch (error) {
      await asked.close();
      throw error;
    }
  }

  /** Motion and stop commands since the record was last cleared. */
  async arrivals(): Promise<Arrivals> {
    return await this.#process.ask("arrivals", null);
  }

  async clearArrivals(): Promise<void> {
    await this.#process.ask("clearArrivals", null);
  }

  async inject(fault: Fault): Promise<void> {
    await this.#process.ask("inject", fault);
  }

  /** Spoils its lines; gives the instant from which on. */
  async impair(impairment: Impairment): Promise<Instant> {
    return await this.#process.ask("impair", impairment);
  }

  /** What it saw since the last time; forgets it. */
  async takeHistory(): Promise<History> {
    return await this.#process.ask("takeHistory", null);
  }

  /** Whether the plant is told targets; not while it is replaced. */
  async feedPlant(feeds: boolean): Promise<void> {
    await this.#process.ask("feedPlant", feeds);
  }

  /** Holds `q`, forgets motion, errors and faults; settings and connections stay. */
  async reset(q: JointPosition): Promise<void> {
    await this.#process.ask("reset", q);
  }

  /** Ends the process. */
  async close(): Promise<void> {
    await this.#process.close();
  }
}

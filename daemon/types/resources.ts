/** What a process uses of what it may, each as a part of it: 1 for all, and for what cannot be read. */
export interface Resources {
  /** Memory that the system cannot take back. */
  readonly memory: number;
  readonly descriptors: number;
  /** Of the time since the reading before, in which its event loop had something to do. */
  readonly busy: number;
}

/** Processes whose want of resources keeps the arm from moving. */
export type WatchedProcess = "arm process" | "daemon";

import { datagramSender } from "./datagram.js";

/** What a service tells the manager that started it (sd_notify(3)); without one every call does nothing. */
export interface ServiceManager {
  /** The manager wants proof of life. */
  readonly watched: boolean;
  /** The service has started; `status` says in words how it is. */
  ready(status: string): void;
  /** It ends by itself. */
  stopping(): void;
  /**
   * Proves life for as long as `progress` counts up: the watchdog is fed a third of its time apart, and only when the
   * count has grown since, so a process that runs without doing its work is restarted as one that hangs.
   */
  feedWhile(progress: () => number): void;
}

/** Reaches the service manager that the environment names; throws when it names one that cannot be reached. */
export function serviceManager(environment: NodeJS.ProcessEnv = process.env): ServiceManager {
  const path = environment.NOTIFY_SOCKET;
  const sender = path === undefined || path === "" ? { send: () => true } : datagramSender(path);
  // Processes started by this one are no business of the service manager.
  delete environment.NOTIFY_SOCKET;
  const microseconds = watchdogTime(environment);
  let timer: NodeJS.Timeout | undefined;
  return {
    watched: microseconds !== null,
    ready: (status) => {
      sender.send(`READY=1\nSTATUS=${oneLine(status)}`);
    },
    stopping: () => {
      clearInterval(timer);
      sender.send("STOPPING=1");
    },
    feedWhile: (progress) => {
      if (microseconds === null) {
        return;
      }
      let last = progress();
      timer = setInterval(() => {
        const present = progress();
        if (present > last) {
          last = present;
          sender.send("WATCHDOG=1");
        }
      }, microseconds / 3000);
    },
  };
}

/** The watchdog's time, microseconds; null where none is set or it is another process's (sd_watchdog_enabled(3)). */
function watchdogTime({ WATCHDOG_USEC, WATCHDOG_PID }: NodeJS.ProcessEnv): number | null {
  const microseconds = Number(WATCHDOG_USEC);
  const ours = WATCHDOG_PID === undefined || Number(WATCHDOG_PID) === process.pid;
  return ours && Number.isFinite(microseconds) && microseconds > 0 ? microseconds : null;
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ");
}

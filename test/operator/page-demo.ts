import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { hostClock } from "../../daemon/ports/clock.js";
import type { StopReport } from "../../daemon/types/arm-link.js";
import { jointPosition } from "../../daemon/types/units.js";
import { calmReport, FakeBackend } from "./fake-backend.js";
import { startRig } from "./rig.js";

const HINT = "Somebody pressed stop. Make sure that the cell is safe, then acknowledge.";

/**
 * Serves the page over a fake daemon that acts out a task, for looking at it:
 * `node dist/test/operator/page-demo.js 8787 [picture.jpg]`.
 */
async function main(port: number, picture: string | undefined): Promise<void> {
  const backend = new FakeBackend();
  backend.picture = picture === undefined ? null : readFileSync(picture);
  const rig = await startRig(backend, port);
  process.stdout.write(`${rig.server.url}\n${rig.token}\n`);
  const startedAt = hostClock.now();
  let chunks = 0;
  let stop: StopReport | null = null;
  backend.onCall = (call) => {
    if (call.kind === "stop") {
      const detail = `${call.by} pressed stop (${call.reason})`;
      stop = { code: "operator-stop", detail, hint: HINT, at: hostClock.now(), latched: true };
      backend.faults.next([{ ...stop, part: "arm", since: stop.at }]);
      backend.task("stopped", detail, chunks);
    } else if (call.kind === "request" && call.request.kind === "acknowledge") {
      stop = null;
      backend.faults.next([]);
    }
  };
  setInterval(() => {
    const t = hostClock.now() - startedAt;
    const q = jointPosition([0.4 * Math.sin(t), -0.35, 0.2, 1.66, 0.1 * t, 1.83, -2.9]);
    if (stop !== null) {
      backend.arm.next(calmReport({ mode: "fault", source: null, stops: [stop] }));
      return;
    }
    backend.arm.next(calmReport({ mode: "policy", source: "policy", measured: q, commanded: q, pendingTargets: 3 }));
  }, 20);
  setInterval(() => {
    if (stop !== null) {
      return;
    }
    chunks += 1;
    if (chunks === 1) {
      backend.startTask();
      backend.understood();
    }
    backend.chunk(chunks, chunks % 7 === 0 ? { accepted: false, reason: "it came too late" } : {});
    backend.task("acting", "", chunks);
  }, 300);
}

const [, script, port, picture] = process.argv;
if (script === fileURLToPath(import.meta.url) && port !== undefined) {
  await main(Number(port), picture);
}

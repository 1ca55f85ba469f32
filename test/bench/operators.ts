import { fork } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { fileURLToPath } from "node:url";
import { pino } from "pino";
import { Registry } from "prom-client";
import { AuditLog } from "../../daemon/audit/audit-log.js";
import { OperatorClient } from "../../daemon/operator/client.js";
import { startOperatorServer } from "../../daemon/operator/server.js";
import { readToken } from "../../daemon/operator/token.js";
import { hostClock } from "../../daemon/ports/clock.js";
import { calmReport, FakeBackend } from "../operator/fake-backend.js";
import { machine, quantile } from "./statistics.js";

const VIEWERS = 32;
const RATE_HZ = 30;
/** As the arm process reports. */
const REPORT_MS = 20;
const [, script, role, url = "", tokenFile = "", seconds = "20"] = process.argv;

/** What the clients have seen. */
interface Seen {
  /** States a second, of the slowest and of the mean viewer. */
  readonly slowestHz: number;
  readonly meanHz: number;
  /** From the report to the viewer, seconds, of all viewers. */
  readonly ages: readonly number[];
}

/** The clients, in a process of their own: one in control, the others watching. */
async function clients(): Promise<void> {
  const token = readToken(tokenFile);
  const controller = await OperatorClient.connect({ url, token, name: "controller" });
  await controller.subscribe(["state"], RATE_HZ);
  await controller.takeControl();
  const counts = Array.from({ length: VIEWERS }, () => 0);
  const ages: number[] = [];
  const viewers = await Promise.all(
    counts.map(async (_, number) => {
      const viewer = await OperatorClient.connect({ url, token, name: `viewer ${number}` });
      viewer.onMessage((message) => {
        if (message.type === "state") {
          counts[number] = (counts[number] ?? 0) + 1;
          ages.push(hostClock.now() - message.at);
        }
      });
      await viewer.subscribe(["state", "reasoning", "chunks", "faults", "progress"], RATE_HZ);
      return viewer;
    }),
  );
  counts.fill(0);
  ages.length = 0;
  await new Promise((resolve) => setTimeout(resolve, Number(seconds) * 1000));
  const rates = counts.map((count) => count / Number(seconds));
  const seen: Seen = {
    slowestHz: Math.min(...rates),
    meanHz: rates.reduce((sum, rate) => sum + rate, 0) / VIEWERS,
    ages: [...ages],
  };
  const isInControl = controller.isInControl;
  await Promise.all([controller, ...viewers].map((client) => client.close()));
  process.send?.({ ...seen, isInControl }, () => process.disconnect?.());
}

/** The server, over a daemon that only reports, with the audit log on the disk. */
async function server(length: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "kinevla-bench-"));
  const backend = new FakeBackend();
  const audit = await AuditLog.open({ folder: join(folder, "audit"), clock: hostClock });
  const running = await startOperatorServer({
    ...{ backend, audit, clock: hostClock, log: pino({ level: "silent" }), registry: new Registry() },
    ...{ host: "127.0.0.1", port: 0, hosts: [], version: "bench" },
    tokens: { file: join(folder, "token"), store: join(folder, "tokens.json"), role: "operator" },
  });
  const reports = setInterval(() => backend.arm.next(calmReport()), REPORT_MS);
  const chunks = setInterval(() => backend.chunk(1), 100);
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const before = process.cpuUsage();
  const startedAt = performance.now();
  const address = `ws://127.0.0.1:${running.port}`;
  const child = fork(script ?? "", ["clients", address, join(folder, "token"), length]);
  const seen = await new Promise<Seen & { readonly isInControl: boolean }>((resolve) => {
    child.once("message", (message: Seen & { readonly isInControl: boolean }) => resolve(message));
  });
  const cpu = process.cpuUsage(before);
  const wall = (performance.now() - startedAt) * 1000;
  const { ages, ...rates } = seen;
  const figures = {
    ...{ viewers: VIEWERS, asked_hz: RATE_HZ, ...rates },
    age_ms: { p50: quantile(ages, 0.5) * 1000, p99: quantile(ages, 0.99) * 1000, max: Math.max(...ages) * 1000 },
    beats: backend.count("beat"),
    server_cpu_percent: (100 * (cpu.user + cpu.system)) / wall,
    loop_delay_ms: { p99: delay.percentile(99) / 1e6, max: delay.max / 1e6 },
    rss_mib: process.memoryUsage().rss / 2 ** 20,
    machine: machine(),
  };
  process.stdout.write(`${JSON.stringify(figures, null, 2)}\n`);
  clearInterval(reports);
  clearInterval(chunks);
  await running.close();
  await audit.close();
  rmSync(folder, { recursive: true });
}

if (script === fileURLToPath(import.meta.url)) {
  await (role === "clients" ? clients() : server(role ?? "20"));
}

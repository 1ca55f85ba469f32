import { connect, createServer, type Server, type Socket } from "node:net";
import { hostClock } from "../../../daemon/ports/clock.js";
import type { Instant } from "../../../daemon/types/units.js";
import { HEALTHY_LINE, type Toxics } from "../../../drivers/virtual-lab/impair/impairment.js";
import { ToxicPipe } from "../../../drivers/virtual-lab/impair/toxic-pipe.js";
import { createRandom } from "../../../drivers/virtual-lab/scene/random.js";

/** The line between operators and the daemon: a TCP proxy whose toxics can be changed, and which stamps what passes. */
export interface OperatorLine {
  readonly port: number;
  /** Of both directions, or with `deaf` of what the daemon says only. */
  set(toxics: Partial<Toxics>, deaf?: "deaf"): Instant;
  /** When bytes left for the daemon since the last time, and in the second before. */
  takeStamps(): readonly Instant[];
  /** When the last bytes left for the daemon. */
  lastAt(): Instant;
  close(): Promise<void>;
}

/** Starts a line to `host:port` on a free loopback port. */
export async function startOperatorLine(host: string, port: number): Promise<OperatorLine> {
  const toxics: Record<"inward" | "outward", Toxics> = { inward: HEALTHY_LINE, outward: HEALTHY_LINE };
  let stamps: Instant[] = [];
  let lastAt: Instant = hostClock.now();
  const random = createRandom(1).unit;
  const pipes = new Set<ToxicPipe>();
  const sockets = new Set<Socket>();
  const server: Server = createServer((client) => {
    const daemon = connect({ host, port, noDelay: true });
    client.setNoDelay(true);
    let greeted = false;
    const inward = pipe("inward", client, daemon, (bytes) => {
      lastAt = hostClock.now();
      stamps.push(lastAt);
      // The daemon turns away whoever calls it by another name than its own.
      daemon.write(greeted ? bytes : renamed(bytes, `${host}:${port}`));
      greeted = true;
    });
    const outward = pipe("outward", daemon, client, (bytes) => client.write(bytes));
    for (const socket of [client, daemon]) {
      sockets.add(socket);
      socket.on("error", () => {
        inward.abandon();
        outward.abandon();
        client.destroy();
        daemon.destroy();
      });
      socket.on("close", () => sockets.delete(socket));
    }
  });
  const pipe = (way: "inward" | "outward", from: Socket, to: Socket, deliver: (bytes: Buffer) => void): ToxicPipe => {
    const one = new ToxicPipe(() => toxics[way], random, { deliver, end: () => to.end() });
    pipes.add(one);
    from.on("data", (bytes: Buffer) => one.push(bytes));
    from.on("end", () => one.finish());
    from.on("close", () => pipes.delete(one));
    return one;
  };
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    set: (changed, deaf) => {
      toxics.outward = { ...HEALTHY_LINE, ...changed };
      toxics.inward = deaf === undefined ? toxics.outward : HEALTHY_LINE;
      for (const one of pipes) {
        one.flush();
      }
      return hostClock.now();
    },
    takeStamps: () => {
      const taken = stamps;
      stamps = taken.filter((at) => at > lastAt - 1);
      return taken;
    },
    lastAt: () => lastAt,
    close: async () => {
      for (const socket of sockets) {
        socket.destroy();
      }
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function renamed(request: Buffer, name: string): Buffer {
  return Buffer.from(request.toString("latin1").replace(/^Host: .*$/m, `Host: ${name}`), "latin1");
}

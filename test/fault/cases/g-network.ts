import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { PROTOCOL, TOKEN_PROTOCOL_PREFIX } from "../../../daemon/operator/client-message.js";
import { readToken } from "../../../daemon/operator/token.js";
import { hostClock } from "../../../daemon/ports/clock.js";
import { type FaultRig, pause } from "../rig/fault-rig.js";
import { frameHead, handshake, rawOperator, slowLoris } from "../rig/raw-operator.js";
import { type FaultCase, NO_BUDGET, only, type TrialContext } from "./case.js";

/** G. A hostile network. */
export const NETWORK_CASES: readonly FaultCase[] = [
  {
    ...{ id: 91, inject: "foreign Origin, no token, wrong token, foreign Host", expected: "401, 403, no upgrade" },
    budget: NO_BUDGET,
    trials: only({
      ...{ modes: ["policy"], expect: "undisturbed" },
      inject: async () => hostClock.now(),
      after: strangers,
    }),
  },
  {
    ...{ id: 92, inject: "16 385 fragments, never FIN, 101 MB, pings", expected: "closed within 1 s" },
    budget: NO_BUDGET,
    cannot: "no deflate bomb: compression is not negotiated",
    trials: only({
      ...{ modes: ["policy"], expect: "undisturbed" },
      inject: async () => hostClock.now(),
      after: hostileFrames,
    }),
  },
  {
    ...{ id: 93, inject: "500 slow sockets, a viewer that never reads", expected: "cut off, tick unaffected" },
    budget: NO_BUDGET,
    trials: only({
      ...{ modes: ["policy"], expect: "undisturbed", watch: 1.5 },
      inject: async ({ rig }) => {
        const at = hostClock.now();
        const { host, port } = rig.system.config.operator;
        const end = slowLoris(host, port, 500);
        setTimeout(end, 2500);
        return at;
      },
      after: neverReads,
    }),
  },
  {
    ...{ id: 94, inject: "deep JSON, __proto__, repeated keys, 1e999, lone surrogate", expected: "R0" },
    budget: NO_BUDGET,
    trials: only({
      ...{ modes: ["policy"], expect: "undisturbed" },
      inject: async () => hostClock.now(),
      after: wrongWords,
    }),
  },
  {
    ...{ id: 95, inject: "logs searched for the token", expected: "none" },
    budget: NO_BUDGET,
    trials: only({
      ...{ modes: ["standby"], expect: "checked", watch: 0, most: 1 },
      inject: async () => hostClock.now(),
      after: async ({ rig }) => {
        const token = readToken(rig.system.tokenFile);
        const folder = join(rig.system.config.run_directory, "logs");
        const found = readdirSync(folder).filter((name) => readFileSync(join(folder, name), "utf8").includes(token));
        return found.map((name) => `the token stands in ${name}`);
      },
    }),
  },
];

function tokenOf(rig: FaultRig): string {
  return readToken(rig.system.tokenFile);
}

async function strangers({ rig }: TrialContext): Promise<readonly string[]> {
  const { host, port } = rig.system.config.operator;
  const offered = { "sec-websocket-protocol": `${PROTOCOL}, ${TOKEN_PROTOCOL_PREFIX}${tokenOf(rig)}` };
  const wrong = { "sec-websocket-protocol": `${PROTOCOL}, ${TOKEN_PROTOCOL_PREFIX}${"A".repeat(43)}` };
  const tries: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
    ["foreign Origin", { ...offered, origin: "http://evil.example" }],
    ["Origin null", { ...offered, origin: "null" }],
    ["foreign Host", { ...offered, host: "evil.example" }],
    ["wrong token", wrong],
    ["no protocol", {}],
  ];
  const problems: string[] = [];
  for (const [name, headers] of tries) {
    const { status, socket } = await handshake(host, port, headers);
    socket?.destroy();
    if (status === 101) {
      problems.push(`${name}: let in`);
    }
  }
  return problems;
}

/** Frames are written as bytes, so that the attack costs the attacker next to nothing. */
async function hostileFrames({ rig }: TrialContext): Promise<readonly string[]> {
  const { host, port } = rig.system.config.operator;
  const problems: string[] = [];
  const daemon = rig.pid("daemon");
  const before = residentMegabytes(daemon);
  const offered = { "sec-websocket-protocol": `${PROTOCOL}, ${TOKEN_PROTOCOL_PREFIX}${tokenOf(rig)}` };
  for (const [name, bytes, mustClose] of ATTACKS) {
    const { socket } = await handshake(host, port, offered);
    const closed = new Promise<boolean>((resolve) => {
      socket?.once("close", () => resolve(true));
      setTimeout(() => resolve(false), 1000);
    });
    socket?.resume().write(bytes);
    if (mustClose && !(await closed)) {
      problems.push(`${name}: not closed within 1 s`);
    }
    await pause(0.1);
    socket?.destroy();
  }
  const grown = residentMegabytes(daemon) - before;
  if (grown > 20) {
    problems.push(`the daemon grew by ${grown.toFixed(0)} MB, at most 20`);
  }
  return problems;
}

const LETTER = Buffer.from("x");
/** A fragment of one letter; it is never the last one. */
const FRAGMENT = Buffer.concat([frameHead(0x00, 1), LETTER]);
const ATTACKS: readonly (readonly [name: string, bytes: Buffer, mustClose: boolean])[] = [
  [
    "16 385 fragments without an end",
    Buffer.concat([frameHead(0x01, 1), LETTER, ...Array.from({ length: 16_385 }, () => FRAGMENT)]),
    true,
  ],
  ["101 MB in one message", Buffer.concat([frameHead(0x81, 101 * 2 ** 20), Buffer.alloc(65_536)]), true],
  ["5000 pings", Buffer.concat(Array.from({ length: 5000 }, () => frameHead(0x89, 0))), false],
];

function residentMegabytes(pid: number): number {
  const line = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  return Number(line?.[1] ?? 0) / 1024;
}

async function neverReads({ rig }: TrialContext): Promise<readonly string[]> {
  const raw = await rawOperator(rig.system.operatorUrl, tokenOf(rig));
  raw.say({ type: "subscribe", id: 1, topics: ["state", "chunks", "reasoning"], rateHz: 50 });
  await raw.answer(1, 2);
  raw.socket.pause();
  await pause(1.5);
  raw.socket.terminate();
  // Cut off or not: judged is that nobody else noticed.
  return rig.operator.ended ? ["another client was cut off"] : [];
}

async function wrongWords({ rig }: TrialContext): Promise<readonly string[]> {
  const wrong: readonly (string | Buffer)[] = [
    `{"type":"home","id":1,"lease":${"[".repeat(20_000)}`,
    '{"type":"stop","id":2,"reason":"x","__proto__":{"type":"home"}}',
    '{"type":"status","type":"home","id":3}',
    '{"type":"home","id":4,"lease":1e999,"sequence":1}',
    // A stop with such a reason stops: nothing may be in its way.
    '{"type":"take-control","id":5,"name":"\\ud800"}',
    '{"type":"home","id":"6","lease":true,"sequence":null}',
  ];
  const problems: string[] = [];
  for (const words of wrong) {
    const raw = await rawOperator(rig.system.operatorUrl, tokenOf(rig));
    raw.say(words);
    await pause(0.05);
    if (raw.heard.some((text) => text.includes('"accepted"'))) {
      problems.push(`accepted: ${String(words).slice(0, 60)}`);
    }
    raw.socket.terminate();
  }
  return problems;
}

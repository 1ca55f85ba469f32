import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, afterEach, before, describe, it } from "node:test";
import { filter, firstValueFrom, lastValueFrom, take, toArray } from "rxjs";
import type { InferenceRequest, Policy, PolicyStatus } from "../../daemon/ports/policy.js";
import { projectPath } from "../../daemon/ports/project-path.js";
import type { Reasoning } from "../../daemon/types/chunk.js";
import { cudaPreflight } from "../../models/policy/cuda-preflight.js";
import { PolicyError, type PolicyErrorCode } from "../../models/policy/policy-error.js";
import { createPolicyProcess, type PolicyProcessOptions } from "../../models/policy/policy-process.js";
import { childrenOf, isAlive, until } from "./children.js";
import { makeNanoBundle, NANO_COARSE, NANO_FINE, NANO_INSTRUCTION, type NanoBundle } from "./nano-bundle.js";
import { observation, plainFrame } from "./observation.js";

const FRESH = { kind: "generated", draft: null } as const;
const remembered: Reasoning = { coarse: NANO_COARSE, fine: NANO_FINE, generatedAt: 12.5 };
const forced = { kind: "forced", text: remembered } as const;

function request(change: Partial<InferenceRequest> = {}): InferenceRequest {
  return { instruction: NANO_INSTRUCTION, observation: observation(4), text: FRESH, ...change };
}

async function ready(policy: Policy): Promise<Extract<PolicyStatus, { kind: "ready" }>> {
  const status = await firstValueFrom(policy.status.pipe(filter((value) => value.kind !== "loading")));
  assert.equal(status.kind, "ready", status.kind === "failed" ? status.reason : "");
  return status as Extract<PolicyStatus, { kind: "ready" }>;
}

async function rejectsWith(inference: Promise<unknown>, code: PolicyErrorCode, words = /./): Promise<void> {
  await assert.rejects(inference, (error) => {
    assert.ok(error instanceof PolicyError, String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, words);
    return true;
  });
}

describe("the policy process", () => {
  let bundle: NanoBundle;
  const policies: Policy[] = [];

  before(async () => {
    bundle = await makeNanoBundle();
  });
  afterEach(async () => {
    await Promise.all(policies.splice(0).map((policy) => policy.close()));
    assert.deepEqual(childrenOf(process.pid), []);
  });
  after(() => bundle.remove());

  function start(change: Partial<PolicyProcessOptions> = {}): Policy {
    const policy = createPolicyProcess({
      bundle: bundle.folder,
      manifest: null,
      provider: "cpu",
      fallback: null,
      threads: 1,
      home: observation(4).commanded,
      deadline: 20,
      textDeadline: 20,
      loadDeadline: 60,
      ...change,
    });
    policies.push(policy);
    return policy;
  }

  it("keeps no account of its use: nothing is left in the home folder", async () => {
    const home = mkdtempSync(join(tmpdir(), "kinevla-home-"));
    const { HOME, XDG_CACHE_HOME } = process.env;
    Object.assign(process.env, { HOME: home, XDG_CACHE_HOME: join(home, "cache") });
    try {
      await ready(start());
      assert.deepEqual(readdirSync(home), []);
    } finally {
      for (const [name, value] of Object.entries({ HOME, XDG_CACHE_HOME })) {
        if (value === undefined) {
          delete process.env[name];
        } else {
          process.env[name] = value;
        }
      }
      rmSync(home, { recursive: true });
    }
  });

  it("tells its stages while loading, then what it is good for", async () => {
    const policy = start();
    const stages: string[] = [];
    policy.status.subscribe((status) => status.kind === "loading" && stages.push(status.stage ?? ""));
    const { description, latencyP95, notice } = await ready(policy);
    assert.deepEqual(stages, ["starting", "reading the bundle", "opening the graphs", "checking golden vectors"]);
    assert.deepEqual(description, {
      bundleId: "nano",
      horizon: 5,
      period: 0.1,
      imageSize: 4,
      provider: "cpu",
      instructions: [NANO_INSTRUCTION],
    });
    assert.ok(latencyP95 > 0);
    assert.equal(notice, undefined);
  });

  it("PO-11: says before a start whether its bundle is still what was loaded, and loads no other manifest", async () => {
    const own = join(mkdtempSync(join(tmpdir(), "kinevla-own-")), "bundle");
    cpSync(bundle.folder, own, { recursive: true });
    try {
      const policy = start({ bundle: own });
      await ready(policy);
      assert.equal(await firstValueFrom(policy.altered()), null);
      appendFileSync(join(own, "lm.onnx"), " ");
      assert.match((await firstValueFrom(policy.altered())) ?? "", /lm\.onnx has \d+ bytes, the manifest says/);
      const other = start({ manifest: "0".repeat(64) });
      const status = await firstValueFrom(other.status.pipe(filter((value) => value.kind !== "loading")));
      assert.match(status.kind === "failed" ? status.reason : "", /another one than when the daemon started/);
    } finally {
      rmSync(dirname(own), { recursive: true });
    }
  });

  it("infers with generated text, then with that text forced, with the same codes", async () => {
    const policy = start();
    await ready(policy);
    const fresh = await firstValueFrom(policy.infer(request()));
    assert.equal(fresh.fresh, true);
    assert.equal(fresh.reasoning.fine, NANO_FINE);
    assert.equal(fresh.deltas.length, 5);
    const again = await firstValueFrom(policy.infer(request({ text: { kind: "forced", text: fresh.reasoning } })));
    assert.equal(again.fresh, false);
    assert.deepEqual(again.reasoning, fresh.reasoning);
    assert.deepEqual([again.tokens.coarse, again.tokens.fine], [fresh.tokens.coarse, fresh.tokens.fine]);
    for (const phase of ["preprocess", "vision", "prefill", "text", "codes", "decode"] as const) {
      assert.ok(fresh.phases[phase] > 0, phase);
    }
  });

  it("answers a failure of the model with its code and goes on", async () => {
    const policy = start();
    await ready(policy);
    await rejectsWith(firstValueFrom(policy.infer(request({ instruction: "" }))), "instruction-refused", /empty/);
    const wrong = observation(4, { wrist: plainFrame("wrist", 8, 1) });
    await rejectsWith(firstValueFrom(policy.infer(request({ observation: wrong }))), "image-refused", /wrist .*8 x 8/);
    await firstValueFrom(policy.infer(request({ text: forced })));
  });

  it("refuses to infer while loading, while busy and after closing", async () => {
    const policy = start();
    await rejectsWith(firstValueFrom(policy.infer(request())), "not-ready", /loading/);
    await ready(policy);
    const first = firstValueFrom(policy.infer(request()));
    await rejectsWith(firstValueFrom(policy.infer(request())), "busy");
    await first;
    const cut = firstValueFrom(policy.infer(request()));
    const cutRejects = rejectsWith(cut, "closed");
    await policy.close();
    await cutRejects;
    await rejectsWith(firstValueFrom(policy.infer(request())), "closed");
  });

  it("takes the next inference when the one before was abandoned", async () => {
    const policy = start();
    await ready(policy);
    policy
      .infer(request())
      .subscribe({ next: () => assert.fail("abandoned") })
      .unsubscribe();
    const next = await firstValueFrom(policy.infer(request({ text: forced })));
    assert.equal(next.reasoning.generatedAt, remembered.generatedAt);
  });

  it("kills a process that misses its deadline and starts another, while another policy goes on", async () => {
    const stuck = start({ deadline: 0.3 });
    await ready(stuck);
    const [pid] = childrenOf(process.pid);
    assert.ok(pid !== undefined);
    const other = start();
    await ready(other);
    process.kill(pid, "SIGSTOP");
    const missed = rejectsWith(firstValueFrom(stuck.infer(request({ text: forced }))), "deadline-missed", /0\.3 s/);
    await firstValueFrom(other.infer(request({ text: forced })));
    const loading = firstValueFrom(stuck.status.pipe(filter((status) => status.kind === "loading")));
    await missed;
    assert.equal((await loading).kind, "loading");
    await until(() => !isAlive(pid), "the stuck process is gone");
    await ready(stuck);
    assert.equal(childrenOf(process.pid).length, 2);
  });

  it("starts again after a crash, and gives up after five in a row", async () => {
    const policy = start();
    const failed = firstValueFrom(policy.status.pipe(filter((status) => status.kind === "failed")));
    for (let death = 0; death < 5; death += 1) {
      await ready(policy);
      const [pid] = childrenOf(process.pid);
      assert.ok(pid !== undefined);
      process.kill(pid, "SIGSEGV");
      await firstValueFrom(policy.status.pipe(filter((status) => status.kind !== "ready")));
    }
    const status = await failed;
    assert.match(status.kind === "failed" ? status.reason : "", /SIGSEGV, 5 times in a row/);
    await rejectsWith(firstValueFrom(policy.infer(request())), "not-ready", /5 times/);
  });

  it("says why a bundle is unusable, once, and does not try again", async () => {
    const policy = start({ bundle: "/nowhere" });
    const statuses = lastValueFrom(policy.status.pipe(toArray()));
    const failed = await firstValueFrom(policy.status.pipe(filter((status) => status.kind === "failed")));
    assert.match(failed.kind === "failed" ? failed.reason : "", /no readable \/nowhere\/bundle\.json\. Name a folder/);
    await until(() => childrenOf(process.pid).length === 0, "the process has left");
    await policy.close();
    assert.equal((await statuses).filter((status) => status.kind === "failed").length, 1);
  });

  it("refuses cuda where its libraries are missing and names them", async () => {
    const { ready, missing } = await cudaPreflight();
    const policy = start({ provider: "cuda" });
    const status = await firstValueFrom(policy.status.pipe(filter((value) => value.kind !== "loading")));
    assert.equal(status.kind, ready ? "ready" : "failed");
    const reason = status.kind === "failed" ? status.reason : "";
    assert.ok(missing.every((library) => reason.includes(library)) && (ready || reason.includes("models/README.md")));
  });

  it("runs on the declared fall-back and says so", async () => {
    const preflight = await cudaPreflight();
    const policy = start({ provider: "cuda", fallback: "cpu" });
    const { description, notice } = await ready(policy);
    assert.equal(description.provider, preflight.ready ? "cuda" : "cpu");
    assert.match(notice ?? "", preflight.ready ? /^$/ : /Runs on cpu, as configured.*Place /);
    await firstValueFrom(policy.infer(request({ text: forced })));
  });

  it("leaves when its owner is killed", async () => {
    const owner = fork(projectPath("dist", "test", "models", "policy-owner.js"), [bundle.folder], { execArgv: [] });
    const said: unknown[] = [];
    owner.on("message", (kind) => said.push(kind));
    await until(() => said.includes("ready"), "the policy is ready");
    const children = childrenOf(owner.pid ?? -1);
    assert.equal(children.length, 1);
    const gone = once(owner, "exit");
    owner.kill("SIGKILL");
    await gone;
    await until(() => !children.some(isAlive), "the policy process has left");
  });

  it("stays at the same size over many inferences", async () => {
    const policy = start();
    await ready(policy);
    const [pid] = childrenOf(process.pid);
    const resident = (): number => {
      const [, pages] = readFileSync(`/proc/${pid}/statm`, "utf8").split(" ");
      return (Number(pages) * 4096) / 2 ** 20;
    };
    const many = async (count: number): Promise<void> => {
      for (let index = 0; index < count; index += 1) {
        await lastValueFrom(policy.infer(request(index % 5 === 0 ? {} : { text: forced })).pipe(take(1)));
      }
    };
    await many(100);
    const before = resident();
    await many(200);
    assert.ok(resident() - before < 30, `grew from ${before.toFixed(0)} to ${resident().toFixed(0)} MiB`);
  });
});

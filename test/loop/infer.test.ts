import { describe, it } from "node:test";
import { delay, map, mergeMap, type Observable, of, throwError, timer } from "rxjs";
import { type InferenceFault, type InferencePlan, type Inferred, infer } from "../../daemon/loop/infer.js";
import type { Sight } from "../../daemon/loop/observe.js";
import type { Inference, InferenceRequest, Policy, TextSource } from "../../daemon/ports/policy.js";
import type { Reasoning } from "../../daemon/types/chunk.js";
import { inference, observation } from "./samples.js";
import { START, virtually } from "./virtual-time.js";

const plan: InferencePlan = {
  instruction: "pick up the bread",
  text: { kind: "generated", draft: null },
  execute: 3,
  period: 0.1,
};

function policyOf(answer: (request: InferenceRequest) => Observable<Inference>): Policy {
  return { status: of({ kind: "loading" }), infer: answer, altered: () => of(null), close: () => Promise.resolve() };
}

const seen = (capturedAt: number, pendingTargets = 3): Sight => ({
  kind: "observation",
  observation: observation({ capturedAt }),
  pendingTargets,
  released: false,
});

const GENERATED: Reasoning = { coarse: "C", fine: "F", generatedAt: 2 };
const textOf = (text: TextSource<Reasoning>): Reasoning | null => (text.kind === "forced" ? text.text : text.draft);

/** Sights at 20 Hz as marbles: a at 0 ms, b at 50 ms and so on. */
const SIGHTS = "a 49ms b 49ms c 49ms d 49ms e 49ms f 49ms g 49ms h 49ms i 49ms j 49ms k 49ms l 49ms m";
const sightsOf = (pending: number): Record<string, Sight> =>
  Object.fromEntries([..."abcdefghijklm"].map((name, n) => [name, seen(START + n * 0.05, pending)]));

/** Which captures led to an inference, in milliseconds from the start. */
const capture = (result: Inferred | InferenceFault): number =>
  result.kind === "inferred" ? Math.round((result.observation.capturedAt - START) * 1000) : -1;

describe("inferring", () => {
  it("follows the previous capture by three steps, whatever the latency", () => {
    virtually(({ hot, expectObservable }, clock) => {
      const policy = policyOf(() => of(inference()).pipe(delay(120)));
      const results = hot(SIGHTS, sightsOf(3)).pipe(infer(policy, clock, plan), map(capture));
      expectObservable(results).toBe("120ms a 299ms b 299ms c", { a: 0, b: 300, c: 600 });
    });
  });

  it("takes the newest observation as soon as the arm has no targets left, at most once a step", () => {
    virtually(({ hot, expectObservable }, clock) => {
      const policy = policyOf(() => of(inference()).pipe(delay(20)));
      const results = hot("a 49ms b 49ms c 49ms d 49ms e", sightsOf(0)).pipe(infer(policy, clock, plan), map(capture));
      expectObservable(results).toBe("20ms a 99ms c 99ms e", { a: 0, c: 100, e: 200 });
    });
  });

  it("drops observations while it is busy instead of queueing them", () => {
    virtually(({ hot, expectObservable }, clock) => {
      const policy = policyOf(() => of(inference()).pipe(delay(420)));
      const results = hot(SIGHTS, sightsOf(3)).pipe(infer(policy, clock, plan), map(capture));
      expectObservable(results).toBe("420ms a 449ms b", { a: 0, b: 450 });
    });
  });

  it("makes a fault of a missed deadline and goes on", () => {
    virtually(({ hot, expectObservable }, clock) => {
      let calls = 0;
      const policy = policyOf(() => {
        calls += 1;
        return calls === 1
          ? timer(200).pipe(mergeMap(() => throwError(() => new Error("deadline missed"))))
          : of(inference());
      });
      const results = hot(SIGHTS, sightsOf(3)).pipe(
        infer(policy, clock, plan),
        map((result) => (result.kind === "fault" ? result.fault.detail : result.kind)),
      );
      expectObservable(results).toBe("200ms a 99ms b 299ms c", { a: "deadline missed", b: "inferred", c: "inferred" });
    });
  });

  it("forces the text it was given, and waits while there is nothing to see", () => {
    virtually(({ hot, expectObservable }, clock) => {
      const text = { kind: "forced", text: { coarse: "c", fine: "f", generatedAt: 1 } } as const;
      const policy = policyOf((request) => of(inference({ reasoning: textOf(request.text) ?? GENERATED })));
      const texts = hot<Sight>("xa", { x: { kind: "blind", reason: "dark" }, a: seen(START) }).pipe(
        infer(policy, clock, { ...plan, text }),
        map((result) => (result.kind === "inferred" ? result.inference.reasoning : null)),
      );
      expectObservable(texts).toBe("-a", { a: text.text });
    });
  });

  it("makes each text that was generated the draft of the next", () => {
    virtually(({ hot, expectObservable }, clock) => {
      const drafts: (Reasoning | null)[] = [];
      const policy = policyOf((request) => {
        drafts.push(textOf(request.text));
        const reasoning = { ...GENERATED, coarse: `text ${drafts.length}` };
        return drafts.length === 2 ? throwError(() => new Error("lost")) : of(inference({ reasoning }));
      });
      const first = { ...GENERATED, coarse: "given" };
      const results = hot(SIGHTS, sightsOf(3)).pipe(
        infer(policy, clock, { ...plan, text: { kind: "generated", draft: first } }),
        map((result) => [result.kind, drafts.at(-1)?.coarse]),
      );
      expectObservable(results).toBe("a 299ms b 299ms c", {
        a: ["inferred", "given"],
        b: ["fault", "text 1"],
        c: ["inferred", "text 1"],
      });
    });
  });
});

import { hostClock } from "../../daemon/ports/clock.js";
import type { Inference, InferenceRequest } from "../../daemon/ports/policy.js";
import { BundleError } from "../bundle/bundle-error.js";
import { checkArm } from "../bundle/check-arm.js";
import type { Failure } from "../failure.js";
import type { Provider } from "../generator/session.js";
import { checkCameras } from "./check-cameras.js";
import { checkGolden } from "./check-golden.js";
import { cudaPreflight } from "./cuda-preflight.js";
import { type LoadedModel, loadModel } from "./load-model.js";
import { type FromPolicyProcess, isToPolicyProcess, type LoadRequest } from "./messages.js";
import { packImages, packProprio } from "./observation-input.js";

/*
 * The policy process: loads one bundle, then answers one inference after the other. A run of the graphs blocks this
 * process and cannot be cancelled; whoever started it kills it.
 */

const send = (message: FromPolicyProcess): void => {
  process.send?.(message);
};

/** Loads and verifies the bundle, on the fall-back provider where that was allowed and is needed. */
async function load(request: LoadRequest): Promise<LoadedModel> {
  try {
    return await loadOn(request.provider, request, null);
  } catch (error) {
    if (!(error instanceof BundleError) || error.code !== "provider-unavailable" || request.fallback === null) {
      throw error;
    }
    const notice = `Runs on ${request.fallback}, as configured for this case: ${await explain(error)}`;
    return loadOn(request.fallback, request, notice);
  }
}

async function loadOn(provider: Provider, request: LoadRequest, notice: string | null): Promise<LoadedModel> {
  const onStage = (stage: string): void => send({ kind: "stage", stage });
  const { bundle, threads, manifest } = request;
  const loaded = await loadModel(bundle, { provider, threads }, onStage, manifest);
  checkArm(loaded.manifest, request.home);
  onStage("checking golden vectors");
  const latencyP95 = await checkGolden(loaded, provider);
  const { id, chunk, images, instructions } = loaded.manifest;
  const { horizon, period } = chunk;
  send({
    kind: "ready",
    description: { bundleId: id, horizon, period, imageSize: images.size, provider, instructions },
    latencyP95,
    notice,
  });
  return loaded;
}

/** Says also which library is missing, where a provider did not load. */
async function explain(error: BundleError): Promise<string> {
  if (error.code !== "provider-unavailable") {
    return error.message;
  }
  const { ready, advice } = await cudaPreflight();
  return ready ? error.message : `${error.message} ${advice}`;
}

async function infer(
  { model, manifest, golden }: LoadedModel,
  request: InferenceRequest,
): Promise<Inference | Failure> {
  const { instruction, observation, text } = request;
  const startedAt = hostClock.now();
  const images = packImages(observation, manifest.images.size);
  if (images.kind === "failed") {
    return images;
  }
  // Only the first inference of a task has neither a draft nor a text; the arm does not move before its answer.
  const swapped = text.kind === "generated" && text.draft === null ? checkCameras(golden, images.bytes) : null;
  if (swapped !== null) {
    return swapped;
  }
  const proprio = packProprio(observation, manifest);
  const packing = hostClock.now() - startedAt;
  const output = await model.infer({ instruction, images: images.bytes, proprio, text });
  if (output.kind === "failed") {
    return output;
  }
  const { coarse, fine, tokens, deltas, grippers, phases } = output;
  return {
    reasoning: { coarse, fine, generatedAt: text.kind === "forced" ? text.text.generatedAt : hostClock.now() },
    fresh: text.kind === "generated",
    tokens,
    deltas,
    grippers,
    phases: { ...phases, preprocess: phases.preprocess + packing },
  };
}

let loading: Promise<LoadedModel> | null = null;

process.on("message", async (message: unknown) => {
  if (!isToPolicyProcess(message)) {
    throw new TypeError("the policy process got a message that it does not know");
  }
  switch (message.kind) {
    case "load":
      loading = load(message.request);
      loading.catch(async (error: unknown) => {
        if (!(error instanceof BundleError)) {
          throw error;
        }
        send({ kind: "unusable", reason: await explain(error) });
        process.disconnect();
      });
      return;
    case "infer": {
      if (loading === null) {
        throw new Error("an inference was asked for before a bundle");
      }
      const answer = await infer(await loading, message.request);
      send(
        "kind" in answer
          ? { kind: "failed", id: message.id, failure: answer }
          : { kind: "inferred", id: message.id, inference: answer },
      );
      return;
    }
  }
  message satisfies never;
});

// Whoever started this process is gone: so is the reason to run.
process.on("disconnect", () => process.exit(0));
// Ctrl-C reaches the whole process group; the daemon ends its children after the arm has stopped.
process.on("SIGINT", () => {});

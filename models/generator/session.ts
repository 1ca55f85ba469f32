import { env, InferenceSession } from "onnxruntime-node";
import { BundleError } from "../bundle/bundle-error.js";
import type { GraphSignature, TensorSignature } from "../bundle/check-graphs.js";

// Every failure is thrown as well; it is said once, in our words.
env.logLevel = "fatal";

/** Where graphs run. */
export type Provider = "cpu" | "cuda";

/** How sessions are made. */
export interface SessionOptions {
  readonly provider: Provider;
  /** Threads of one run; 1 is the robust setting on a shared machine (reference/model.md section 4.2). */
  readonly threads: number;
}

/**
 * Opens one graph from its bytes, with weights beside it from `folder`, which the runtime refuses to leave; throws
 * BundleError when the provider or the graph does not load.
 */
export async function openSession(
  name: string,
  bytes: Uint8Array,
  folder: string,
  { provider, threads }: SessionOptions,
): Promise<InferenceSession> {
  try {
    return await InferenceSession.create(bytes, {
      executionProviders: provider === "cuda" ? ["cuda", "cpu"] : ["cpu"],
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      graphOptimizationLevel: "all",
      extra: {
        session: {
          model_external_initializers_file_folder_path: folder,
          // Spinning pool threads take a core from the rest of the robot (75 % measured, reference/runtime.md section 1).
          intra_op: { allow_spinning: "0" },
          inter_op: { allow_spinning: "0" },
        },
      },
      logSeverityLevel: 4,
    });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    if (provider === "cuda" && /AppendExecutionProvider|shared library|CUDA|cudnn/i.test(reason)) {
      throw new BundleError("provider-unavailable", `CUDA does not load (${reason})`, cause);
    }
    throw new BundleError("graph-unreadable", `${name} does not load (${reason})`, cause);
  }
}

/** Inputs and outputs of an opened graph. */
export function signatureOf(session: InferenceSession): GraphSignature {
  return { inputs: session.inputMetadata.map(tensorSignature), outputs: session.outputMetadata.map(tensorSignature) };
}

function tensorSignature(value: InferenceSession.ValueMetadata): TensorSignature {
  return value.isTensor
    ? { name: value.name, type: value.type, shape: value.shape.map((size) => (size === -1 ? "?" : size)) }
    : { name: value.name, type: "not a tensor", shape: [] };
}

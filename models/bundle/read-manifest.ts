import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { ZodError } from "zod";
import { BundleError } from "./bundle-error.js";
import { checkManifest } from "./check-manifest.js";
import { type Manifest, manifestSchema } from "./manifest.js";

/** Name of the manifest in a bundle's folder. */
export const MANIFEST_NAME = "bundle.json";

/** Reads `bundle.json` of a folder and checks it by itself, without opening other files; throws BundleError. */
export async function readManifest(folder: string): Promise<Manifest> {
  const path = join(folder, MANIFEST_NAME);
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    throw new BundleError("bundle-missing", `There is no readable ${path}`, cause);
  }
  const manifest = parseManifest(text);
  checkManifest(manifest);
  return manifest;
}

/** Parses the text of a manifest against its schema; throws BundleError that names every offending key. */
export function parseManifest(text: string): Manifest {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new BundleError("manifest-invalid", `${MANIFEST_NAME} is not JSON (${String(cause)})`, cause);
  }
  const parsed = manifestSchema.safeParse(json);
  if (!parsed.success) {
    throw new BundleError("manifest-invalid", `${MANIFEST_NAME}: ${describeIssues(parsed.error)}`, parsed.error);
  }
  return parsed.data;
}

/** All issues of a schema check in one line, each with the path of its key. */
export function describeIssues(error: ZodError): string {
  return error.issues.map((issue) => `${issue.path.map(String).join(".") || "(top)"}: ${issue.message}`).join("; ");
}

/** What can be wrong with a bundle or with what it needs to run. */
export type BundleErrorCode =
  | "bundle-missing"
  | "untrusted"
  | "manifest-invalid"
  | "file-missing"
  | "file-unexpected"
  | "path-escapes"
  | "hash-mismatch"
  | "vocabulary-inconsistent"
  | "statistics-implausible"
  | "proprio-inconsistent"
  | "joints-permuted"
  | "tokenizer-invalid"
  | "graph-unreadable"
  | "operator-unknown"
  | "graph-mismatch"
  | "golden-invalid"
  | "golden-mismatch"
  | "runtime-too-old"
  | "provider-unavailable";

/** What to do about each code. */
export const BUNDLE_HINT: Readonly<Record<BundleErrorCode, string>> = {
  "bundle-missing": "Name a folder that holds a bundle.json in the configuration.",
  untrusted:
    "Whoever maintains this cell looks at where it comes from and signs it: kinevla sign <folder>/bundle.json.",
  "manifest-invalid": "Export the bundle again with the models/training of this version.",
  "file-missing": "Copy the whole bundle folder again.",
  "file-unexpected": "Remove the file, or export again: a bundle holds exactly what its manifest lists.",
  "path-escapes": "Do not use this bundle: its files must lie in its own folder, without links out of it.",
  "hash-mismatch": "The file was changed or damaged after export. Copy the bundle again from where it was made.",
  "vocabulary-inconsistent": "Export the bundle again; its manifest does not fit its own vocabulary.",
  "statistics-implausible": "Check units (radians, not degrees) and order of the normalisation, then export again.",
  "proprio-inconsistent": "Export the bundle again with one mean and one std for each proprioceptive value.",
  "joints-permuted": "Train and export with the joints in the arm's order; names end in their numbers.",
  "tokenizer-invalid": "Export the bundle again with a tokenizer.json of the Hugging Face format.",
  "graph-unreadable": "Export the graph again with the opset and IR version of the contract (models/README.md).",
  "operator-unknown":
    "Export the graph again without it. Whoever has looked at what it does may add it to models/bundle/check-contents.ts.",
  "graph-mismatch": "Export the graph again so that inputs and outputs follow the contract (models/README.md).",
  "golden-invalid": "Export the bundle again with golden vectors of this contract.",
  "golden-mismatch": "Do not use this bundle here: it does not compute what it computed where it was exported.",
  "runtime-too-old": "Install the packages of this version again (npm ci), or export for this ONNX Runtime.",
  "provider-unavailable": "Place the CUDA libraries as models/README.md says, or configure provider cpu.",
};

/** A bundle that must not be used: a code, what is wrong, and in the message what to do. */
export class BundleError extends Error {
  override readonly name = "BundleError";
  readonly code: BundleErrorCode;

  constructor(code: BundleErrorCode, detail: string, cause?: unknown) {
    super(`${detail}. ${BUNDLE_HINT[code]}`, { cause });
    this.code = code;
  }
}

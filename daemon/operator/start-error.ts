/** Why the operator server cannot start. */
export type OperatorStartCode = "port-busy" | "no-permission" | "not-loopback" | "token-file";

/** The operator server cannot start: what is wrong and what to do. */
export class OperatorStartError extends Error {
  override readonly name = "OperatorStartError";
  readonly code: OperatorStartCode;
  readonly hint: string;

  constructor(code: OperatorStartCode, message: string, hint: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
    this.hint = hint;
  }
}

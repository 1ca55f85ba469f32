/** A data set cannot be written: what is wrong and what to do. */
export class DatasetError extends Error {
  override readonly name = "DatasetError";
  readonly hint: string;

  constructor(message: string, hint: string, options?: ErrorOptions) {
    super(message, options);
    this.hint = hint;
  }
}

/** A recorded episode cannot be used; the message says why. */
export class RecordingRefused extends Error {
  override readonly name = "RecordingRefused";
}

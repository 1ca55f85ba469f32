import { WebSocket } from "ws";
import { MAXIMUM_MESSAGE_BYTES, REFUSAL_HINT } from "./refusal.js";
import { refusal } from "./to-message.js";

// Interlocks: SE-06.

/** Words for the closes that the WebSocket library starts itself. */
const CLOSE_REASON: Readonly<Record<number, string>> = {
  1002: "the bytes break the WebSocket protocol",
  1007: "the text is not UTF-8",
  1008: "the message comes in too many fragments",
  1009: `a message is larger than ${MAXIMUM_MESSAGE_BYTES / 1024} KiB`,
};

/** A WebSocket that says why it closes, also when the library closes it for bytes that it does not take. */
export class OperatorSocket extends WebSocket {
  override close(code?: number, reason?: string | Buffer): void {
    const words = code === undefined ? undefined : CLOSE_REASON[code];
    if (reason === undefined && words !== undefined && this.readyState === WebSocket.OPEN) {
      const refusalCode = code === 1009 ? "oversized" : "malformed";
      this.send(JSON.stringify(refusal(null, refusalCode, words, REFUSAL_HINT[refusalCode])));
    }
    super.close(code, reason ?? words);
  }
}

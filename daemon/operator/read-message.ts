import { CLIENT_MESSAGE_TYPES, type ClientMessage, clientMessage } from "./client-message.js";
import { parseStrictJson } from "./strict-json.js";

/** A message of a client, or why it cannot be read. */
export type Reading =
  | { readonly kind: "message"; readonly message: ClientMessage }
  | {
      readonly kind: "unreadable";
      readonly code: "malformed" | "unknown-type";
      readonly message: string;
      /** Request id, where it could be made out. */
      readonly id: number | null;
    };

/** Reads one message of a client; nothing in it is coerced. */
export function readMessage(text: string): Reading {
  const json = parseStrictJson(text);
  if (json.kind === "rejected") {
    return { kind: "unreadable", code: "malformed", message: json.reason, id: null };
  }
  const { value } = json;
  const id = readId(value);
  if (typeof value !== "object" || value === null || !("type" in value) || typeof value.type !== "string") {
    return { kind: "unreadable", code: "malformed", message: "the message is not an object with a type", id };
  }
  if (!CLIENT_MESSAGE_TYPES.includes(value.type)) {
    const type = JSON.stringify(value.type.slice(0, 40));
    return { kind: "unreadable", code: "unknown-type", message: `there is no message type ${type}`, id };
  }
  const parsed = clientMessage.safeParse(value);
  if (parsed.success) {
    return { kind: "message", message: parsed.data };
  }
  const issue = parsed.error.issues[0];
  const where = issue === undefined || issue.path.length === 0 ? "the message" : issue.path.join(".");
  return { kind: "unreadable", code: "malformed", message: `${value.type}: ${where}: ${issue?.message ?? ""}`, id };
}

function readId(value: unknown): number | null {
  return typeof value === "object" &&
    value !== null &&
    "id" in value &&
    typeof value.id === "number" &&
    Number.isSafeInteger(value.id) &&
    value.id >= 0
    ? value.id
    : null;
}

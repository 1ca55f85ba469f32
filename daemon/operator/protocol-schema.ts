import { z } from "zod";
import { clientMessage, PROTOCOL } from "./client-message.js";
import { serverMessage } from "./server-message.js";

/** The protocol as JSON Schema (2020-12), as published in protocol.schema.json. */
export function protocolSchema(): Readonly<Record<string, unknown>> {
  const { $schema, ...fromClient } = z.toJSONSchema(clientMessage, { io: "input" });
  const { $schema: _, ...fromDaemon } = z.toJSONSchema(serverMessage);
  return {
    $schema,
    $id: PROTOCOL,
    title: `${PROTOCOL}: messages between operators and the KineVLA daemon`,
    anyOf: [{ $ref: "#/$defs/client" }, { $ref: "#/$defs/daemon" }],
    $defs: { client: fromClient, daemon: fromDaemon },
  };
}

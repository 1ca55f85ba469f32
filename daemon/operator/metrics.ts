import { Counter, Gauge, type Registry } from "prom-client";

/** What the operator server counts. */
export interface OperatorMetrics {
  readonly clients: Gauge;
  readonly inControl: Gauge;
  readonly messages: Counter<"type" | "result">;
  readonly dropped: Counter<"reason">;
}

/** Registers the operator server's metrics. */
export function operatorMetrics(registry: Registry): OperatorMetrics {
  const registers = [registry];
  return {
    clients: new Gauge({ name: "kinevla_operator_clients", help: "Open operator connections", registers }),
    inControl: new Gauge({ name: "kinevla_operator_in_control", help: "1 while somebody is in control", registers }),
    messages: new Counter({
      name: "kinevla_operator_messages_total",
      help: "Operator messages by type and result (accepted, or the code of the refusal)",
      labelNames: ["type", "result"],
      registers,
    }),
    dropped: new Counter({
      name: "kinevla_operator_dropped_total",
      help: "Operator connections closed by the daemon, by reason",
      labelNames: ["reason"],
      registers,
    }),
  };
}

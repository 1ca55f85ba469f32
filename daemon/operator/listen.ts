import type { Server } from "node:http";
import { OperatorStartError } from "./start-error.js";

/** Binds the port; throws OperatorStartError with what to change when it cannot. */
export function listen(http: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    http.once("error", (error: NodeJS.ErrnoException) => {
      reject(
        error.code === "EADDRINUSE"
          ? new OperatorStartError(
              "port-busy",
              `Port ${port} on ${host} is in use by another program.`,
              `Is another daemon running? Stop it (see: ss -ltnp 'sport = :${port}'), or set another operator port in the configuration and give --url to the kinevla commands.`,
              error,
            )
          : new OperatorStartError(
              "no-permission",
              `Port ${port} on ${host} cannot be opened: ${error.message}.`,
              "Set an operator port above 1023 in the configuration.",
              error,
            ),
      );
    });
    http.listen(port, host, () => {
      const address = http.address();
      resolve(typeof address === "object" && address !== null ? address.port : port);
    });
  });
}

/** True for addresses that only this machine can reach. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
}

// Executable: sends messages as fast as it may, and comes back when it is cut off. flood.js URL TOKEN RATE SECONDS
import { WebSocket } from "ws";
import { PROTOCOL, TOKEN_PROTOCOL_PREFIX } from "../../../daemon/operator/client-message.js";
import { hostClock } from "../../../daemon/ports/clock.js";

const [url = "", token = "", rate = "0", seconds = "0"] = process.argv.slice(2);
const until = hostClock.now() + Number(seconds);
/** Messages of one go; goes are 10 ms apart. */
const each = Number(rate) / 100;
const words = JSON.stringify({ type: "status", id: 1 });
let sent = 0;

function flood(): void {
  if (hostClock.now() > until) {
    process.stdout.write(`${sent}\n`);
    process.exit(0);
  }
  const socket = new WebSocket(url, [PROTOCOL, `${TOKEN_PROTOCOL_PREFIX}${token}`], { perMessageDeflate: false });
  const timer = setInterval(() => {
    for (let n = 0; n < each && socket.readyState === WebSocket.OPEN; n += 1) {
      socket.send(words);
      sent += 1;
    }
    if (hostClock.now() > until) {
      socket.terminate();
    }
  }, 10);
  socket.once("open", () => process.stdout.write("flooding\n"));
  socket.on("error", () => undefined);
  socket.on("close", () => {
    clearInterval(timer);
    setTimeout(flood, 5);
  });
}
flood();

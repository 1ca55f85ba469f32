import { processLog } from "../../daemon/service/process-log.js";

// Executable for a test: logs more than any pipe holds, tells by IPC how late its timers got, and ends when told to.

const log = processLog({ name: "flood" });
const words = "x".repeat(1000);
let last = performance.now();
let latestMs = 0;
let rounds = 0;

const timer = setInterval(() => {
  const now = performance.now();
  latestMs = Math.max(latestMs, now - last);
  last = now;
  for (let line = 0; line < 100; line += 1) {
    log.info(words);
  }
  rounds += 1;
  if (rounds === 50) {
    clearInterval(timer);
    process.send?.({ latestMs });
  }
}, 5);

process.on("message", (order) => {
  if (order === "one more") {
    log.info("one more");
  } else {
    process.exit(7);
  }
});

import { parentPort, workerData } from "node:worker_threads";
import { type ReadingOrder, readMotionHere } from "./read-motion.js";

// An error ends the thread, and whoever waits for it is told.
const order: ReadingOrder = workerData;
parentPort?.postMessage(await readMotionHere(order));

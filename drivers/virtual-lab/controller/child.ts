// The controller's process: sockets, the 5 ms cycle and stamps of arrival, nothing else.
import { answerQuestions } from "../world/answer-questions.js";
import { PlantLink } from "../world/plant-link.js";
import { startController } from "./controller.js";
import type { ControllerProcessOptions, ControllerQuestions } from "./controller-questions.js";

const { host, port, plantPort }: ControllerProcessOptions = JSON.parse(process.argv[2] ?? "{}");

const opening = PlantLink.open(host, plantPort).then(async (plant) => {
  return { plant, controller: await startController({ plant, host, port }) };
});

answerQuestions<ControllerQuestions>({
  start: async () => (await opening).controller.address.port,
  arrivals: async () => (await opening).controller.arrivals(),
  clearArrivals: async () => {
    (await opening).controller.clearArrivals();
    return null;
  },
  inject: async (fault) => {
    (await opening).controller.inject(fault);
    return null;
  },
  impair: async (impairment) => (await opening).controller.impair(impairment),
  takeHistory: async () => (await opening).controller.takeHistory(),
  feedPlant: async (feeds) => {
    (await opening).plant.feed(feeds);
    return null;
  },
  reset: async (q) => {
    (await opening).controller.reset(q);
    return null;
  },
});

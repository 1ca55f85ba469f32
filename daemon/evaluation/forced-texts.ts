import { createRandom } from "../../drivers/virtual-lab/scene/random.js";
import type { Task } from "../../drivers/virtual-lab/scene/tasks.js";
import type { Texts } from "../composition/force-texts.js";
import type { ForcedCondition } from "./condition.js";

/**
 * The texts that an intervention puts in the place of the model's own. `mismatched`: of another instruction with the
 * same coarse text, so that the goal stays; `random`: as many words as the true texts have, drawn from the words of all
 * texts of `known` tasks. The same seed and task give the same texts.
 */
export function forcedTexts(condition: ForcedCondition, known: readonly Task[], task: Task, seed: number): Texts {
  const random = createRandom(seed);
  switch (condition) {
    case "mismatched": {
      const others = known.filter(({ coarse, fine }) => coarse === task.coarse && fine !== task.fine);
      const other = others[random.index(others.length)];
      if (other === undefined) {
        throw new RangeError(`no other known instruction has the goal of "${task.instruction}"`);
      }
      return { coarse: other.coarse, fine: other.fine };
    }
    case "random": {
      const words = known.flatMap(({ coarse, fine }) => `${coarse} ${fine}`.split(" "));
      const draw = (text: string): string =>
        text
          .split(" ")
          .map(() => words[random.index(words.length)] ?? "")
          .join(" ");
      return { coarse: draw(task.coarse), fine: draw(task.fine) };
    }
    default:
      return condition satisfies never;
  }
}

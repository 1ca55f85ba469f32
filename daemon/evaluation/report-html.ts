import { CONDITION_WORDS } from "./condition.js";
import type { ConditionSummary, Evaluation } from "./summarise.js";
import type { Trial } from "./trial.js";
import { capitalised, differenceInWords, endsInWords, rateInWords } from "./words.js";

/** An evaluation as one HTML page that needs no other file: figures, then every trial with pictures, failures first. */
export function reportHtml({ subject, conditions, runs }: Evaluation): string {
  const { bundle, manifestSha256, looks, reasoning } = subject;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Evaluation of ${text(bundle)}</title><style>${STYLE}</style></head><body>
<h1>Evaluation of ${text(bundle)}</h1>
<p>Manifest sha256 ${text(manifestSha256)}; looks ${text(looks)}; reasoning ${text(reasoning)}; ${runs.length} trials through the
running daemon in the virtual lab. Intervals are 95 % Wilson intervals.</p>
${overview(conditions)}
${conditions.map(section).join("\n")}
<h2>Time of a chunk</h2>
${latencies(conditions)}
<h2>Trials, failures first</h2>
${[...runs].sort(failuresFirst).map(trialCard).join("\n")}
</body></html>
`;
}

const STYLE = `
body{font:15px/1.5 system-ui,sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem;color:#1c2024}
table{border-collapse:collapse;margin:.5rem 0 1rem}th,td{border:1px solid #c8ccd2;padding:.25rem .6rem;text-align:left}
td.n{text-align:right;font-variant-numeric:tabular-nums}
article{display:flex;gap:1rem;border-top:1px solid #c8ccd2;padding:.75rem 0}article img{width:12rem;height:12rem;object-fit:contain}
.good b{color:#176b3a}.half b{color:#8a5a00}.bad b{color:#b3261e}small{color:#555b63}
@media(prefers-color-scheme:dark){body{background:#15181b;color:#e4e7ea}small{color:#a2a9b1}
.good b{color:#63c78c}.half b{color:#e0b252}.bad b{color:#f28b82}}`;

function overview(conditions: readonly ConditionSummary[]): string {
  const signed = (points: number): string => `${points < 0 ? "" : "+"}${points.toFixed(1)}`;
  const rows = conditions.map(({ condition, all, difference, bleu, policy_peak_mib }) => [
    CONDITION_WORDS[condition],
    String(all.trials),
    rateInWords(all.goal),
    rateInWords(all.kinematic),
    difference === null ? "" : `${signed(difference.goal_points)} / ${signed(difference.kinematic_points)}`,
    bleu === null ? "" : `${bleu.coarse.toFixed(3)} / ${bleu.fine.toFixed(3)}`,
    policy_peak_mib === null ? "" : `${policy_peak_mib.toFixed(0)} MiB`,
  ]);
  const head = ["", "trials", "goal", "as told", "points, goal / as told", "BLEU-4, coarse / fine", "policy process"];
  return table(head, rows);
}

function section({ condition, tasks, ends, repeated, difference }: ConditionSummary): string {
  const rows = tasks.map(({ instruction, trials, goal, kinematic }) => [
    text(instruction),
    String(trials),
    rateInWords(goal),
    rateInWords(kinematic),
  ]);
  return [
    `<h2>${capitalised(CONDITION_WORDS[condition])}</h2>`,
    table(["instruction", "trials", "goal", "as told"], rows),
    `<p>Ended: ${text(endsInWords(ends, repeated))}.</p>`,
    difference === null ? "" : `<p>${differenceInWords(difference)}.</p>`,
  ].join("\n");
}

function latencies(conditions: readonly ConditionSummary[]): string {
  const measured = conditions.filter(({ chunks }) => chunks > 0);
  const head = measured.map(({ condition, chunks }) => `${CONDITION_WORDS[condition]} (${chunks} chunks)`);
  const rows = (measured[0]?.latency_ms ?? []).map(({ phase }, place) => [
    phase,
    ...measured.map(({ latency_ms }) => {
      const { p50, p95 } = latency_ms[place] ?? { p50: Number.NaN, p95: Number.NaN };
      return `${p50.toFixed(1)} / ${p95.toFixed(1)}`;
    }),
  ]);
  return `<p>Milliseconds, p50 / p95; model is without grab and hand-over.</p>${table(["phase", ...head], rows)}`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = (row: readonly string[]): string =>
    row.map((cell, place) => `<td${place === 0 ? "" : ' class="n"'}>${cell}</td>`).join("");
  const titles = head.map((title) => `<th>${title}</th>`).join("");
  return `<table><tr>${titles}</tr>${rows.map((row) => `<tr>${cells(row)}</tr>`).join("\n")}</table>`;
}

function trialCard(trial: Trial): string {
  const {
    kinematic,
    goal,
    task,
    seed,
    condition,
    instruction,
    detail,
    end,
    seconds,
    chunks,
    attempts,
    texts,
    pictures,
  } = trial;
  const [style, words] = kinematic
    ? ["good", "as told"]
    : goal
      ? ["half", "goal reached, but not as told"]
      : ["bad", "goal not reached"];
  const said = texts.map(({ coarse, fine, times }) => `${times} x ${text(coarse)} | ${text(fine)}`).join("<br>");
  return `<article class="${style}">${picture(pictures.start, "start")}${picture(pictures.end, "end")}<div>
<b>${words}</b><br>${text(instruction)}<br>${text(detail)}<br>${text(end)}; ${seconds} s, ${chunks} chunks${attempts === 1 ? "" : `, start ${attempts}`}<br>
<small>task ${task}, seed ${seed}, ${CONDITION_WORDS[condition]}<br>${said}</small></div></article>`;
}

function picture(base64: string, what: string): string {
  return `<img loading="lazy" alt="front camera at the ${what}" src="data:image/jpeg;base64,${text(base64)}">`;
}

function failuresFirst(one: Trial, other: Trial): number {
  const rank = ({ goal, kinematic }: Trial): number => Number(goal) + Number(kinematic);
  return rank(one) - rank(other);
}

/** What the model, the lab or a file says cannot become markup. */
function text(words: string): string {
  return words.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

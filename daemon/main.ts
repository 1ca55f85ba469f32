import type { Logger } from "pino";
import { collectDefaultMetrics, Registry } from "prom-client";
import { createCameras } from "../drivers/camera/cameras.js";
import { BundleError } from "../models/bundle/bundle-error.js";
import { readTrustedManifest } from "../models/bundle/read-manifest.js";
import { createPolicyProcess } from "../models/policy/policy-process.js";
import { AuditLog } from "./audit/audit-log.js";
import { armLimits } from "./composition/arm-limits.js";
import { calibrationFault } from "./composition/calibration.js";
import { camerasOptions } from "./composition/cameras-options.js";
import { forceTexts, readForcedTexts } from "./composition/force-texts.js";
import { DaemonBackend } from "./composition/operator-backend.js";
import { policyOptions } from "./composition/policy-options.js";
import { startRecording } from "./composition/recording.js";
import { type Config, loadConfig } from "./config/config.js";
import { digestOfFile, keepLastGood } from "./config/last-good.js";
import { ConfigError } from "./config/yaml-file.js";
import { dieWithParent } from "./launch/die-with-parent.js";
import { PROCESS_EXIT as EXIT } from "./launch/process-exit.js";
import { makeRunDirectory } from "./launch/run-directory.js";
import { createSocketArmLink } from "./loop/socket-arm-link.js";
import { readEvidenceFolder } from "./measure/evidence-folder.js";
import { type Standing, standingOf } from "./measure/standing.js";
import { startOperatorServer } from "./operator/server.js";
import { OperatorStartError } from "./operator/start-error.js";
import { hostClock } from "./ports/clock.js";
import type { Policy } from "./ports/policy.js";
import { countAnswers } from "./service/answers.js";
import { processLog } from "./service/process-log.js";
import { useBounds, watchUse } from "./service/process-use.js";
import { serviceManager } from "./service/service-manager.js";
import { watchWallClock } from "./service/wall-clock.js";
import type { Seconds } from "./types/units.js";
import { VERSION } from "./version.js";

/** A few of these fit into the unit's WatchdogSec. */
const SELF_QUESTION_PERIOD: Seconds = 1;

async function main(): Promise<void> {
  const config = loadConfig(configFile());
  const { limits } = armLimits(config, Date.now());
  const log = processLog({ level: config.log.level });
  makeRunDirectory(config.run_directory);
  const { manifest, digest } = await readTrustedManifest(config.policy.bundle, config.trust);
  if (manifest.images.resize !== "area") {
    throw new ConfigError(
      `${config.policy.bundle}: its pictures are resized by ${manifest.images.resize}; the cameras offer area`,
    );
  }
  makeRunDirectory(config.operator.audit_directory);
  const audit = await AuditLog.open({ folder: config.operator.audit_directory, clock: hostClock });
  log.info({ end: audit.end }, "audit log");
  const policy = chosenPolicy(config, digest, log);
  const cameras = createCameras(camerasOptions(config, manifest.images));
  const armLink = createSocketArmLink(config.armSocket, hostClock);
  const recording = startRecording(config, manifest.id, armLink, hostClock, log);
  const { link } = recording;
  const backend = new DaemonBackend({
    ...{ link, cameras, policy, clock: hostClock, rules: manifest },
    limits: { minimum: limits.policy.lowest, maximum: limits.policy.highest },
    replays: { folder: config.recording?.directory ?? null, limits, limitsDigest: digestOfFile(config.limits) },
    reasoning: config.policy.reasoning,
    longestTask: config.policy.task_timeout_ms / 1000,
    standing: standingIn(config.evidence_directory),
    calibration: calibrationFault(config, link.messages, (words) => log.warn({}, words)),
    audit: audit.fault,
    recording: recording.fault,
    record: recording.record,
  });
  policy.status.subscribe((status) => log.info({ status }, "policy"));
  link.status.subscribe((status) => log.info({ status }, "arm process"));
  backend.streams.faults.subscribe((faults) => log.info({ faults }, "faults"));
  backend.streams.progress.subscribe((progress) => log.info({ progress }, "task"));
  let operator = "";
  recording.begin({ cameras, streams: backend.streams, operator: () => operator });
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const server = await startOperatorServer({
    ...{ backend, clock: hostClock, log, registry, audit, version: VERSION },
    onControl: (holder) => {
      operator = holder ?? "";
      recording.controlChanged();
    },
    ...{ host: config.operator.host, port: config.operator.port, hosts: config.operator.hosts },
    tokens: {
      ...{ file: config.operator.token_file, role: config.operator.token_role },
      store: config.operator.tokenStore,
    },
  });
  log.info({ url: server.url }, `operators: ${server.url}`);

  const digests = { config: digestOfFile(config.file), limits: digestOfFile(config.limits) };
  log.info({ files: [config.file, config.limits], sha256: digests }, "configuration");
  try {
    keepLastGood([config.file, config.limits]);
  } catch (error) {
    // A full disk must not keep an arm from working.
    log.warn({ error: String(error) }, "no copy of the configuration was kept");
  }
  const manager = serviceManager();
  manager.ready(`operators: ${server.url}`);
  // Through the server's own port, so that it proves what operators need of this process.
  const answers = manager.watched ? countAnswers(`${server.url}/healthz`, SELF_QUESTION_PERIOD) : null;
  manager.feedWhile(() => answers?.count() ?? 0);

  watchWallClock((seconds) => log.warn({ seconds }, `the wall clock moved by ${seconds.toFixed(1)} s`));
  const unwatch = watchUse(useBounds(limits.watch.resources.daemonMemory), (used) =>
    link.send({ kind: "resources", pid: process.pid, used }),
  );

  let ending = false;
  const end = async (): Promise<void> => {
    if (!ending) {
      ending = true;
      manager.stopping();
      answers?.close();
      unwatch();
      await backend.close("the daemon ends");
      await server.close();
      link.close();
      await recording.end();
      await audit.close();
      log.info({ end: audit.end }, "audit log");
      await Promise.all([cameras.close(), policy.close()]);
      process.exit(EXIT.ended);
    }
  };
  process.on("SIGTERM", end);
  process.on("SIGINT", end);
  dieWithParent(end);
}

/** What was measured on the arm; null where the configuration names no evidence, as for a virtual arm. */
function standingIn(folder: string | undefined): Standing | null {
  return folder === undefined ? null : standingOf(readEvidenceFolder(folder), Date.now() / 1000);
}

/** The configured policy; `kinevla evaluate` may force its texts, but only where the arm is on this very machine. */
function chosenPolicy(config: Config, manifest: string, log: Logger): Policy {
  const file = argument("--forced-texts");
  if (file === null) {
    return createPolicyProcess(policyOptions(config, manifest));
  }
  if (config.arm.link.kind !== "tcp" || config.arm.link.host !== "127.0.0.1") {
    throw new ConfigError("texts are forced for evaluation in the virtual lab only: arm.link must be 127.0.0.1");
  }
  log.warn({ file }, "the texts of the policy are forced");
  return forceTexts(createPolicyProcess(policyOptions(config, manifest)), readForcedTexts(file), hostClock.now());
}

function configFile(): string {
  const file = argument("--config");
  if (file === null) {
    throw new ConfigError("name the configuration file: --config <file>");
  }
  return file;
}

function argument(name: string): string | null {
  const at = process.argv.indexOf(name);
  return at < 0 ? null : (process.argv[at + 1] ?? null);
}

// A fault of the program ends the process: the arm process then ramps the arm to a stop by itself.
const fail = (error: unknown): void => {
  if (error instanceof OperatorStartError) {
    process.stderr.write(`${error.message} ${error.hint}\n`);
    process.exit(EXIT.busy);
  }
  if (error instanceof ConfigError || error instanceof BundleError) {
    process.stderr.write(`${error.message}\n`);
    process.exit(EXIT.configuration);
  }
  process.stderr.write(`${error instanceof Error ? error.stack : error}\n`);
  process.exit(EXIT.bug);
};
process.on("uncaughtException", fail);
process.on("unhandledRejection", fail);
await main().catch(fail);

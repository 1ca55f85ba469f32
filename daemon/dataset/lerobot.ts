import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { CAMERA_ROLES } from "../types/frame.js";
import type { ExportedEpisode } from "./exported-episode.js";
import { features, type TextColumns, videoKey } from "./features.js";
import { type Column, type ColumnType, writeParquet } from "./parquet.js";
import { decodePictures, type PictureShape, type VideoCodec, VideoFile } from "./pictures.js";
import { PictureHistogram, STATISTICS, type Statistics, statisticsOfRows } from "./statistics.js";

/** How a LeRobot data set is written. */
export interface LeRobotOptions extends PictureShape {
  readonly fps: number;
  readonly codec: VideoCodec;
  readonly texts: TextColumns;
  /** Kind of robot, as `meta/info.json` names it. */
  readonly robot: string;
}

/** Episodes in one data file and in one video file of each camera: about 100 MB of video at 256 pixels. */
const EPISODES_PER_FILE = 200;
/** Files in one folder, as LeRobot has it. */
const FILES_PER_CHUNK = 1000;
const DATA_FILE_MB = 100;
const VIDEO_FILE_MB = 200;

/** Rows of `language_persistent`, as `lerobot/datasets/language.py` (0.6) declares them. */
const LANGUAGE_ROW: ColumnType = {
  list: {
    fields: [
      ["role", "string"],
      ["content", "string"],
      ["style", "string"],
      ["timestamp", "float"],
      ["camera", "string"],
      ["tool_calls", { list: "string" }],
    ],
  },
};
type Row = Record<string, unknown>;

function numbered(folder: string, chunk: number, file: number, suffix: string): string {
  const three = (number: number): string => String(number).padStart(3, "0");
  return join(folder, `chunk-${three(chunk)}`, `file-${three(file)}.${suffix}`);
}

/** Goal text as style "subtask", kinematics text as "motion": a row each time they change (shared/reference/peers.md §3.1). */
function languageRows({ steps }: ExportedEpisode, fps: number): readonly Row[] {
  const rows: Row[] = [];
  const last = { subtask: "", motion: "" };
  steps.forEach(({ texts }, index) => {
    for (const [style, content] of [
      ["subtask", texts?.coarse ?? ""],
      ["motion", texts?.fine ?? ""],
    ] as const) {
      if (content !== "" && content !== last[style]) {
        last[style] = content;
        rows.push({ role: "assistant", content, style, timestamp: index / fps, camera: null, tool_calls: null });
      }
    }
  });
  return rows;
}

function numbersOf(statistics: Statistics, picture: boolean): Readonly<Record<string, unknown>> {
  // LeRobot keeps a picture's numbers as channels x 1 x 1.
  const shaped = (numbers: readonly number[]): unknown => (picture ? numbers.map((value) => [[value]]) : numbers);
  return {
    ...Object.fromEntries(STATISTICS.map((name) => [name, shaped(statistics[name])])),
    count: [statistics.count],
  };
}

/** Writes a LeRobotDataset v3.0 into a folder, episode by episode. */
export class LeRobotWriter {
  readonly #folder: string;
  readonly #options: LeRobotOptions;
  readonly #tasks: string[] = [];
  readonly #episodes: Row[] = [];
  readonly #histograms = new Map(CAMERA_ROLES.map((role) => [role, new PictureHistogram()]));
  /** All rows of each feature of numbers, for the statistics of the whole. */
  readonly #numbers = new Map<string, (readonly number[])[]>();
  #videos: readonly VideoFile[] = [];
  #rows: Row[] = [];
  #rowGroups: number[] = [];
  #frames = 0;

  constructor(folder: string, options: LeRobotOptions) {
    this.#folder = folder;
    this.#options = options;
  }

  async add(episode: ExportedEpisode): Promise<void> {
    const { fps } = this.#options;
    const number = this.#episodes.length;
    const file = Math.floor(number / EPISODES_PER_FILE);
    const place = { chunk: Math.floor(file / FILES_PER_CHUNK), file: file % FILES_PER_CHUNK };
    // Decoded first: an episode with a damaged picture leaves nothing behind.
    const cameras = [];
    for (const role of CAMERA_ROLES) {
      cameras.push({
        role,
        pictures: await decodePictures(
          episode.steps.map((step) => step.pictures[role].jpeg),
          this.#options,
        ),
      });
    }
    if (number % EPISODES_PER_FILE === 0) {
      await this.#nextFile(place);
    }
    const row: Row = {
      episode_index: number,
      tasks: [episode.instruction],
      length: episode.steps.length,
      "data/chunk_index": place.chunk,
      "data/file_index": place.file,
      dataset_from_index: this.#frames,
      dataset_to_index: this.#frames + episode.steps.length,
      "meta/episodes/chunk_index": 0,
      "meta/episodes/file_index": 0,
    };
    for (const [index, { role, pictures }] of cameras.entries()) {
      const video = this.#videos[index];
      if (video === undefined) {
        throw new Error(`no video is open for ${role}`);
      }
      const histogram = new PictureHistogram();
      const key = `videos/${videoKey(role)}`;
      row[`${key}/chunk_index`] = place.chunk;
      row[`${key}/file_index`] = place.file;
      row[`${key}/from_timestamp`] = video.frames / fps;
      for (const rgb of pictures) {
        await video.add(rgb);
        histogram.add(rgb);
      }
      row[`${key}/to_timestamp`] = video.frames / fps;
      this.#histograms.get(role)?.merge(histogram);
      Object.assign(row, this.#statisticsColumns(videoKey(role), histogram.statistics(), true));
    }
    for (const [name, values] of this.#addRows(episode, number)) {
      Object.assign(row, this.#statisticsColumns(name, statisticsOfRows(values), false));
    }
    this.#episodes.push(row);
  }

  /** Adds the frames of an episode; gives each feature's numbers. */
  #addRows({ instruction, steps }: ExportedEpisode, episode: number): ReadonlyMap<string, (readonly number[])[]> {
    const { fps, texts } = this.#options;
    if (!this.#tasks.includes(instruction)) {
      this.#tasks.push(instruction);
    }
    const task = this.#tasks.indexOf(instruction);
    const language = languageRows({ instruction, steps }, fps);
    const numbers = new Map<string, (readonly number[])[]>();
    steps.forEach((step, index) => {
      const next = steps[index + 1] ?? step;
      const row: Row = {
        "observation.state": [...step.measured, step.gripper],
        action: [...next.commanded, next.gripperCommanded],
        intervention: step.intervention,
        timestamp: index / fps,
        frame_index: index,
        episode_index: episode,
        index: this.#frames + index,
        task_index: task,
      };
      for (const [name, value] of Object.entries(row)) {
        const list = numbers.get(name) ?? [];
        list.push(Array.isArray(value) ? value : [Number(value)]);
        numbers.set(name, list);
      }
      this.#rows.push({
        ...row,
        ...(texts === "language"
          ? { language_persistent: language }
          : { "language.coarse": step.texts?.coarse ?? "", "language.fine": step.texts?.fine ?? "" }),
      });
    });
    this.#frames += steps.length;
    this.#rowGroups.push(steps.length);
    for (const [name, values] of numbers) {
      const list = this.#numbers.get(name) ?? [];
      for (const row of values) {
        list.push(row);
      }
      this.#numbers.set(name, list);
    }
    return numbers;
  }

  #statisticsColumns(name: string, statistics: Statistics, picture: boolean): Row {
    return Object.fromEntries(
      Object.entries(numbersOf(statistics, picture)).map(([kind, value]) => [`stats/${name}/${kind}`, value]),
    );
  }

  async #nextFile(place: { readonly chunk: number; readonly file: number }): Promise<void> {
    await this.#closeFile();
    const paths = CAMERA_ROLES.map((role) =>
      join(this.#folder, numbered(`videos/${videoKey(role)}`, place.chunk, place.file, "mp4")),
    );
    await Promise.all(paths.map((path) => mkdir(dirname(path), { recursive: true })));
    const { size, fps, codec } = this.#options;
    this.#videos = paths.map((path) => new VideoFile(path, size, fps, codec));
  }

  async #closeFile(): Promise<void> {
    await Promise.all(this.#videos.map((video) => video.close()));
    this.#videos = [];
    const last = this.#episodes.at(-1);
    if (last === undefined) {
      return;
    }
    const path = numbered("data", Number(last["data/chunk_index"]), Number(last["data/file_index"]), "parquet");
    await mkdir(dirname(join(this.#folder, path)), { recursive: true });
    writeParquet(join(this.#folder, path), this.#dataColumns(), this.#rowGroups);
    this.#rows = [];
    this.#rowGroups = [];
  }

  #dataColumns(): readonly Column[] {
    const types: readonly (readonly [string, ColumnType])[] = [
      ["observation.state", { list: "float" }],
      ["action", { list: "float" }],
      ["intervention", "boolean"],
      ...(this.#options.texts === "language"
        ? ([["language_persistent", LANGUAGE_ROW]] as const)
        : ([
            ["language.coarse", "string"],
            ["language.fine", "string"],
          ] as const)),
      ["timestamp", "float"],
      ...(["frame_index", "episode_index", "index", "task_index"] as const).map((name) => [name, "int64"] as const),
    ];
    return types.map(([name, type]) => ({
      name,
      type,
      values: this.#rows.map((row) => (type === "int64" ? BigInt(Number(row[name])) : row[name])),
    }));
  }

  /** Closes the files and writes what is known about the whole. */
  async finish(): Promise<void> {
    await this.#closeFile();
    const { fps, size, codec, texts, robot } = this.#options;
    const meta = join(this.#folder, "meta");
    const episodes = join(this.#folder, numbered("meta/episodes", 0, 0, "parquet"));
    await mkdir(dirname(episodes), { recursive: true });
    writeParquet(episodes, this.#episodeColumns());
    writeParquet(
      join(meta, "tasks.parquet"),
      [
        { name: "task_index", type: "int64", values: this.#tasks.map((_, index) => BigInt(index)) },
        { name: "task", type: "string", values: this.#tasks },
      ],
      [],
      [{ key: "pandas", value: JSON.stringify(TASKS_IN_PANDAS) }],
    );
    const all = [
      ...[...this.#numbers].map(([name, rows]) => [name, numbersOf(statisticsOfRows(rows), false)] as const),
      ...[...this.#histograms].map(([role, h]) => [videoKey(role), numbersOf(h.statistics(), true)] as const),
    ];
    await writeFile(join(meta, "stats.json"), `${JSON.stringify(Object.fromEntries(all), null, 2)}\n`);
    const info = {
      codebase_version: "v3.0",
      robot_type: robot,
      total_episodes: this.#episodes.length,
      total_frames: this.#frames,
      total_tasks: this.#tasks.length,
      chunks_size: FILES_PER_CHUNK,
      data_files_size_in_mb: DATA_FILE_MB,
      video_files_size_in_mb: VIDEO_FILE_MB,
      fps,
      splits: { train: `0:${this.#episodes.length}` },
      data_path: "data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet",
      video_path: "videos/{video_key}/chunk-{chunk_index:03d}/file-{file_index:03d}.mp4",
      features: features(size, fps, codec, texts),
    };
    await writeFile(join(meta, "info.json"), `${JSON.stringify(info, null, 2)}\n`);
  }

  #episodeColumns(): readonly Column[] {
    const typeOf = (name: string): ColumnType => {
      if (name === "tasks") {
        return { list: "string" };
      }
      if (name.endsWith("_timestamp")) {
        return "double";
      }
      if (!name.startsWith("stats/")) {
        return "int64";
      }
      if (name.endsWith("/count")) {
        return { list: "int64" };
      }
      return name.includes("observation.images.") ? { list: { list: { list: "double" } } } : { list: "double" };
    };
    return Object.keys(this.#episodes[0] ?? {}).map((name) => {
      const type = typeOf(name);
      return {
        name,
        type,
        values: this.#episodes.map(({ [name]: value }) => {
          if (type === "int64") {
            return BigInt(Number(value));
          }
          return name.endsWith("/count") && Array.isArray(value) ? value.map((count) => BigInt(Number(count))) : value;
        }),
      };
    });
  }

  /** Ends what is being encoded; the folder is worth nothing. */
  abandon(): void {
    for (const video of this.#videos) {
      video.abandon();
    }
  }
}

/** Tells pandas that the task's text is the table's index, as LeRobot looks it up. */
const TASKS_IN_PANDAS = {
  index_columns: ["task"],
  column_indexes: [{ name: null, field_name: null, pandas_type: "unicode", numpy_type: "object", metadata: null }],
  columns: [
    { name: "task_index", field_name: "task_index", pandas_type: "int64", numpy_type: "int64", metadata: null },
    { name: "task", field_name: "task", pandas_type: "unicode", numpy_type: "object", metadata: null },
  ],
  pandas_version: "2.2.0",
};

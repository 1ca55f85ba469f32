import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { LatenessHistogram } from "../../daemon/arm/lateness-histogram.js";
import { startStreamer, type TickTimer } from "../../daemon/arm/streamer.js";

const PERIOD = 0.01;

/** A clock and a timer that only the test moves; `lag` is how late the event loop runs what is due, `part` how early. */
class ManualTime implements TickTimer {
  at = 100;
  lag = 0;
  part = 1;
  blocked = 0;
  #next: { readonly at: number; readonly then: () => void } | null = null;

  now(): number {
    return this.at;
  }

  after(delay: number, then: () => void): () => void {
    this.#next = { at: this.at + Math.max(0, delay) * this.part, then };
    return () => {
      this.#next = null;
    };
  }

  block(delay: number): void {
    this.at += delay;
    this.blocked += delay;
  }

  /** Runs whatever is due until `until`. */
  runTo(until: number): void {
    while (this.#next !== null && this.#next.at + this.lag <= until) {
      const { at, then } = this.#next;
      this.#next = null;
      this.at = Math.max(this.at, at + this.lag);
      then();
    }
    this.at = Math.max(this.at, until);
  }
}

function started(onTick: (dueAt: number, now: number) => void = () => undefined, lead = 0) {
  const time = new ManualTime();
  const histogram = new LatenessHistogram();
  const ticks: { readonly dueAt: number; readonly now: number }[] = [];
  const streamer = startStreamer({
    clock: time,
    timer: time,
    period: PERIOD,
    lead,
    mostLate: 0.05,
    histogram,
    onTick: (dueAt, now) => {
      ticks.push({ dueAt, now });
      onTick(dueAt, now);
    },
  });
  return { time, histogram, ticks, streamer };
}

describe("streamer", () => {
  it("ticks at start + n periods exactly, whatever a tick takes", () => {
    const { time, ticks, streamer } = started(() => {
      time.at += 0.002;
    });
    time.runTo(101.0005);
    assert.equal(ticks.length, 100);
    for (const [index, { dueAt, now }] of ticks.entries()) {
      assert.ok(Math.abs(dueAt - (100 + (index + 1) * PERIOD)) < 1e-9);
      assert.ok(Math.abs(now - dueAt) < 1e-9);
    }
    assert.deepEqual(streamer.counters, { ticks: 100, late: 0, skipped: 0 });
  });

  it("ticks as much before the deadline as it is told, and counts lateness from there", () => {
    const { time, ticks, streamer, histogram } = started(() => {
      time.at += 0.0005;
    }, 0.0005);
    time.runTo(101.0005);
    assert.equal(ticks.length, 100);
    assert.ok(ticks.every(({ dueAt, now }) => Math.abs(dueAt - now - 0.0005) < 1e-9));
    assert.ok(histogram.most() < 1e-9);
    assert.deepEqual(streamer.counters, { ticks: 100, late: 0, skipped: 0 });
  });

  it("blocks only for the last 1.5 ms of a period", () => {
    const { time } = started();
    time.runTo(101);
    assert.ok(time.blocked <= 100 * 0.0015 + 1e-9, `${time.blocked} s of 1 s`);
  });

  it("waits again when the event loop wakes it too early", () => {
    const { time, ticks } = started();
    time.part = 0.3;
    time.runTo(100.1);
    assert.ok(ticks.every(({ dueAt, now }) => now >= dueAt - 1e-9));
    assert.ok(ticks.length >= 9);
  });

  it("counts late ticks", () => {
    const { time, ticks, streamer, histogram } = started();
    time.lag = 0.004;
    time.runTo(100.5);
    assert.equal(streamer.counters.late, ticks.length);
    assert.equal(streamer.counters.skipped, 0);
    assert.ok(Math.abs(histogram.most() - 0.0025) < 1e-9);
  });

  it("skips what it missed and never bursts", () => {
    const { time, ticks, streamer } = started();
    time.runTo(100.1);
    time.lag = 0.055;
    time.runTo(100.1 + 0.064);
    time.lag = 0;
    time.runTo(100.3);
    assert.equal(streamer.counters.skipped + ticks.length, 30);
    assert.equal(streamer.counters.skipped, 5);
    for (const [index, { dueAt, now }] of ticks.entries()) {
      const before = ticks[index - 1];
      assert.ok(before === undefined || dueAt - before.dueAt >= PERIOD - 1e-9);
      assert.ok(now - dueAt < PERIOD);
    }
  });

  it("ticks late for a deadline that it has not missed by more than the guard permits", () => {
    const { time, ticks, streamer, histogram } = started();
    time.runTo(100.1);
    time.lag = 0.045;
    time.runTo(100.1 + 0.054);
    time.lag = 0;
    time.runTo(100.3);
    const late = Math.max(...ticks.map(({ dueAt, now }) => now - dueAt));
    assert.ok(Math.abs(late - 0.0435) < 1e-9, `${late}`);
    assert.ok(Math.abs(histogram.most() - 0.0435) < 1e-9);
    assert.equal(streamer.counters.skipped + ticks.length, 30);
  });

  it("counts the lateness of a missed deadline whole", () => {
    const { time, histogram } = started();
    time.lag = 0.2;
    time.runTo(101);
    assert.ok(histogram.most() > 0.19);
  });

  it("does not tick after it was stopped", () => {
    const { time, ticks, streamer } = started();
    time.runTo(100.1);
    const count = ticks.length;
    streamer.stop();
    time.runTo(101);
    assert.equal(ticks.length, count);
  });
});

describe("lateness histogram", () => {
  it("gives quantiles to within 20 us", () => {
    const histogram = new LatenessHistogram();
    assert.equal(histogram.quantile(0.99), 0);
    for (let count = 0; count < 990; count++) {
      histogram.add(0.0001);
    }
    for (let count = 0; count < 10; count++) {
      histogram.add(0.003);
    }
    histogram.add(-0.001);
    histogram.add(5);
    assert.ok(Math.abs(histogram.quantile(0.5) - 0.0001) <= 21e-6);
    assert.ok(Math.abs(histogram.quantile(0.995) - 0.003) <= 21e-6);
    assert.equal(histogram.most(), 5);
  });
});

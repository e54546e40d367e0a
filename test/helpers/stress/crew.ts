/** The workers of the stress test: started, given their parts, watched, killed, and what they did written down. */
import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import type { EngineOptions } from '../../../src/index.js';
import { SLOW } from '../pace.js';
import { randomFrom } from '../random.js';
import { describeLocks } from './locks.js';
import type { Created, Part, Report } from './protocol.js';

const WORKERS = 8;
const OPERATIONS = 12;

/** Nothing that a worker does takes a second on a machine that is not busy. */
const LIMIT_MS = 60_000 * SLOW;

/** Workers that are to be killed are, within this time. */
const KILLED_WITHIN_MS = 1500;

export interface Round {
  readonly seed: number;
  /** Some workers are killed in the middle. */
  readonly kills: boolean;
  readonly opening: EngineOptions & { readonly runRoot: string };
  readonly cgroupParent: string;
}

/** What a round came to. */
export interface Played {
  readonly history: readonly string[];
  /** What must not be: errors that no operation may have, operations that do not end. */
  readonly problems: readonly string[];
  readonly created: readonly Created[];
  readonly removed: ReadonlySet<string>;
  /** Ids whose removal was asked for, whatever came of it. */
  readonly removing: ReadonlySet<string>;
}

interface Worker {
  readonly title: string;
  readonly process: ChildProcess;
}

export class Crew {
  #workers: Worker[] = [];

  async play(round: Round): Promise<Played> {
    this.#fill();
    const book = new Book();
    const random = randomFrom(round.seed);
    const parts = this.#workers.map((worker) => {
      const part = { ...round, seed: Math.floor(random.next() * 2 ** 32), operations: OPERATIONS };
      const killedAfterMs = round.kills && random.chance(0.5) ? random.below(KILLED_WITHIN_MS) : undefined;
      return playPart(worker, { part, killedAfterMs, book, whenStuck: () => this.#describeStuck(round) });
    });
    await Promise.all(parts);
    return book;
  }

  end(): void {
    for (const { process } of this.#workers) process.kill('SIGKILL');
  }

  /** One that was killed as it was done may not be seen to have ended yet; it hears nothing any more. */
  #fill(): void {
    this.#workers = this.#workers.filter(
      ({ process: { connected, exitCode, signalCode } }) => connected && exitCode === null && signalCode === null,
    );
    for (let index = 0; index < WORKERS; index += 1) {
      const title = `worker ${index}`;
      if (this.#workers.some((worker) => worker.title === title)) continue;
      const path = fileURLToPath(new URL('worker.js', import.meta.url));
      this.#workers.push({
        title,
        process: fork(path, { execArgv: [], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] }),
      });
    }
    this.#workers.sort((one, other) => (one.title < other.title ? -1 : 1));
  }

  #describeStuck({ opening }: Round): string {
    const names = new Map(this.#workers.map(({ title, process: { pid = 0 } }) => [pid, title]));
    return describeLocks(opening.runRoot, names).join('\n');
  }
}

/** What the workers told, in the order in which it came. */
class Book implements Played {
  readonly #begin = performance.now();
  readonly history: string[] = [];
  readonly problems: string[] = [];
  readonly created: Created[] = [];
  readonly removed = new Set<string>();
  readonly removing = new Set<string>();

  write(title: string, text: string): void {
    this.history.push(`${(performance.now() - this.#begin).toFixed(0).padStart(6)} ${title}: ${text}`);
  }

  problem(title: string, text: string): void {
    this.write(title, text);
    this.problems.push(`${title}: ${text}`);
  }

  take(title: string, operation: string, report: Report): void {
    if (report.kind === 'begin') this.write(title, report.operation);
    if (report.kind === 'removing') this.removing.add(report.id);
    if (report.kind !== 'end') return;
    this.write(title, `${operation} ${report.text}`);
    if (report.problem !== undefined) this.problem(title, `${operation}: ${report.problem}`);
    if (report.created !== undefined) this.created.push(report.created);
    for (const id of report.removed ?? []) this.removed.add(id);
  }
}

interface Playing {
  readonly part: Part;
  readonly killedAfterMs: number | undefined;
  readonly book: Book;
  readonly whenStuck: () => string;
}

/** Resolves when the worker has done its part, or is no more. */
function playPart({ title, process }: Worker, { part, killedAfterMs, book, whenStuck }: Playing): Promise<void> {
  return new Promise((resolve) => {
    let operation = 'opens the engine';
    let watchdog: NodeJS.Timeout | undefined;
    const stuck = () => {
      book.problem(title, `no end of "${operation}" after ${LIMIT_MS} ms\n${whenStuck()}`);
      process.kill('SIGKILL');
      end();
    };
    const wind = () => {
      clearTimeout(watchdog);
      watchdog = setTimeout(stuck, LIMIT_MS);
    };
    const killer =
      killedAfterMs === undefined
        ? undefined
        : setTimeout(() => {
            book.write(title, `is killed in "${operation}"`);
            process.kill('SIGKILL');
          }, killedAfterMs);
    const end = () => {
      clearTimeout(watchdog);
      clearTimeout(killer);
      process.off('message', hear);
      process.off('exit', end);
      process.off('error', end);
      resolve();
    };
    const hear = (message: unknown) => {
      const report = message as Report;
      wind();
      if (report.kind === 'begin') operation = report.operation;
      book.take(title, operation, report);
      if (report.kind === 'done') end();
    };
    process.on('message', hear);
    process.on('exit', end);
    process.on('error', end);
    wind();
    process.send({ ...part });
  });
}

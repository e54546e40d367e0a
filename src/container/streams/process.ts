/** A launched process as a ContainerProcess. */
import { openProcess } from '../../native/process-handle.js';
import type {
  AttachOptions,
  ContainerProcess,
  ExitStatus,
  InputSource,
  OutputTarget,
  TerminalSize,
} from '../api/container.js';
import { checkedSize } from '../call-options.js';
import { UNKNOWN_END } from '../exit-status.js';
import type { LaunchAnswer, MonitorTalk } from '../monitor/talk.js';
import { makeHandoff, type Handoff } from './handoff.js';
import { closeInput, type OpenPipes, type OpenStreams } from './pipes.js';
import type { Run, Session } from './session.js';
import { signalProcess } from '../monitor/signal-process.js';

type Started = Extract<LaunchAnswer, { kind: 'created' | 'started' }>;

export interface DirectParts {
  readonly id: string;
  readonly answer: Started;
  readonly talk: MonitorTalk;
  /** Absent: its streams are none of this process's. */
  readonly pipes?: OpenPipes;
  /** Runs when the process has ended; answers how. */
  readonly onEnd: (told: ExitStatus | undefined) => Promise<ExitStatus>;
  /** Of its terminal. @default it has none */
  readonly resize?: (size: TerminalSize) => void;
}

const NO_STREAMS: OpenStreams = { stdin: null, stdout: null, stderr: null };

/** Its streams are pipes straight to it, or none. */
export function directProcess({ id, answer, talk, pipes, onEnd, resize }: DirectParts): ContainerProcess {
  const ended = talk
    .exited()
    .then(() => onEnd(talk.exit))
    .finally(() => pipes?.release());
  ended.catch(() => undefined);
  const streams = pipes?.streams ?? NO_STREAMS;
  return assemble({ id, answer, ended, streams, resize: resize ?? (() => undefined) });
}

/** What goes through the monitor ends in a stream of this process's own making, or nowhere. */
export function isOwnStream(stream: InputSource | OutputTarget): boolean {
  return stream === 'pipe' || stream === 'ignore';
}

export interface AttachedParts {
  /** Which it has. A terminal's output is all stdout. */
  readonly has: { readonly stdin: boolean; readonly stdout: boolean; readonly stderr: boolean };
  /** Launches with a session for these streams. */
  readonly start: (
    attach: AttachOptions,
  ) => Promise<{ readonly id: string; readonly answer: Started; readonly session: Session }>;
}

/** Its streams go through the monitor: it has a terminal, or a log. */
export async function attachedProcess({ has, start }: AttachedParts): Promise<ContainerProcess> {
  const input = has.stdin ? makeHandoff().stream : null;
  const out = has.stdout ? makeHandoff() : null;
  const err = has.stderr ? makeHandoff() : null;
  const outputs = [out, err].filter((output) => output !== null);
  // A command that does not read all of its input, or has ended, is no error of the caller's.
  input?.on('error', () => undefined);
  const { id, answer, session } = await start({
    ...(input === null ? {} : { stdin: input }),
    ...(out === null ? {} : { stdout: out.stream }),
    ...(err === null ? {} : { stderr: err.stream }),
    detachKeys: '',
  });
  const forget = keepRests(session, outputs);
  const ended = session.ended
    .then(() => session.exit ?? UNKNOWN_END)
    .finally(() => {
      forget();
      if (input !== null) closeInput(input);
      for (const { stream } of outputs) stream.end();
    });
  ended.catch(() => undefined);
  const resize = (size: TerminalSize) => {
    session.resize(size);
  };
  const streams = { stdin: input, stdout: out?.stream ?? null, stderr: err?.stream ?? null };
  return assemble({ id, answer, ended, streams, resize });
}

/** Output that nobody reads holds a process back while it runs, but not its end: what is left by then has bounds, and is kept for the reader. */
function keepRests(session: Session, outputs: readonly Handoff[]): () => void {
  if (outputs.length === 0) return () => undefined;
  const over = new AbortController();
  let current: Run | undefined;
  const holdBack = (holds: boolean) => {
    for (const output of outputs) output.holdBack(holds);
  };
  session.followRuns((run) => {
    current = run;
    holdBack(true);
    untilEnd(run, over.signal)
      .then(() => {
        if (current === run) holdBack(false);
      })
      // Without a descriptor to look at it the end waits for the reader.
      .catch(() => undefined);
  });
  return () => {
    over.abort();
  };
}

async function untilEnd({ pid, startTime }: Run, signal: AbortSignal): Promise<void> {
  using process = openProcess(pid, startTime);
  await process?.wait({ signal });
}

interface Assembly {
  readonly id: string;
  readonly answer: Started;
  readonly ended: Promise<ExitStatus>;
  readonly streams: OpenStreams;
  readonly resize: (size: TerminalSize) => void;
}

function assemble({ id, answer, ended, streams, resize }: Assembly): ContainerProcess {
  const kill = (signal: string | number = 'SIGTERM') => {
    using process = openProcess(answer.pid, answer.startTime);
    signalProcess(process, signal);
  };
  return {
    id,
    pid: answer.pid,
    ...streams,
    ended,
    kill,
    resize: (size) => {
      resize(checkedSize(size));
    },
    async [Symbol.asyncDispose]() {
      kill('SIGKILL');
      // Unread output must not keep it.
      streams.stdout?.resume();
      streams.stderr?.resume();
      streams.stdin?.destroy();
      await ended;
    },
  };
}

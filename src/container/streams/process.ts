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
  /** Absent: none of its streams is one of this process. */
  readonly pipes?: OpenPipes;
  /** Called when the process has ended; returns how it ended. */
  readonly onEnd: (told: ExitStatus | undefined) => Promise<ExitStatus>;
  /** Resizes its terminal. @default it has none */
  readonly resize?: (size: TerminalSize) => void;
}

const NO_STREAMS: OpenStreams = { stdin: null, stdout: null, stderr: null };

/** Returns a process whose streams are pipes straight to it, or none. */
export function directProcess({ id, answer, talk, pipes, onEnd, resize }: DirectParts): ContainerProcess {
  const ended = talk
    .exited()
    .then(() => onEnd(talk.exit))
    .finally(() => pipes?.release());
  ended.catch(() => undefined);
  const streams = pipes?.streams ?? NO_STREAMS;
  return assemble({ id, answer, ended, streams, resize: resize ?? (() => undefined) });
}

/** Whether a stream can go through the monitor: there it ends in a stream that this process makes, or nowhere. */
export function isOwnStream(stream: InputSource | OutputTarget): boolean {
  return stream === 'pipe' || stream === 'ignore';
}

export interface AttachedParts {
  /** The streams that it has. A terminal's output is all stdout. */
  readonly has: { readonly stdin: boolean; readonly stdout: boolean; readonly stderr: boolean };
  /** Launches with a session for these streams. */
  readonly start: (
    attach: AttachOptions,
  ) => Promise<{ readonly id: string; readonly answer: Started; readonly session: Session }>;
}

/** Returns a process whose streams go through the monitor: it has a terminal, or a log. */
export async function attachedProcess({ has, start }: AttachedParts): Promise<ContainerProcess> {
  const input = has.stdin ? makeHandoff().stream : null;
  const out = has.stdout ? makeHandoff() : null;
  const err = has.stderr ? makeHandoff() : null;
  const outputs = [out, err].filter((output) => output !== null);
  // That a command does not read all of its input, or has ended, is not an error of the caller.
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

/**
 * Lets output that nobody reads hold a process back while it runs, but not its end: what is left by then has bounds,
 * and is kept for the reader.
 */
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
      // Without a descriptor of the process the end waits for the reader.
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
      // Unread output must not delay the end.
      streams.stdout?.resume();
      streams.stderr?.resume();
      streams.stdin?.destroy();
      await ended;
    },
  };
}

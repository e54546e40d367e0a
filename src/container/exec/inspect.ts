/** `inspect` of an exec session, in Podman's words. */
import type { EngineContext } from '../context.js';
import type { ExecInspect } from './api.js';
import { exitCode, requireSession, type SessionName } from './found.js';

export function inspectSession(context: EngineContext, name: SessionName): ExecInspect {
  const session = requireSession(context, name);
  const { config, sight } = session;
  const { options } = config;
  const tty = options.tty ?? false;
  const [entrypoint = '', ...args] = options.command;
  return {
    ID: name.id,
    ContainerID: name.containerId,
    Running: sight.state === 'running',
    Pid: sight.state === 'running' ? sight.live.init.pid : 0,
    ExitCode: exitCode(session),
    CanRemove: sight.state === 'stopped',
    DetachKeys: config.detachKeys ?? '',
    OpenStdin: options.interactive ?? false,
    OpenStdout: tty || config.attachStdout,
    OpenStderr: tty || config.attachStderr,
    ProcessConfig: {
      entrypoint,
      arguments: args,
      privileged: options.privileged ?? false,
      tty,
      user: options.user ?? '',
    },
  };
}

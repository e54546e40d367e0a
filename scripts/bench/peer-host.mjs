/**
 * Runs and times peers' programs in a mount namespace that suits them, so that no extra process start is charged to them:
 * crun 1.8 and podman 4.3 refuse a host that mounts a bare cgroup v2 beside v1. One request per IPC message.
 */
import { runProgram, timed } from './measure.mjs';

process.on('message', ({ id, file, args, options }) => {
  let result;
  timed(async () => (result = await runProgram(file, args, options))).then(
    (nanoseconds) => process.send({ id, nanoseconds, result }),
    (error) => process.send({ id, error: error.message }),
  );
});
process.on('disconnect', () => process.exit(0));

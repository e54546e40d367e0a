/**
 * Runs and times peers' programs in a mount namespace that suits them, so that no extra process start is charged to them:
 * crun 1.8 and podman 4.3 refuse a host that mounts a bare cgroup v2 beside v1. One request per IPC message.
 */
import { echoLines } from './echo.mjs';
import { runProgram, timed } from './measure.mjs';

const CALLS = { runProgram, echoLines };

process.on('message', ({ id, call, args }) => {
  let result;
  timed(async () => (result = await CALLS[call](...args))).then(
    (nanoseconds) => process.send({ id, nanoseconds, result }),
    (error) => process.send({ id, error: error.message }),
  );
});
process.on('disconnect', () => process.exit(0));
